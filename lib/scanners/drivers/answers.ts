import type { z } from 'zod';
import { LadingError } from '../../core/errors.ts';

/** An answer of a scanner's API in the form that it documents. @throws LadingError `scanner-protocol` */
export function readAnswer<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LadingError(
    'scanner-protocol',
    `${what} is not as it is documented: ${issue?.path.join('.')} ${issue?.message}`,
  );
}

/**
 * The error for a status that is no success: what may pass is retryable.
 *
 * @returns LadingError `scanner-denied`, `scanner-unavailable`, `scanner-refused`
 */
export function refused(
  what: string,
  { status, json }: { readonly status: number; readonly json: unknown },
): LadingError {
  const busy = status === 408 || status === 429 || status >= 500;
  const code = status === 401 || status === 403 ? 'scanner-denied' : busy ? 'scanner-unavailable' : 'scanner-refused';
  const said = wordsOf(json);
  return new LadingError(code, `${what} was answered with status ${status}${said ? `: ${said}` : ''}`, {
    retryable: busy,
  });
}

/** What an error document says, in any of the forms that they have here; at most a line. */
function wordsOf(json: unknown, depth = 0): string {
  if (typeof json === 'string') return json.replace(/\p{C}+/gu, ' ').slice(0, 300);
  if (json === null || typeof json !== 'object' || depth > 3) return '';
  const members = Array.isArray(json)
    ? json.slice(0, 3)
    : ['message', 'msg', 'err', 'error', 'errors', 'code'].flatMap((name) => {
        const member: unknown = Reflect.get(json, name);
        return member === undefined ? [] : [member];
      });
  return members
    .map((member) => wordsOf(member, depth + 1))
    .filter((words) => words !== '')
    .join(' ')
    .slice(0, 300);
}
