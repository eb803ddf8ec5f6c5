import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, replicaWithdrawn } from '../events/index.ts';
import { MOST_REFERRERS, type Registry, type RegistryReader, walkClosedGraph } from '../registry/index.ts';
import type { RepositoryAddress } from './model.ts';
import type { ReplicaStore } from './ports.ts';

export interface WithdrawPorts {
  readonly source: Pick<RegistryReader, 'headManifest'>;
  readonly target: Registry;
  readonly replicas: Pick<ReplicaStore, 'find' | 'forget' | 'tags'>;
  /** Whether something holds the digest at the target back from every deletion: it runs there, or is held. */
  readonly isHeld: (at: ImageLocation) => Promise<boolean>;
  /** Indexes at the target that list it, as far as the catalogue knows. */
  readonly parentsOf: (at: ImageLocation) => Promise<readonly Digest[]>;
}

/**
 * Takes a copy away whose original is gone: first tags that Lading set and nobody has moved since, then, if the source
 * has lost the image itself, its closed graph at the target. Everything is asked for again at the moment of deletion; what
 * Lading did not bring, what runs, what has another tag and what another index lists stays.
 */
export async function withdrawReplica(
  ports: WithdrawPorts,
  subject: ImageSubject,
  to: RepositoryAddress,
  rule: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly EventDraft[]> {
  const { source, target, replicas } = ports;
  const { digest, repository: from } = subject;
  const { repository } = to;
  const taken: string[] = [];
  const isGone = (await source.headManifest({ repository: from, reference: digest }, options)) === undefined;
  const why = await whatHolds(ports, { ...to, digest });
  if (why === undefined) {
    for (const tag of subject.tags) {
      const [here, there, known] = await Promise.all([
        source.headManifest({ repository: from, reference: tag }, options),
        target.headManifest({ repository, reference: tag }, options),
        replicas.tags.find(to, tag),
      ]);
      if (here !== undefined || there?.digest !== digest || known?.digest !== digest) continue;
      if (await replicas.tags.drop(to, tag, digest)) {
        await target.deleteTag({ repository, tag }, options);
        taken.push(tag);
      }
    }
  }
  const graph =
    isGone && why === undefined ? await removeGraph(ports, to, digest, options) : { deleted: [], kept: why };
  if (taken.length === 0 && graph.deleted.length === 0 && graph.kept === undefined) return [];
  return [
    draftEvent(replicaWithdrawn, {
      ...{ subject, target: to, rule, tags: taken, deleted: graph.deleted.slice(0, 500) },
      ...(graph.kept === undefined ? {} : { kept: graph.kept }),
    }),
  ];
}

async function whatHolds({ isHeld, parentsOf }: WithdrawPorts, at: ImageLocation): Promise<string | undefined> {
  if (await isHeld(at)) return 'it is in use or held at the target';
  const [parent] = await parentsOf(at);
  return parent === undefined ? undefined : `the index ${parent} at the target lists it`;
}

async function removeGraph(
  ports: WithdrawPorts,
  to: RepositoryAddress,
  digest: Digest,
  options: { readonly signal?: AbortSignal },
): Promise<{ readonly deleted: Digest[]; readonly kept?: string }> {
  const { target, replicas } = ports;
  const { repository } = to;
  const record = await replicas.find({ ...to, digest });
  if (record === undefined) return { deleted: [], kept: 'Lading did not bring it' };
  const at = { repository, digest };
  const graph = await walkClosedGraph(target, at, { ...options, referrerLimit: MOST_REFERRERS });
  if (graph === undefined) {
    await replicas.forget({ ...to, digest });
    return { deleted: [] };
  }
  for await (const tag of target.listTags(repository, options)) {
    const head = await target.headManifest({ repository, reference: tag }, options);
    if (head?.digest === digest) return { deleted: [], kept: `the tag ${tag} is on it` };
  }
  const deleted: Digest[] = [];
  // The root first: whoever finds it finds all of it, until it is gone.
  const order = [...graph.nodes].sort((a, b) => Number(b.role === 'root') - Number(a.role === 'root'));
  for (const { manifest, role } of order) {
    const own = { ...to, digest: manifest.digest };
    const brought = await replicas.find(own);
    if (brought === undefined || brought.root !== digest) continue;
    if (role !== 'root' && (await isNeeded(ports, own, new Set(deleted)))) continue;
    if (await target.deleteManifest({ repository, digest: manifest.digest }, options)) deleted.push(manifest.digest);
    await replicas.forget(own);
  }
  for (const { tag, digest: on } of graph.tags)
    if (deleted.includes(on)) await target.deleteTag({ repository, tag }, options);
  return { deleted };
}

async function isNeeded(ports: WithdrawPorts, at: ImageLocation, gone: ReadonlySet<Digest>): Promise<boolean> {
  if (await ports.isHeld(at)) return true;
  return (await ports.parentsOf(at)).some((parent) => !gone.has(parent));
}
