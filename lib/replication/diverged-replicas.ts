import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, replicaDiverged } from '../events/index.ts';
import type { ReplicationConfig } from './config.ts';
import type { RepositoryAddress } from './model.ts';
import type { ReplicaReader } from './ports.ts';
import { replicationTargets } from './replication-targets.ts';

/** What a repository holds: tags with their digests, and a question for one digest. */
interface HeldImages {
  readonly tags: ReadonlyMap<string, Digest>;
  has(digest: Digest): Promise<boolean>;
}

export interface DivergencePorts {
  readonly replicas: Pick<ReplicaReader, 'replicasOf'>;
  /** Lists a repository of a configured registry. */
  readonly list: (of: RepositoryAddress) => Promise<HeldImages>;
  readonly mediaTypeOf: (digest: Digest) => Promise<string | undefined>;
  readonly clock: Clock;
}

export interface DivergenceOptions {
  readonly config: ReplicationConfig;
  /** Tags of the source repository now. */
  readonly tags: ReadonlyMap<string, Digest>;
  /** Copies that were completed less than this ago are left alone, in milliseconds. */
  readonly graceMs: number;
}

/**
 * Compares the tags of a source repository with its targets: an image that was copied and is not there any more, and a
 * tag that is on another digest. Only completed copies count; what was never copied is missing work, not divergence.
 */
export async function divergedReplicas(
  ports: DivergencePorts,
  of: RepositoryAddress,
  options: DivergenceOptions,
): Promise<readonly EventDraft[]> {
  const found: EventDraft[] = [];
  for (const target of replicationTargets(options.config, of)) {
    const held = await ports.list(target);
    for (const [tag, digest] of options.tags) {
      if (held.tags.get(tag) === digest) continue;
      if (!(await wasCopied(ports, { ...of, digest }, target, options.graceMs))) continue;
      const isThere = await held.has(digest);
      found.push(await draft(ports, of, target, tag, digest, isThere ? 'tag-moved' : 'missing'));
    }
  }
  return found;
}

async function wasCopied(
  { replicas, clock }: DivergencePorts,
  source: RepositoryAddress & { readonly digest: Digest },
  target: RepositoryAddress,
  graceMs: number,
): Promise<boolean> {
  const before = new Date(clock.now().getTime() - graceMs).toISOString();
  const key = locationKey({ ...target, digest: source.digest });
  for await (const record of replicas.replicasOf(source)) {
    if (locationKey(record.target) !== key) continue;
    return record.state === 'complete' && (record.completedAt ?? '') <= before;
  }
  return false;
}

async function draft(
  ports: DivergencePorts,
  of: RepositoryAddress,
  target: RepositoryAddress,
  tag: string,
  digest: Digest,
  difference: 'missing' | 'tag-moved',
): Promise<EventDraft> {
  const { registry, repository } = target;
  const mediaType = (await ports.mediaTypeOf(digest)) ?? 'application/octet-stream';
  const detail =
    difference === 'missing'
      ? `${registry}/${repository} does not hold it any more`
      : `the tag ${tag} of ${registry}/${repository} is not on it`;
  const subject = { registry: of.registry, repository: of.repository, digest, mediaType, tags: [tag] };
  return draftEvent(replicaDiverged, { subject, target: { registry, repository }, difference, detail });
}
