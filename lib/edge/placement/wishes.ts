import { isDigest } from '../../core/digest.ts';
import { compileGlobs } from '../../core/glob.ts';

/** What pins, bans and deadlines are matched with. */
export interface Wishable {
  readonly repository: string;
  readonly tags: readonly string[];
  readonly digest: string;
}

/**
 * Reads `repository`, `repository:tag` or `repository@digest`; repository and tag are globs (lib/core/glob.ts).
 * `undefined` for what cannot be meant.
 */
export function compileWish(text: string): ((image: Wishable) => boolean) | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) return undefined;
  const name = at < 0 ? text : text.slice(0, at);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const [repository, tag] = colon < 0 ? [name, undefined] : [name.slice(0, colon), name.slice(colon + 1)];
  if (repository === '' || tag === '') return undefined;
  const isRepository = compileGlobs([repository]);
  const isTag = tag === undefined ? undefined : compileGlobs([tag]);
  return (image) =>
    isRepository(image.repository) &&
    (digest === undefined || image.digest === digest) &&
    (isTag === undefined || image.tags.some(isTag));
}
