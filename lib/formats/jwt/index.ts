import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { isLadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';

/** A signed JSON Web Token in its compact form, taken apart and not yet believed (RFC 7515, section 7.1). */
export interface Jwt {
  /** Header and claims as they came, `undefined` where they are no JSON: whoever reads them has a schema. */
  readonly header: unknown;
  readonly claims: unknown;
  /** What the signature is of. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

export type JwtAlgorithm = 'RS256' | 'ES256';

/** `undefined` for what is no token of three parts. */
export function splitJwt(token: string): Jwt | undefined {
  const [head = '', body = '', last = '', ...rest] = token.split('.');
  const signature = decode(last);
  if (rest.length > 0 || signature === undefined) return undefined;
  return { header: decodeJson(head), claims: decodeJson(body), signed: Buffer.from(`${head}.${body}`), signature };
}

/**
 * The key, where it is one of the algorithm: the caller says which, never the key by itself (RFC 8725, section 3.1). RSA
 * keys have 2,048 bits at least.
 */
export function jwtKey(jwk: JsonWebKey | undefined, alg: JwtAlgorithm): KeyObject | undefined {
  if (jwk === undefined || jwk.kty !== (alg === 'RS256' ? 'RSA' : 'EC')) return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
    return (alg === 'RS256' ? modulusLength >= 2048 : namedCurve === 'prime256v1') ? key : undefined;
  } catch {
    return undefined;
  }
}

export const jwtHolds = ({ signed, signature }: Jwt, key: KeyObject, alg: JwtAlgorithm): boolean =>
  verify('sha256', signed, alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, signature);

/** Only the one canonical spelling: what decodes to the same bytes is not the same token. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined;
}

function decodeJson(text: string): unknown {
  const bytes = decode(text);
  if (bytes === undefined) return undefined;
  try {
    return parseJsonStrict(bytes);
  } catch (error) {
    if (isLadingError(error)) return undefined;
    throw error;
  }
}
