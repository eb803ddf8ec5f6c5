import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import { blobsOf } from '../formats/oci/index.ts';
import {
  type ClosedGraph,
  MOST_REFERRERS,
  type Registry,
  type RegistryReader,
  subjectOfTag,
  walkClosedGraph,
} from '../registry/index.ts';
import { copyGraph } from '../replication/index.ts';
import { partRoles, type RepositorySnapshot, type Snapshot, type StoredSnapshot } from './model.ts';
import type { SnapshotStore } from './ports.ts';
import { type ContentEntry, encodeIndex, rootOf } from './read-index.ts';

export interface BackupPorts {
  readonly source: RegistryReader;
  /** The registry in the bucket: content-addressed, so that what is there moves never again. */
  readonly vault: Registry;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  /** Images that have no tag, which no registry of the distribution specification lists. @default none */
  readonly untagged?: (repository: string) => Promise<readonly Digest[]>;
  /** Is told of each repository that is done. */
  readonly onProgress?: (repository: string, snapshot: RepositorySnapshot | undefined) => void;
}

/** Under which repository of the vault a repository lies. */
export const vaultRepository = (registry: string, repository: string): string =>
  `${registry.replaceAll(':', '_')}/${repository}`;

const TAGS_AT_ONCE = 8;
const IMAGES_AT_ONCE = 4;

/**
 * Copies everything that a registry holds into the vault, as far as it is not there, and writes down what that was. What
 * cannot be read is named in the snapshot and keeps the rest from nothing. A run that was cut off is repeated: what it
 * brought stays.
 *
 * @param repositories by name; most registries of others give no list of them
 */
export async function takeSnapshot(
  ports: BackupPorts,
  repositories: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<StoredSnapshot> {
  const { source, clock } = ports;
  const startedAt = clock.now().toISOString();
  const taken: RepositorySnapshot[] = [];
  const unread: Snapshot['unread'] = [];
  for (const name of repositories) {
    options.signal?.throwIfAborted();
    try {
      const snapshot = await takeRepository(ports, name, options);
      taken.push(snapshot);
      ports.onProgress?.(name, snapshot);
    } catch (error) {
      options.signal?.throwIfAborted();
      unread.push({ name, why: describeError(error) });
      ports.onProgress?.(name, undefined);
    }
  }
  const takenAt = clock.now().toISOString();
  return ports.snapshots.save({ version: 1, registry: source.host, startedAt, takenAt, repositories: taken, unread });
}

async function takeRepository(
  ports: BackupPorts,
  name: string,
  options: { readonly signal?: AbortSignal },
): Promise<RepositorySnapshot> {
  const { source, vault } = ports;
  const tags = await tagsOf(source, name, options);
  const untagged = await stillThere(source, name, (await ports.untagged?.(name)) ?? [], options);
  const roots = new Set([...tags].flatMap(([tag, digest]) => (subjectOfTag(tag) === undefined ? [digest] : [])));
  for (const digest of untagged) roots.add(digest);
  const faults: { digest: string; why: string }[] = [];
  const manifests = new Map<Digest, ContentEntry>();
  const blobs = new Map<Digest, number>();
  const kept = new Map<string, Digest>();
  await mapLimit([...roots], IMAGES_AT_ONCE, async (digest) => {
    const graph = await copyImage(ports, name, digest, options);
    if ('why' in graph) return void faults.push({ digest, why: graph.why });
    for (const { manifest, role, of } of graph.nodes) {
      const { mediaType, size } = manifest;
      const before = manifests.get(manifest.digest);
      if (before === undefined || partRoles.indexOf(role) < partRoles.indexOf(before.role)) {
        manifests.set(manifest.digest, { mediaType, size, role, ...(of === undefined ? {} : { belongsTo: of }) });
      }
      for (const blob of blobsOf(manifest)) blobs.set(blob.digest, blob.size);
    }
    for (const { tag, digest: tagged } of graph.tags) kept.set(tag, tagged);
  });
  for (const [tag, digest] of tags) if (manifests.has(digest)) kept.set(tag, digest);
  const content = { tags: kept, manifests };
  const bytes = encodeIndex(content);
  const index = { digest: digestOf(bytes), size: bytes.length };
  await vault.putBlob({ repository: vaultRepository(source.host, name), ...index, content: bytes }, options);
  const sizes = [...manifests.values()].map(({ size }) => size).concat([...blobs.values()]);
  return {
    name,
    index,
    tags: kept.size,
    manifests: manifests.size,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    root: rootOf(content),
    faults: faults.sort((a, b) => (a.digest < b.digest ? -1 : 1)),
  };
}

async function tagsOf(
  source: RegistryReader,
  repository: string,
  options: { readonly signal?: AbortSignal },
): Promise<ReadonlyMap<string, Digest>> {
  const names: string[] = [];
  for await (const tag of source.listTags(repository, options)) names.push(tag);
  const heads = await mapLimit(names, TAGS_AT_ONCE, async (tag) => {
    const head = await source.headManifest({ repository, reference: tag }, options);
    // Gone since it was listed.
    return head ? ([[tag, head.digest]] as const) : [];
  });
  return new Map(heads.flat());
}

/** What is known of an image without tag may be older than its deletion. */
async function stillThere(
  source: RegistryReader,
  repository: string,
  digests: readonly Digest[],
  options: { readonly signal?: AbortSignal },
): Promise<readonly Digest[]> {
  const there = await mapLimit(digests, TAGS_AT_ONCE, async (digest) =>
    (await source.headManifest({ repository, reference: digest }, options)) ? [digest] : [],
  );
  return there.flat();
}

/** @returns the graph as it lies in the vault now, or why it is not there */
async function copyImage(
  { source, vault }: BackupPorts,
  from: string,
  digest: Digest,
  options: { readonly signal?: AbortSignal },
): Promise<ClosedGraph | { readonly why: string }> {
  try {
    const graph = await walkClosedGraph(
      source,
      { repository: from, digest },
      { ...options, referrerLimit: MOST_REFERRERS },
    );
    if (!graph) return { why: 'it was gone before it was read' };
    if (graph.missing.length > 0)
      return { why: `the registry lacks ${graph.missing.map((one) => one.digest).join(', ')}` };
    if (!graph.complete) return { why: 'its referrers cannot all be told' };
    const repository = vaultRepository(source.host, from);
    // A manifest is only ever put into the vault after its parts.
    const copy = await copyGraph({ source, target: vault, from, repository, isSettled: () => true, ...options }, graph);
    if (copy.kind === 'source-incomplete') return { why: `the registry lacks ${copy.missing.join(', ')}` };
    return copy.kind === 'copied' ? graph : { why: `its copy ended with "${copy.kind}"` };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { why: describeError(error) };
  }
}
