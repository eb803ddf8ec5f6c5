import type { ImageLocation } from '../core/image-reference.ts';
import type { Registry } from '../registry/index.ts';
import { type DeletionPorts, recordDeletion } from './forget-image.ts';
import type { ImageCatalog } from './ports.ts';

/**
 * Follows an image into an archival class of its registry, and out of it. Events come late: the registry is asked whether
 * it can be read now. What comes out is entered again by the push that is told with it.
 */
export async function recordStorageClass(
  ports: DeletionPorts & {
    readonly catalog: Pick<ImageCatalog, 'find' | 'markArchived'>;
    readonly registry: Pick<Registry, 'headManifest'>;
  },
  changed: ImageLocation & { readonly storageClass: 'archive' | 'standard'; readonly changedAt: string },
): Promise<void> {
  const { registry, repository, digest, storageClass, changedAt } = changed;
  const at = { registry, repository, digest };
  const isReadable = (await ports.registry.headManifest({ repository, reference: digest })) !== undefined;
  if (storageClass === 'standard') {
    const entry = await ports.catalog.find(at);
    if (isReadable && entry?.archivedIn === 'registry') await ports.catalog.markArchived(at, undefined);
    return;
  }
  if (isReadable) return;
  await ports.catalog.markArchived(at, changedAt, 'registry');
  await recordDeletion(ports, at, changedAt);
}
