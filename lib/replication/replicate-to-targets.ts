import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, imageReplicated } from '../events/index.ts';
import type { Registries } from '../registry/index.ts';
import type { ReplicationConfig } from './config.ts';
import { type ReplicationPorts, replicateImage } from './replicate-image.ts';
import { replicationTargets } from './replication-targets.ts';

export interface ReplicateToTargetsPorts extends Omit<ReplicationPorts, 'source' | 'target'> {
  readonly registries: Registries;
  /** What is worth knowing and no error: tags that were left, referrers that could not be listed. */
  readonly note: (message: string) => void;
}

/**
 * Copies an image to every target that the rules name for its repository, and says what moved; `undefined` when the
 * source does not have it.
 *
 * @throws LadingError `source-incomplete` when the source itself lacks parts of the image
 */
export async function replicateToTargets(
  { registries, note, ...ports }: ReplicateToTargetsPorts,
  config: ReplicationConfig,
  subject: ImageSubject,
  options: { readonly tags: readonly string[]; readonly signal?: AbortSignal },
): Promise<readonly EventDraft[] | undefined> {
  const drafts: EventDraft[] = [];
  const source = await registries.open(subject.registry);
  const call = options.signal ? { signal: options.signal } : {};
  for (const { registry, repository } of replicationTargets(config, subject)) {
    const target = { registry, repository };
    const request = { source: subject, target, tags: options.tags };
    const result = await replicateImage({ ...ports, source, target: await registries.open(registry) }, request, call);
    if (result.kind === 'source-missing') return undefined;
    if (result.kind === 'source-incomplete') {
      throw new LadingError('source-incomplete', `${locationKey(subject)} lacks ${result.missing.join(', ')}`);
    }
    for (const { tag, why } of result.tagsLeft) note(`the tag ${tag} of ${registry}/${repository} was left: ${why}`);
    if (!result.complete) note(`some referrers of ${locationKey(subject)} could not be listed, and were not copied`);
    drafts.push(
      draftEvent(imageReplicated, {
        subject,
        target,
        bytesMoved: result.bytesMoved,
        blobsCopied: result.blobsCopied,
        blobsSkipped: result.blobsSkipped + result.blobsMounted,
        manifests: result.manifestsCopied,
      }),
    );
  }
  return drafts;
}
