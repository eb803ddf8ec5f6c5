import type { Digest } from '../../../lib/core/digest.ts';
import { unreachable } from '../../../lib/core/errors.ts';
import type { ManifestSummary } from './model.ts';
import type { RegistryRecord } from './records.ts';

export interface ManifestEntry {
  readonly summary: ManifestSummary;
  readonly pushedAt: number;
  readonly tags: Set<string>;
}

export interface BlobEntry {
  readonly size: number;
  readonly at: number;
}

export interface Repository {
  readonly name: string;
  readonly createdAt: number;
  readonly manifests: Map<Digest, ManifestEntry>;
  readonly tags: Map<string, { readonly digest: Digest; readonly at: number }>;
  readonly blobs: Map<Digest, BlobEntry>;
  /** What is named by a manifest of this repository (blob, child) → those manifests. */
  readonly namedBy: Map<Digest, Set<Digest>>;
  readonly referrers: Map<Digest, Set<Digest>>;
  /**
   * When a client last asked for a blob (ms), not kept over a restart: it will skip the upload, so the blob must not be
   * collected before its manifest comes.
   */
  readonly touched: Map<Digest, number>;
  /** Forgotten on every change of the set of tags. */
  sortedTags: readonly string[] | undefined;
}

/**
 * The index of everything stored, in memory. It changes only by `apply` of a record that is already durable, so that
 * no reader sees what a crash could take back.
 */
export interface RegistryState {
  readonly repositories: ReadonlyMap<string, Repository>;
  /** Every linked content with its size; `links` counts the repositories (blob and manifest links apart). */
  readonly contents: ReadonlyMap<Digest, { readonly size: number; readonly links: number }>;
  apply(record: RegistryRecord): void;
  /** The records that would rebuild this state. */
  snapshot(): Iterable<RegistryRecord>;
  /** How many records `snapshot` yields, about. */
  liveRecords(): number;
}

export function createState(): RegistryState {
  const repositories = new Map<string, Repository>();
  const { contents, link, unlink } = countLinks();
  const repositoryOf = (name: string, at: number): Repository => {
    const known = repositories.get(name);
    if (known) return known;
    const fresh = emptyRepository(name, at);
    repositories.set(name, fresh);
    return fresh;
  };

  const apply = (record: RegistryRecord): void => {
    switch (record.type) {
      case 'repository':
        return void repositoryOf(record.repository, record.at);
      case 'repository-deleted': {
        const gone = repositories.get(record.repository);
        for (const digest of [...(gone?.blobs.keys() ?? []), ...(gone?.manifests.keys() ?? [])]) unlink(digest);
        return void repositories.delete(record.repository);
      }
      case 'blob': {
        const { blobs } = repositoryOf(record.repository, record.at);
        if (!blobs.has(record.digest)) link(record.digest, record.size);
        return void blobs.set(record.digest, { size: record.size, at: record.at });
      }
      case 'blobs-deleted': {
        const blobs = repositories.get(record.repository)?.blobs;
        for (const digest of record.digests) if (blobs?.delete(digest)) unlink(digest);
        return;
      }
      case 'manifest': {
        const repository = repositoryOf(record.repository, record.at);
        if (!repository.manifests.has(record.digest)) link(record.digest, record.manifest.size);
        addManifest(repository, record.digest, record.manifest, record.at);
        for (const tag of record.tags) setTag(repository, tag, record.digest, record.at);
        return;
      }
      case 'manifest-deleted': {
        const repository = repositories.get(record.repository);
        if (repository && removeManifest(repository, record.digest)) unlink(record.digest);
        return;
      }
      case 'tag': {
        const repository = repositories.get(record.repository);
        if (repository?.manifests.has(record.digest)) setTag(repository, record.tag, record.digest, record.at);
        return;
      }
      case 'tag-deleted': {
        const repository = repositories.get(record.repository);
        if (repository) dropTag(repository, record.tag);
        return;
      }
      default:
        unreachable(record);
    }
  };

  return {
    repositories,
    contents,
    apply,
    snapshot: () => snapshotOf(repositories),
    liveRecords: () =>
      [...repositories.values()].reduce(
        (sum, { manifests, tags, blobs }) => sum + 1 + manifests.size + tags.size + blobs.size,
        0,
      ),
  };
}

function countLinks() {
  const contents = new Map<Digest, { size: number; links: number }>();
  return {
    contents,
    link(digest: Digest, size: number): void {
      contents.set(digest, { size, links: (contents.get(digest)?.links ?? 0) + 1 });
    },
    unlink(digest: Digest): void {
      const known = contents.get(digest);
      if (known && known.links > 1) contents.set(digest, { ...known, links: known.links - 1 });
      else contents.delete(digest);
    },
  };
}

const emptyRepository = (name: string, createdAt: number): Repository => ({
  name,
  createdAt,
  manifests: new Map(),
  tags: new Map(),
  blobs: new Map(),
  namedBy: new Map(),
  referrers: new Map(),
  touched: new Map(),
  sortedTags: undefined,
});

function addManifest(repository: Repository, digest: Digest, summary: ManifestSummary, at: number): void {
  // The same digest is the same content: a push of it again neither changes the entry nor makes the image younger.
  if (repository.manifests.has(digest)) return;
  repository.manifests.set(digest, { summary, pushedAt: at, tags: new Set() });
  for (const each of [...summary.blobs, ...summary.children]) addTo(repository.namedBy, each.digest, digest);
  if (summary.subject !== undefined) addTo(repository.referrers, summary.subject, digest);
}

function removeManifest(repository: Repository, digest: Digest): boolean {
  const entry = repository.manifests.get(digest);
  if (!entry) return false;
  for (const tag of [...entry.tags]) dropTag(repository, tag);
  const { blobs, children, subject } = entry.summary;
  for (const each of [...blobs, ...children]) removeFrom(repository.namedBy, each.digest, digest);
  if (subject !== undefined) removeFrom(repository.referrers, subject, digest);
  return repository.manifests.delete(digest);
}

function setTag(repository: Repository, tag: string, digest: Digest, at: number): void {
  const before = repository.tags.get(tag);
  if (before) repository.manifests.get(before.digest)?.tags.delete(tag);
  else repository.sortedTags = undefined;
  repository.tags.set(tag, { digest, at });
  repository.manifests.get(digest)?.tags.add(tag);
}

function dropTag(repository: Repository, tag: string): void {
  const before = repository.tags.get(tag);
  if (!before) return;
  repository.tags.delete(tag);
  repository.sortedTags = undefined;
  repository.manifests.get(before.digest)?.tags.delete(tag);
}

function addTo(index: Map<Digest, Set<Digest>>, key: Digest, value: Digest): void {
  const set = index.get(key);
  if (set) set.add(value);
  else index.set(key, new Set([value]));
}

function removeFrom(index: Map<Digest, Set<Digest>>, key: Digest, value: Digest): void {
  const set = index.get(key);
  if (set?.delete(value) && set.size === 0) index.delete(key);
}

/** In ASCII order, which distribution-spec 1.1 ("Listing Tags") allows; kept until the tags change. */
export function sortedTags(repository: Repository): readonly string[] {
  repository.sortedTags ??= [...repository.tags.keys()].sort((a, b) => (a < b ? -1 : 1));
  return repository.sortedTags;
}

function* snapshotOf(repositories: ReadonlyMap<string, Repository>): Iterable<RegistryRecord> {
  for (const { name, createdAt, blobs, manifests, tags } of repositories.values()) {
    yield { type: 'repository', repository: name, at: createdAt };
    for (const [digest, { size, at }] of blobs) yield { type: 'blob', repository: name, digest, size, at };
    for (const [digest, { summary, pushedAt }] of manifests) {
      yield {
        type: 'manifest',
        repository: name,
        digest,
        manifest: { ...summary, ...listsOf(summary) },
        tags: [],
        at: pushedAt,
      };
    }
    for (const [tag, { digest, at }] of tags) yield { type: 'tag', repository: name, tag, digest, at };
  }
}

const listsOf = (summary: ManifestSummary) => ({ blobs: [...summary.blobs], children: [...summary.children] });
