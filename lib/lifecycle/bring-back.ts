import { isDigest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import type { EventDraft } from '../events/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Quarantine } from './model.ts';
import type { QuarantineStore } from './ports.ts';
import { type ReleasePorts, releaseQuarantined } from './release-quarantined.ts';
import { type RestorePorts, type RestoreRequest, restoreImage } from './restore-image.ts';

export interface BringBackPorts extends Omit<ReleasePorts, 'catalog'>, RestorePorts {
  readonly catalog: ReleasePorts['catalog'] & RestorePorts['catalog'];
  readonly registry: Registry;
  readonly quarantine: QuarantineStore;
}

/**
 * Brings an image back from where it is: what was set aside is put back, what was archived is copied back. Idempotent.
 *
 * @throws LadingError `not-archived`, `not-quarantined`, `too-late`
 */
export async function bringBack(
  ports: BringBackPorts,
  request: RestoreRequest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly EventDraft[]> {
  const aside = request.only === 'archive' ? undefined : await asideOf(ports.quarantine, request);
  if (aside) return await releaseQuarantined(ports, request, aside, request.reason);
  if (request.only !== 'quarantine') return await restoreImage(ports, request, options);
  const { repository, reference } = request;
  // It may have been put back already: two pulls ask twice.
  const head = await ports.registry.headManifest({ repository, reference }, options);
  if (head) return [];
  throw new LadingError('not-quarantined', `${request.registry}/${repository} ${reference} is not set aside`, {
    hint: '"lading retention quarantined" shows what is',
  });
}

async function asideOf(store: QuarantineStore, { reference, ...of }: RestoreRequest): Promise<Quarantine | undefined> {
  if (isDigest(reference)) return await store.quarantineOf({ ...of, digest: reference });
  return (await store.quarantined(of)).find(({ tags }) => tags.some(({ tag }) => tag === reference));
}
