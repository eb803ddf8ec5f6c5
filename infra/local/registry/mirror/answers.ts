import type { Digest } from '../../../../lib/core/digest.ts';
import { describeError } from '../../../../lib/core/errors.ts';
import { artifactClassOf, parseManifest } from '../../../../lib/formats/oci/index.ts';
import type { MirrorRoute } from '../../../../lib/mirror/index.ts';
import { OciError } from '../errors.ts';

/** What the stricter reader does not take may still be run by others. */
export function isRunnable(bytes: Uint8Array, mediaType: string): boolean {
  try {
    const kind = artifactClassOf(parseManifest(bytes, mediaType));
    return kind === 'image' || kind === 'index';
  } catch {
    return true;
  }
}

/** Clients that know `Retry-After` (containerd, skopeo, Lading) come again by themselves on 429. */
export const held = (repository: string, digest: Digest, seconds: number): OciError =>
  new OciError(
    429,
    'TOOMANYREQUESTS',
    `${repository}@${digest} is new here and is held until it is scanned and the gate has decided; try again in ${seconds} s`,
    { headers: { 'retry-after': String(seconds) } },
  );

export const denied = (repository: string, digest: Digest, reasons: readonly string[]): OciError =>
  new OciError(
    403,
    'DENIED',
    `the gate does not allow ${repository}@${digest}: ${reasons.join('; ') || 'no reason given'}`,
  );

/** An upstream that is down is worth asking again soon; one that limits us says when. */
export function unavailable({ rule }: MirrorRoute, cause: unknown): OciError {
  const asked = cause !== null && typeof cause === 'object' && 'retryAfterMs' in cause ? Number(cause.retryAfterMs) : 0;
  return new OciError(503, 'UNAVAILABLE', `${rule.upstream} does not answer: ${describeError(cause)}`.slice(0, 500), {
    headers: { 'retry-after': String(Math.max(5, Math.ceil(asked / 1000))) },
    cause,
  });
}
