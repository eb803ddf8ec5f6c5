import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { draftEvent, type EventDraft, imageQuarantined } from '../events/index.ts';
import type { ImageCatalog, RepositoryName } from '../inventory/index.ts';
import type { Registry } from '../registry/index.ts';
import type { ExpiringGraph, Quarantine } from './model.ts';
import type { QuarantineStore } from './ports.ts';
import { quarantineTag } from './quarantine-tag.ts';
import { putTagsBack } from './release-quarantined.ts';
import { type SafetyPorts, whatSpares } from './what-spares.ts';

export interface QuarantinePorts extends SafetyPorts {
  readonly catalog: ImageCatalog;
  readonly quarantine: QuarantineStore;
  readonly registry: Pick<Registry, 'headManifest' | 'listReferrers' | 'getManifest' | 'putManifest' | 'deleteTag'>;
}

export type QuarantineResult =
  | { readonly kind: 'quarantined'; readonly events: readonly EventDraft[] }
  | { readonly kind: 'spared'; readonly why: string };

const DAY_MS = 24 * 3600 * 1000;

/**
 * Sets one graph of a plan aside: its tags go, under a tag of ours its bytes stay, and pulls by digest still work and are
 * noticed. What was taken away is written down before, so that it can be put back exactly, after a crash as well.
 * Idempotent.
 */
export async function quarantineGraph(
  ports: QuarantinePorts,
  of: RepositoryName,
  graph: ExpiringGraph,
  plan: { readonly digest: Digest; readonly plannedAt: string; readonly quarantineDays: number },
): Promise<QuarantineResult> {
  const before = await ports.quarantine.quarantineOf({ ...of, digest: graph.root });
  if (before !== undefined && before.root !== graph.root) {
    return { kind: 'spared', why: `it is set aside with ${before.root} already` };
  }
  const made = before ?? (await toQuarantine(ports, of, graph, plan));
  // It is written down first and looked at then: whoever holds it reads what is written, so one of the two sees the other.
  if (!before) await ports.quarantine.quarantine(of, made);
  const aside = before && { ...before, method: 'marked' as const };
  const why = await whatSpares(ports, { of, graph, since: plan.plannedAt, aside });
  const failed = why ?? (made.method === 'untagged' ? await takeTags(ports, of, made) : undefined);
  if (failed !== undefined) {
    await putTagsBack(ports, of, made);
    await ports.quarantine.endQuarantine(of, made, []);
    return { kind: 'spared', why: failed };
  }
  const subject = { ...of, digest: graph.root, mediaType: graph.mediaType, tags: [...graph.tags] };
  const { method } = (await ports.quarantine.quarantineOf({ ...of, digest: graph.root })) ?? made;
  const told = { subject, plan: plan.digest, reason: graph.why, method };
  return {
    kind: 'quarantined',
    events: [draftEvent(imageQuarantined, { ...told, ...(made.until === undefined ? {} : { until: made.until }) })],
  };
}

async function toQuarantine(
  { catalog, clock }: QuarantinePorts,
  of: RepositoryName,
  { root, mediaType, tags, partTags, why, action, deletes }: ExpiringGraph,
  { quarantineDays }: { readonly quarantineDays: number },
): Promise<Quarantine> {
  const now = clock.now();
  const named = [...tags.map((tag) => ({ tag, digest: root })), ...partTags];
  const bound = await Promise.all(named.map(({ tag }) => catalog.tag(of, tag)));
  return {
    root,
    mediaType,
    tags: named.map((one, i) => ({ ...one, boundAt: bound[i]?.boundAt ?? now.toISOString() })),
    digests: deletes,
    why,
    action,
    method: 'untagged',
    quarantinedAt: now.toISOString(),
    ...(action === 'quarantine' ? {} : { until: new Date(now.getTime() + quarantineDays * DAY_MS).toISOString() }),
  };
}

/** Undefined where it is done, also where the registry deletes no tags and they are only marked. */
async function takeTags(ports: QuarantinePorts, of: RepositoryName, made: Quarantine): Promise<string | undefined> {
  const { repository } = of;
  for (const digest of new Set(made.tags.map((one) => one.digest))) {
    const found = await ports.registry.getManifest({ repository, reference: digest });
    if (!found) return `${digest} is not there`;
    const tag = quarantineTag(digest);
    await ports.registry.putManifest({ repository, reference: tag, ...found });
    await ports.catalog.bindTag({ ...of, tag, digest, boundAt: made.quarantinedAt });
  }
  for (const { tag, digest } of made.tags) {
    const head = await ports.registry.headManifest({ repository, reference: tag });
    if (head && head.digest !== digest) return `the tag ${tag} names another digest now`;
    try {
      if (head) await ports.registry.deleteTag({ repository, tag });
    } catch (error) {
      if (isLadingError(error, 'tag-immutable')) return `the tag ${tag} is immutable`;
      if (!isLadingError(error, 'registry-refused')) throw error;
      await mark(ports, of, made);
      return undefined;
    }
    await ports.catalog.bindTag({ ...of, tag, digest: undefined, boundAt: ports.clock.now().toISOString() });
  }
  return undefined;
}

/** For registries that delete no tags (distribution before version 3): what was taken comes back, and is only marked. */
async function mark(ports: QuarantinePorts, of: RepositoryName, made: Quarantine): Promise<void> {
  await putTagsBack(ports, of, made);
  await ports.quarantine.endQuarantine(of, made, []);
  await ports.quarantine.quarantine(of, { ...made, method: 'marked' });
}
