import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import { blobsOf, parseManifest } from '../formats/oci/index.ts';
import { MOST_REFERRERS, type RegistryReader } from '../registry/index.ts';
import type { Fault, RepositorySnapshot } from './model.ts';
import { type RepositoryContent, rootOf } from './read-index.ts';

export interface CheckCounts {
  readonly manifests: number;
  readonly blobs: number;
  /** Read to the last byte, and hashed. */
  readonly bytes: number;
}

const AT_ONCE = 4;

/**
 * Whether a registry holds what a snapshot says, by reading all of it: every manifest and every blob to the last byte
 * (the client hashes what it reads), every tag, every list of referrers, and the Merkle root over what was found.
 */
export async function checkRestored(
  target: RegistryReader,
  { name, root }: Pick<RepositorySnapshot, 'name' | 'root'>,
  content: RepositoryContent,
  faults: Fault[],
): Promise<CheckCounts> {
  const fault = (part: string, why: string): void => void faults.push({ repository: name, part, why });
  const found = { tags: new Map<string, Digest>(), manifests: new Map(content.manifests) };
  const blobs = new Map<Digest, number>();
  let bytes = 0;
  await mapLimit([...content.manifests], AT_ONCE, async ([digest, { mediaType }]) => {
    try {
      const manifest = await target.getManifest({ repository: name, reference: digest });
      if (!manifest) throw new Error('it is not there');
      bytes += manifest.bytes.length;
      for (const blob of blobsOf(parseManifest(manifest.bytes, mediaType, { digest })))
        blobs.set(blob.digest, blob.size);
      const unlisted = await unlistedReferrers(target, name, digest, content);
      for (const missing of unlisted) fault(missing, `it is not among the referrers of ${digest}`);
    } catch (error) {
      found.manifests.delete(digest);
      fault(digest, describeError(error));
    }
  });
  await mapLimit([...blobs], AT_ONCE, async ([digest, size]) => {
    try {
      for await (const chunk of target.openBlob({ repository: name, digest, size })) bytes += chunk.length;
    } catch (error) {
      fault(digest, describeError(error));
    }
  });
  await mapLimit([...content.tags], AT_ONCE, async ([tag, digest]) => {
    const head = await target.headManifest({ repository: name, reference: tag });
    if (head) found.tags.set(tag, head.digest);
    if (head?.digest !== digest)
      fault(tag, head ? `it names ${head.digest} instead of ${digest}` : 'the tag is not there');
  });
  if (rootOf(found) !== root) fault(root, `the Merkle root is ${rootOf(found)}`);
  return { manifests: content.manifests.size, blobs: blobs.size, bytes };
}

/** Referrers that the registry should list for a manifest, and does not. */
async function unlistedReferrers(
  target: RegistryReader,
  repository: string,
  digest: Digest,
  { manifests }: RepositoryContent,
): Promise<readonly Digest[]> {
  const expected = [...manifests].flatMap(([one, { role, belongsTo }]) =>
    role === 'referrer' && belongsTo === digest ? [one] : [],
  );
  if (expected.length === 0) return [];
  const { descriptors } = await target.listReferrers({ repository, digest }, { limit: MOST_REFERRERS });
  const listed = new Set(descriptors.map((one) => one.digest));
  return expected.filter((one) => !listed.has(one));
}
