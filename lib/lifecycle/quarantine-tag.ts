import { type Digest, digestHex } from '../core/digest.ts';

/**
 * The tag that keeps what is set aside: without one, ECR deletes an image with its last tag, and the garbage collection
 * of other registries takes what has none.
 */
export const quarantineTag = (digest: Digest): string => `${PREFIX}${digestHex(digest).slice(0, 64)}`;
const PREFIX = 'lading-quarantine-';

/** Anyone can push a tag of that form; it counts as ours only on the digest that it names. */
export const isQuarantineTag = (tag: string, digest: Digest): boolean =>
  tag.startsWith(PREFIX) && tag === quarantineTag(digest);
