import { type Digest, digestAlgorithm, digestHex, isDigest } from '../core/digest.ts';

/** The tag of the index of referrers where there is no API (distribution specification 1.1, "Referrers Tag Schema"). */
export const referrersTag = (digest: Digest): string =>
  `${digestAlgorithm(digest)}-${digestHex(digest)}`.slice(0, digestAlgorithm(digest).length + 1 + 64);

const TAG = /^(sha256|sha512)-([a-f0-9]{64,128})(?:\.(sig|att|sbom))?$/;

/**
 * Reads a tag that names a digest: the referrers tag itself, or cosign's older `.sig`, `.att` and `.sbom` tags
 * (cosign, specs/SIGNATURE_SPEC.md).
 */
export function subjectOfTag(
  tag: string,
): { readonly digest: Digest; readonly suffix?: 'sig' | 'att' | 'sbom' } | undefined {
  const match = TAG.exec(tag);
  const digest = `${match?.[1]}:${match?.[2]}`;
  if (!match || !isDigest(digest)) return undefined;
  return match[3] === undefined ? { digest } : { digest, suffix: match[3] as 'sig' | 'att' | 'sbom' };
}

/** The tags under which cosign before version 3 keeps what belongs to an image. */
export const cosignTags = (digest: Digest): readonly string[] =>
  ['sig', 'att', 'sbom'].map((suffix) => `${digestAlgorithm(digest)}-${digestHex(digest)}.${suffix}`);
