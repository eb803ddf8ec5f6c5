import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';

/** Where an edge's registry listens, and who asks it. */
export interface EdgeAddress {
  readonly registry: string;
  /** File with the token of a client; absent where the edge asks for none. */
  readonly tokenFile?: string | undefined;
}

/**
 * Asks a registry of Lading about itself.
 *
 * @throws LadingError `registry-unreachable`, `registry-denied`, `registry-refused`
 */
export async function askRegistry<T>(
  { registry, tokenFile }: EdgeAddress,
  path: string,
  schema: z.ZodType<T>,
  request: { readonly method?: 'POST' | 'DELETE'; readonly body?: unknown } = {},
): Promise<T> {
  const url = new URL(path, registry);
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
  const { method = 'GET', body } = request;
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new LadingError('registry-unreachable', `${url.host} does not answer`, { cause, hint: 'is it running?' });
  }
  if (answer.status === 401 || answer.status === 403) {
    throw new LadingError('registry-denied', `${url.host} does not let you do that (status ${answer.status})`, {
      hint: 'give the token of a client of that edge with --token-file; for leases, of an operator',
    });
  }
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const parsed = answer.ok ? schema.safeParse(parseJsonStrict(bytes)) : undefined;
  if (parsed?.success) return parsed.data;
  const said = answer.ok ? 'is no registry of Lading' : reasonOf(bytes);
  throw new LadingError('registry-refused', `${url.host} ${said} (status ${answer.status})`);
}

function reasonOf(bytes: Uint8Array): string {
  const [, message] = /"message":("(?:[^"\\]|\\.){1,400}")/.exec(Buffer.from(bytes).toString('utf8')) ?? [];
  return message === undefined ? 'refuses' : `refuses: ${JSON.parse(message)}`;
}
