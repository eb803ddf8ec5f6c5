import type { Digest } from '../../lib/core/digest.ts';
import { describeError, isLadingError } from '../../lib/core/errors.ts';
import type { FileOutcome, SiteCache, SiteImage } from '../../lib/edge/site/index.ts';
import { isManifestType } from '../../lib/formats/oci/index.ts';
import { graphKey } from '../../lib/mirror/index.ts';
import type { EmbeddedRegistry } from './registry/index.ts';

/** Who fetches ahead: by that name nothing is held back from it, as it holds back what it fetched from others. */
const SITE = 'lading:site';
const DESIRED = 'desired';
const OPERATOR = 'operator:';

/**
 * The registry of a site as its agent sees it. Names at the hub are turned into those of the mirror that serves them.
 *
 * @param localName the repository here; `undefined` where no rule of this site's mirrors covers it
 */
export function edgeCache(
  { store, mirror, budget }: Pick<EmbeddedRegistry, 'store' | 'mirror' | 'budget'>,
  options: { readonly budgetBytes: number; readonly localName: (repository: string) => string | undefined },
): SiteCache {
  const nameOf = (repository: string): string => options.localName(repository) ?? repository;
  const hubName = new Map<string, string>();
  const imageOf = (key: string): SiteImage => {
    const at = key.lastIndexOf('@');
    const name = key.slice(0, at);
    return { repository: hubName.get(name) ?? name, digest: key.slice(at + 1) as Digest };
  };
  return {
    budgetBytes: options.budgetBytes,
    has(repository, { digest, size, mediaType }) {
      const name = nameOf(repository);
      if (isManifestType(mediaType)) return store.findManifest(name, digest)?.size === size;
      return store.blobSize(name, digest) === size;
    },
    tagsOf: (repository, digest) => store.findManifest(nameOf(repository), digest)?.tags ?? [],
    files: () => store.contents(),
    async lease(images) {
      for (const { repository } of images) hubName.set(nameOf(repository), repository);
      await budget?.replaceLeases(
        DESIRED,
        new Map(
          images.map(({ repository, digest, until }) => [graphKey(nameOf(repository), digest), until?.getTime()]),
        ),
      );
    },
    async fetch(repository, { digest, mediaType }): Promise<FileOutcome> {
      if (mirror === undefined || options.localName(repository) === undefined) {
        return { kind: 'failed', why: `no mirror of this site covers ${repository}` };
      }
      const client = { repository: nameOf(repository), principal: SITE };
      try {
        if (isManifestType(mediaType)) {
          await mirror.manifest(client, digest);
          return { kind: 'held' };
        }
        const flight = await mirror.blob(client, digest);
        if (flight === undefined) return { kind: 'held' };
        if ('source' in flight) return { kind: 'no-room' };
        await flight.done;
        return { kind: 'held' };
      } catch (error) {
        if (isLadingError(error, 'INSUFFICIENT_STORAGE')) return { kind: 'no-room' };
        if (isLadingError(error)) return { kind: 'failed', why: describeError(error).slice(0, 250) };
        throw error;
      }
    },
    async setTags({ repository, digest, tags }) {
      const name = nameOf(repository);
      const held = new Set(store.findManifest(name, digest)?.tags);
      const missing = tags.filter((tag) => !held.has(tag));
      const found = missing.length > 0 ? await store.getManifest(name, digest) : undefined;
      if (!found) return;
      const { mediaType } = found.manifest;
      await store.putManifest(name, { bytes: found.bytes, mediaType, digest, tags: missing });
    },
    activity() {
      const activity = budget?.activity();
      const held = new Set(
        (budget?.leases() ?? []).filter(({ holder }) => holder.startsWith(OPERATOR)).map(({ key }) => key),
      );
      return {
        evicted: [...(activity?.evicted ?? [])].map((key) => imageOf(key).digest),
        pulls: [...(activity?.pulls ?? [])].map(([key, count]) => ({ ...imageOf(key), count })),
        inUse: [...held].map((key) => imageOf(key).digest),
        forget: () => activity?.forget(),
      };
    },
  };
}
