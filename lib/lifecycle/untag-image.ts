import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { draftEvent, type EventDraft, tagExpired } from '../events/index.ts';
import type { ImageCatalog, RepositoryName } from '../inventory/index.ts';
import { type Registry, subjectOfTag } from '../registry/index.ts';
import { quarantineTag } from './quarantine-tag.ts';
import { heldBy, type SafetyPorts } from './what-spares.ts';

export interface UntagPorts extends Pick<SafetyPorts, 'leases' | 'clock'> {
  readonly catalog: Pick<ImageCatalog, 'tags' | 'bindTag' | 'find'>;
  readonly registry: Pick<Registry, 'headManifest' | 'getManifest' | 'putManifest' | 'deleteTag'>;
}

export type UntagResult =
  | { readonly kind: 'untagged'; readonly events: readonly EventDraft[] }
  | { readonly kind: 'spared'; readonly why: string };

/**
 * Takes one tag away and leaves its image, under a tag of ours where it was the last one: ECR would delete the image with
 * it. Whether an image without tags stays is for the rules to say. Idempotent.
 */
export async function untagImage(
  ports: UntagPorts,
  of: RepositoryName,
  { tag, digest, why }: { readonly tag: string; readonly digest: Digest; readonly why: string },
  plan: Digest,
): Promise<UntagResult> {
  const { repository } = of;
  const held = await heldBy(ports, { of, graph: { deletes: [digest] } });
  if (held !== undefined) return { kind: 'spared', why: held };
  const found = await ports.registry.getManifest({ repository, reference: tag });
  if (!found) return { kind: 'spared', why: `the tag ${tag} is not there` };
  if (found.digest !== digest) return { kind: 'spared', why: `the tag ${tag} names another digest now` };
  const now = ports.clock.now().toISOString();
  if (!(await hasOtherTag(ports, of, tag, digest))) {
    const ours = quarantineTag(digest);
    await ports.registry.putManifest({ repository, reference: ours, ...found });
    await ports.catalog.bindTag({ ...of, tag: ours, digest, boundAt: now });
  }
  try {
    await ports.registry.deleteTag({ repository, tag });
  } catch (error) {
    if (isLadingError(error, 'tag-immutable') || isLadingError(error, 'registry-refused')) {
      return { kind: 'spared', why: `the registry does not delete the tag ${tag}` };
    }
    throw error;
  }
  await ports.catalog.bindTag({ ...of, tag, digest: undefined, boundAt: now });
  const subject = { ...of, digest, mediaType: found.mediaType, tags: [tag] };
  return { kind: 'untagged', events: [draftEvent(tagExpired, { subject, plan, reason: why })] };
}

async function hasOtherTag(ports: UntagPorts, of: RepositoryName, tag: string, digest: Digest): Promise<boolean> {
  for await (const other of ports.catalog.tags(of)) {
    if (other.digest !== digest || other.tag === tag || subjectOfTag(other.tag) !== undefined) continue;
    const head = await ports.registry.headManifest({ repository: of.repository, reference: other.tag });
    if (head?.digest === digest) return true;
  }
  return false;
}
