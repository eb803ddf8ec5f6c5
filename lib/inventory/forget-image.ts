import { type ImageLocation, locationKey } from '../core/image-reference.ts';
import type { Registry } from '../registry/index.ts';
import type { WorkLedger } from '../work/index.ts';
import { stages } from './missing-work.ts';
import type { ImageCatalog } from './ports.ts';

export interface DeletionPorts {
  readonly catalog: Pick<ImageCatalog, 'markDeleted'>;
  readonly ledger: Pick<WorkLedger, 'lapse'>;
}

/**
 * Follows a deletion that a registry announced. Deleting a tag and deleting an image look alike in some registries'
 * events, and events come late: the registry is asked what is true now.
 */
export async function forgetImage(
  ports: DeletionPorts & {
    readonly catalog: Pick<ImageCatalog, 'bindTag'>;
    readonly registry: Pick<Registry, 'headManifest'>;
  },
  deleted: ImageLocation & { readonly tags: readonly string[]; readonly deletedAt: string },
): Promise<void> {
  const { repository, digest } = deleted;
  for (const tag of deleted.tags) {
    const head = await ports.registry.headManifest({ repository, reference: tag });
    await ports.catalog.bindTag({ ...deleted, tag, digest: head?.digest, boundAt: deleted.deletedAt });
  }
  if (await ports.registry.headManifest({ repository, reference: digest })) return;
  await recordDeletion(ports, deleted, deleted.deletedAt);
}

/**
 * Records that a manifest is gone: its entry stays, as evidence, and its work lapses. Should the same digest be pushed
 * again, every stage has to work on it again, for its signature and its other referrers went with it.
 */
export async function recordDeletion(ports: DeletionPorts, at: ImageLocation, deletedAt: string): Promise<void> {
  await ports.catalog.markDeleted(at, deletedAt);
  await ports.ledger.lapse(locationKey(at), stages);
}
