import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from '../model.ts';

/** Stands in where a source has no secret, so that refusing it takes as long; nobody can know its hash's preimage. */
const NOBODY: readonly string[] = [createHash('sha256').update(crypto.randomUUID()).digest('hex')];

function matchesAny(secrets: readonly string[], isMatch: (secret: string) => boolean): boolean {
  let valid = false;
  // Every secret is tried, so that the time does not tell which one it was.
  for (const secret of secrets.length > 0 ? secrets : NOBODY) {
    if (isMatch(secret) && secrets.length > 0) valid = true;
  }
  return valid;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether the text is one of the secrets. Hashes are compared, since `timingSafeEqual` wants equal lengths. */
export function isSecret(given: string | undefined, secrets: readonly string[]): boolean {
  const hash = sha256(given ?? '');
  const valid = matchesAny(secrets, (secret) => timingSafeEqual(hash, sha256(secret)));
  return valid && given !== undefined && given !== '';
}

/** The value of `Authorization` as it is, or after "Bearer ": registries send what they were configured with. */
export function isAuthorized(request: WebhookRequest, secrets: readonly string[]): boolean {
  const given = request.headers.get('authorization');
  const bare = isSecret(given, secrets);
  return isSecret(given?.startsWith('Bearer ') ? given.slice(7) : undefined, secrets) || bare;
}

/** The parameter of the URL that senders without any other proof carry. API Gateway's access log leaves it out. */
export const SECRET_PARAMETER = 'secret';

export const hasSecretInUrl = (request: WebhookRequest, secrets: readonly string[]): boolean =>
  isSecret(request.query.get(SECRET_PARAMETER), secrets);

/** Whether the text is `prefix` and the lower-case hex of the body's HMAC under one of the secrets. */
export function isSignature(
  given: string | undefined,
  request: WebhookRequest,
  secrets: readonly string[],
  form: { readonly algorithm: 'sha1' | 'sha256'; readonly prefix?: string },
): boolean {
  const { algorithm, prefix = '' } = form;
  const size = algorithm === 'sha1' ? 20 : 32;
  const text = given?.startsWith(prefix) ? given.slice(prefix.length) : '';
  const wellFormed = text.length === size * 2 && /^[0-9a-f]+$/.test(text);
  const bytes = wellFormed ? Buffer.from(text, 'hex') : Buffer.alloc(size);
  const valid = matchesAny(secrets, (secret) =>
    timingSafeEqual(bytes, createHmac(algorithm, secret).update(request.body).digest()),
  );
  return valid && wellFormed;
}
