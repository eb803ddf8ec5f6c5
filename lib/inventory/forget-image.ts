import type { ImageLocation } from '../core/image-reference.ts';
import type { Registry } from '../registry/index.ts';
import type { ImageCatalog } from './ports.ts';

/**
 * Follows a deletion that a registry announced. Deleting a tag and deleting an image look alike in some registries'
 * events, and events come late: the registry is asked what is true now.
 */
export async function forgetImage(
  ports: { readonly catalog: ImageCatalog; readonly registry: Pick<Registry, 'headManifest'> },
  deleted: ImageLocation & { readonly tags: readonly string[]; readonly deletedAt: string },
): Promise<void> {
  const { repository, digest } = deleted;
  for (const tag of deleted.tags) {
    const head = await ports.registry.headManifest({ repository, reference: tag });
    await ports.catalog.bindTag({ ...deleted, tag, digest: head?.digest, boundAt: deleted.deletedAt });
  }
  if (await ports.registry.headManifest({ repository, reference: digest })) return;
  await ports.catalog.markDeleted(deleted, deleted.deletedAt);
}
