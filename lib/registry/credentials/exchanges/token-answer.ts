import { z } from 'zod';
import { registryError } from '../../errors.ts';

/** A header cannot be made of it, nor a request be split. */
export const tokenText = z.string().regex(/^[\x21-\x7e]{1,65536}$/);

/** Seconds, as services say them; some say them as a text. */
const seconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .pipe(z.number().min(1).max(1e9));

/** RFC 6749, section 5.1. */
export const accessTokenSchema = z.object({ access_token: tokenText, expires_in: seconds.optional() });

/** @throws LadingError `registry-protocol`; the answer is not quoted, as it may hold a token */
export function readTokenAnswer<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw registryError('registry-protocol', `${what} answered without a usable token`);
}
