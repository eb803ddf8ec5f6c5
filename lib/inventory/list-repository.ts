import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import type { RegistryReader } from '../registry/index.ts';
import type { RegistryListing } from './reconcile-repository.ts';

/** Asks a registry what is in a repository: by its own list of images where it has one, else tag by tag. */
export async function listRepository(
  registry: Pick<RegistryReader, 'headManifest' | 'listTags' | 'listImages'>,
  repository: string,
  clock: Clock,
): Promise<RegistryListing> {
  const listedAt = clock.now();
  const tags = new Map<string, Digest>();
  const untagged: Digest[] = [];
  if (registry.listImages) {
    for await (const { tag, digest } of registry.listImages(repository)) {
      if (tag === undefined) untagged.push(digest);
      else tags.set(tag, digest);
    }
  } else {
    for await (const tag of registry.listTags(repository)) {
      const head = await registry.headManifest({ repository, reference: tag });
      if (head) tags.set(tag, head.digest);
    }
  }
  const has = async (digest: Digest): Promise<boolean> =>
    (await registry.headManifest({ repository, reference: digest })) !== undefined;
  return { tags, untagged, has, listedAt };
}
