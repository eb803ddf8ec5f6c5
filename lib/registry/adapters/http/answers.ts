import { z } from 'zod';
import { isLadingError, type LadingError } from '../../../core/errors.ts';
import { parseJsonStrict } from '../../../core/json.ts';
import { type RegistryErrorCode, registryError } from '../../errors.ts';
import { collectContent } from '../../verify-content.ts';
import type { HttpResponse } from './transport.ts';

const MAX_ERROR_BYTES = 64 * 1024;

/** Distribution specification 1.1, "Error Codes". */
const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().nullish() })).min(1),
});

/** What a registry gave as reason: its own words, shortened and without control characters. */
export interface RefusalReason {
  readonly code: string | undefined;
  readonly text: string;
}

export async function readReason(response: HttpResponse): Promise<RefusalReason> {
  const none = { code: undefined, text: `status ${response.status}` };
  try {
    const bytes = await collectContent(response.body, MAX_ERROR_BYTES);
    const [first] = errorsSchema.parse(parseJsonStrict(bytes)).errors;
    return first === undefined
      ? none
      : { code: printable(first.code, 60), text: printable(`${first.code}: ${first.message ?? ''}`, 300) };
  } catch {
    response.discard();
    return none;
  }
}

/** A registry that repeats our own header in its reason would have it written into logs. */
const printable = (text: string, length: number): string =>
  text
    .replace(/\p{C}/gu, ' ')
    .replace(/\b(basic|bearer)\s+[\w+/=.~-]{4,}/gi, '$1 …')
    .slice(0, length)
    .trim();

/** The error for an answer that the caller cannot use, with the registry's reason in it. */
export async function refusal(
  response: HttpResponse,
  what: string,
  code: RegistryErrorCode = 'registry-refused',
  hint?: string,
): Promise<LadingError> {
  const reason = await readReason(response);
  return registryError(
    isUnknownRepository(response, reason) ? 'repository-unknown' : code,
    `${what} was refused (${reason.text})`,
    hint === undefined ? {} : { hint },
  );
}

/** A bare 404 to a write has no other meaning: what is written need not be there. */
export const isUnknownRepository = (response: HttpResponse, reason: RefusalReason): boolean =>
  reason.code === 'NAME_UNKNOWN' || (reason.code === undefined && response.status === 404);

/** @throws LadingError `registry-protocol` where the body is too long or not of the form that the API defines */
export async function readJson<T>(
  response: HttpResponse,
  schema: z.ZodType<T>,
  what: string,
  limit = 8 * 1024 * 1024,
): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await collectContent(response.body, limit, what);
  } catch (error) {
    if (!isLadingError(error, 'limit-exceeded')) throw error;
    throw registryError('registry-protocol', `${what} is over ${limit} bytes`, { cause: error });
  }
  try {
    return schema.parse(parseJsonStrict(bytes, { what, maxBytes: limit }));
  } catch (error) {
    throw registryError('registry-protocol', `${what} has an unexpected form`, { cause: error });
  }
}

export function headerOf(response: HttpResponse, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
