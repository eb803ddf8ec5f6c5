import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { decodeBase64 } from '../base64.ts';

/** A JWS in flattened JSON serialization (RFC 7515, section 7.2.2), decoded. */
export interface FlattenedJws {
  /** The protected header's text exactly as it was signed. */
  readonly protectedText: string;
  readonly protectedHeader: ReadonlyMap<string, unknown>;
  readonly payloadText: string;
  readonly payload: Uint8Array;
  readonly header: ReadonlyMap<string, unknown>;
  readonly signature: Uint8Array;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const objectSchema = z.custom<Readonly<Record<string, unknown>>>(isObject, 'not an object');

const schema = z.object({
  protected: z.string(),
  payload: z.string(),
  header: objectSchema.optional(),
  signature: z.string().min(1),
  // The general serialization has many signatures; a reader that takes one of them and one that takes another disagree.
  signatures: z.undefined().optional(),
});

/** base64url without padding (RFC 7515, section 2), and nothing else. */
const decode = (text: string): Uint8Array | undefined => (/[+/=]/.test(text) ? undefined : decodeBase64(text));

/** @throws LadingError `jws-invalid` */
export function parseJws(bytes: Uint8Array, maxBytes = 4 * 1024 * 1024): FlattenedJws {
  const invalid = (why: string, cause?: unknown): LadingError =>
    new LadingError('jws-invalid', `not a JWS: ${why}`, { cause });
  const parse = (input: Uint8Array, what: string): unknown => {
    try {
      return parseJsonStrict(input, { maxBytes, what });
    } catch (cause) {
      throw invalid(cause instanceof Error ? cause.message : 'unreadable', cause);
    }
  };
  const parsed = schema.safeParse(parse(bytes, 'the JWS'));
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { protected: protectedText, payload: payloadText, header = {} } = parsed.data;
  const protectedBytes = decode(protectedText);
  const payload = decode(payloadText);
  const signature = decode(parsed.data.signature);
  if (protectedBytes === undefined || payload === undefined || signature === undefined) {
    throw invalid('a part is not base64url');
  }
  const protectedHeader = parse(protectedBytes, 'the protected header');
  if (!isObject(protectedHeader)) throw invalid('the protected header is no object');
  // RFC 7515, section 4: a name must not occur in both.
  const twice = Object.keys(protectedHeader).find((name) => Object.hasOwn(header, name));
  if (twice !== undefined) throw invalid(`the header "${twice.slice(0, 80)}" appears twice`);
  return {
    protectedText,
    protectedHeader: new Map(Object.entries(protectedHeader)),
    payloadText,
    payload,
    header: new Map(Object.entries(header)),
    signature,
  };
}

export const encodeJwsPart = (content: Uint8Array | string): string => Buffer.from(content).toString('base64url');

/** What is signed (RFC 7515, section 5.1). */
export const jwsToBeSigned = (protectedText: string, payloadText: string): Uint8Array =>
  Buffer.from(`${protectedText}.${payloadText}`, 'ascii');

export function encodeJws(parts: {
  readonly protectedText: string;
  readonly payloadText: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly signature: Uint8Array;
}): Uint8Array {
  const { protectedText, payloadText, header, signature } = parts;
  return new TextEncoder().encode(
    canonicalJson({ protected: protectedText, payload: payloadText, header, signature: encodeJwsPart(signature) }),
  );
}
