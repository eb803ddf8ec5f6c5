import type { Digest } from '../core/digest.ts';
import type { ManifestRemover } from '../registry/index.ts';
import { COSIGN_SIGN_PREDICATE } from '../signing/index.ts';
import type { StandingVerdict } from './model.ts';

/** Of two verdicts on an image the one on the later scan stands; on one scan, the later one. */
export function outranks(
  one: Pick<StandingVerdict, 'asOf' | 'verifiedAt'>,
  other: Pick<StandingVerdict, 'asOf' | 'verifiedAt'>,
): boolean {
  if (one.asOf !== other.asOf) return Date.parse(one.asOf) > Date.parse(other.asOf);
  return Date.parse(one.verifiedAt) > Date.parse(other.verifiedAt);
}

/**
 * Removes from the registry what the last verdict said and the new one does not say any more. Signatures stay: they
 * say "this image", which is true for ever.
 *
 * @returns the digests that were there to be removed
 */
export async function takeLeave(
  registry: Pick<ManifestRemover, 'deleteManifest'>,
  before: StandingVerdict | undefined,
  now: StandingVerdict,
): Promise<readonly Digest[]> {
  const kept = new Set(now.attached.map(({ digest }) => digest));
  const gone = (before?.attached ?? []).filter(
    ({ predicateType, digest }) => predicateType !== COSIGN_SIGN_PREDICATE && !kept.has(digest),
  );
  const { repository } = now.subject;
  for (const { digest } of gone) await registry.deleteManifest({ repository, digest });
  return gone.map(({ digest }) => digest);
}
