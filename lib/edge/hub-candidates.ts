import type { VerdictBoard } from '../attestation/index.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import type { CatalogEntry, CatalogReader } from '../inventory/index.ts';
import { blobsOfEntry, type UsageStore } from '../lifecycle/index.ts';
import { subjectOfTag } from '../registry/index.ts';
import { sourceView } from '../replication/index.ts';
import { describeContent } from '../selection/index.ts';
import type { WorkLedger } from '../work/index.ts';
import type { EdgeBlob } from './model.ts';
import type { Candidate } from './placement/model.ts';

export interface HubPorts {
  readonly catalog: Pick<CatalogReader, 'repositories' | 'entries' | 'tags'>;
  readonly ledger: Pick<WorkLedger, 'list'>;
  readonly usage: Pick<UsageStore, 'pulls' | 'uses'>;
  readonly verdicts: Pick<VerdictBoard, 'find'>;
}

const AT_ONCE = 8;

/**
 * Every tagged image of the hub's registry that is whole, with its closed graph and what is known of its use. Images
 * without a tag are nothing that a site could be asked for.
 */
export async function hubCandidates(
  ports: HubPorts,
  hub: { readonly registry: string; readonly namespace: string },
  now: Date,
  wanted: (repository: string) => boolean = () => true,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const { registry, repository } of ports.catalog.repositories()) {
    const isOwn = repository === hub.namespace || repository.startsWith(`${hub.namespace}/`);
    if (registry !== hub.registry || isOwn || !wanted(repository)) continue;
    found.push(...(await candidatesOf(ports, { registry, repository }, now)));
  }
  return found;
}

async function candidatesOf(
  ports: HubPorts,
  of: { readonly registry: string; readonly repository: string },
  now: Date,
): Promise<readonly Candidate[]> {
  const [view, pulls, uses] = await Promise.all([sourceView(ports, of), ports.usage.pulls(of), ports.usage.uses(of)]);
  const { entries, tags, verdictOf } = view;
  const graph = graphOf(entries);
  return (
    await mapLimit([...tagged(tags)], AT_ONCE, async ([digest, names]): Promise<Candidate | undefined> => {
      const entry = entries.get(digest);
      const isImage = entry?.artifactClass === 'image' || entry?.artifactClass === 'index';
      if (entry === undefined || !isImage || entry.replicaOf !== undefined) return undefined;
      const files = graph.closureOf(digest);
      if (files === undefined) return undefined;
      const standing = await ports.verdicts.find({ ...of, digest });
      const stands = standing?.state === 'standing' && Date.parse(standing.validUntil) > now.getTime();
      const refused = standing !== undefined && (!stands || standing.decision !== 'allow');
      const isThere = stands && files.manifests.some((file) => file.digest === standing.digest);
      return {
        ...{ repository: of.repository, tags: names.sort(), digest, ...files },
        allowed: verdictOf(digest) === 'allow' && !refused,
        ...(isThere ? { verdict: standing.digest } : {}),
        content: describeContent(entry, (child) => entries.get(child), graph.referrersOf(digest)),
        signals: { pushedAt: entry.pushedAt, pulledAt: pulls?.last.get(digest), usedAt: uses?.last.get(digest) },
      };
    })
  ).filter((candidate) => candidate !== undefined);
}

const tagged = (tags: ReadonlyMap<string, Digest>): ReadonlyMap<Digest, string[]> =>
  groupBy(
    tags,
    ([tag, digest]) => (subjectOfTag(tag) === undefined ? digest : undefined),
    ([tag]) => tag,
  );

interface Files {
  readonly manifests: readonly EdgeBlob[];
  readonly blobs: readonly EdgeBlob[];
}

function graphOf(entries: ReadonlyMap<Digest, CatalogEntry>) {
  const referrers = groupBy(
    entries.values(),
    ({ referrerOf }) => referrerOf,
    ({ digest }) => digest,
  );
  const referrersOf = (digest: Digest): readonly Digest[] => (referrers.get(digest) ?? []).toSorted();
  return {
    referrersOf,
    /** Children first, referrers last; `undefined` where something of it is not known. */
    closureOf(root: Digest): Files | undefined {
      const manifests = new Map<Digest, EdgeBlob>();
      const blobs = new Map<Digest, EdgeBlob>();
      const seen = new Set<Digest>();
      const add = (digest: Digest): boolean => {
        if (seen.has(digest)) return true;
        seen.add(digest);
        const entry = entries.get(digest);
        if (entry === undefined) return false;
        if (!entry.children.every((child) => add(child.digest))) return false;
        addFiles(entry, manifests, blobs);
        return referrersOf(digest).every(add);
      };
      return add(root) ? { manifests: [...manifests.values()], blobs: [...blobs.values()] } : undefined;
    },
  };
}

function addFiles(entry: CatalogEntry, manifests: Map<Digest, EdgeBlob>, blobs: Map<Digest, EdgeBlob>): void {
  const types = new Map([...entry.layers, ...(entry.config ? [entry.config] : [])].map((one) => [one.digest, one]));
  for (const [digest, size] of blobsOfEntry(entry)) {
    if (digest === entry.digest) manifests.set(digest, { digest, size, mediaType: entry.mediaType });
    else blobs.set(digest, { digest, size, mediaType: types.get(digest)?.mediaType ?? 'application/octet-stream' });
  }
}
