import type { Digest } from '../../core/digest.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { CatalogEntry, CatalogReader } from '../../inventory/index.ts';
import type { StorageConfig } from '../config.ts';
import type { OwnerStorage } from '../model.ts';
import { rootsOf } from '../owners.ts';
import { gatherBlobs } from './measure-storage.ts';

export interface ImageBlob {
  readonly digest: Digest;
  readonly bytes: number;
  readonly kind: 'layer' | 'config' | 'manifest';
  /** Images of the same store that hold it as well; at most twenty are named. */
  readonly sharedWith: readonly string[];
  readonly sharers: number;
}

export interface ImageStorage extends OwnerStorage {
  /** The image asked about, or the index that it belongs to. */
  readonly image: string;
  /** The largest first. */
  readonly blobs: readonly ImageBlob[];
}

const MOST_NAMED = 20;

/** What one image holds and with whom it shares it. Undefined where the catalogue has no such image (any more). */
export async function measureImage(
  catalog: Pick<CatalogReader, 'repositories' | 'entries'>,
  entry: CatalogEntry,
  config: StorageConfig,
): Promise<ImageStorage | undefined> {
  const among = await Array.fromAsync(catalog.entries(entry));
  const roots = rootsOf(among);
  const root = roots.get(entry.digest)?.[0];
  if (root === undefined) return undefined;
  const owner = locationKey(root);
  const members = new Set(
    [...roots].flatMap(([digest, above]) => (above.some((one) => one.digest === root.digest) ? [digest] : [])),
  );
  const configs = new Set(among.flatMap(({ config: one }) => one?.digest ?? []));
  const { blobs } = await gatherBlobs(catalog, 'image', config);
  const held = blobs.filter(({ owners }) => owners.has(owner));
  const sum = (bytesOf: (blob: (typeof held)[number]) => number): number =>
    held.reduce((total, blob) => total + bytesOf(blob), 0);
  const unique = sum(({ bytes, owners }) => (owners.size === 1 ? bytes : 0));
  const bytes = sum((blob) => blob.bytes);
  return {
    image: owner,
    owner,
    images: 1,
    bytes,
    unique,
    shared: bytes - unique,
    fair: sum((blob) => {
      const names = [...blob.owners.keys()].sort();
      const rest = blob.bytes % names.length;
      return (blob.bytes - rest) / names.length + (names.indexOf(owner) < rest ? 1 : 0);
    }),
    added: sum((blob) => {
      const own = blob.owners.get(owner) ?? '';
      const before = [...blob.owners].some(([name, at]) => at < own || (at === own && name < owner));
      return before ? 0 : blob.bytes;
    }),
    blobs: held
      .map(({ digest, bytes: size, owners }) => ({
        digest,
        bytes: size,
        kind: members.has(digest)
          ? ('manifest' as const)
          : configs.has(digest)
            ? ('config' as const)
            : ('layer' as const),
        sharedWith: [...owners.keys()]
          .filter((name) => name !== owner)
          .sort()
          .slice(0, MOST_NAMED),
        sharers: owners.size - 1,
      }))
      .sort((a, b) => b.bytes - a.bytes || (a.digest < b.digest ? -1 : 1)),
  };
}
