import type { Clock } from '../../core/clock.ts';
import { mapLimit } from '../../core/concurrency.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { isLadingError } from '../../core/errors.ts';
import { contentKey, type DocumentStore, loadDocument, putDocument } from '../../documents/index.ts';
import type { CompactRepository } from '../compact/compact-repository.ts';
import type { DigestNumbers } from '../compact/digest-numbers.ts';
import { readRepository } from '../compact/read-repository.ts';
import type { RepositoryName } from '../model.ts';
import type { CatalogChanges, CatalogReader } from '../ports.ts';
import { decodeSnapshot, type Snapshot } from './decode-snapshot.ts';
import { encodeSnapshot } from './encode-snapshot.ts';

export interface SnapshotPorts {
  readonly catalog: Pick<CatalogReader, 'entries' | 'tags' | 'find' | 'tag'> & CatalogChanges;
  readonly documents: DocumentStore;
  readonly clock: Clock;
}

const SNAPSHOT_PREFIX = 'inventory';

/** Fewer manifests and tags are read as quickly as a snapshot of them. */
const WORTH = 2_000;
/** Over so many changes everything is read again. */
const MOST_CHANGES = 20_000;
/** After so many changes the snapshot is made anew, for the next one who reads. */
const RENEW_AFTER = 500;
/** Changes are noted with the clock of whoever made them, and may take as long as a function may run. */
const OVERLAP_MS = 30 * 60 * 1000;
/** Notes of changes are kept for a day longer. */
const SNAPSHOT_DAYS = 7;
const DAY_MS = 24 * 3600 * 1000;
const AT_ONCE = 32;

type Read = (of: RepositoryName, digests: DigestNumbers) => Promise<CompactRepository>;

/** Reads all from the catalogue, and leaves a snapshot where the repository is large. */
export const wholeRepositories =
  (ports: SnapshotPorts): Read =>
  async (of, digests) => {
    const begunAt = ports.clock.now().toISOString();
    const repository = await readRepository(ports.catalog, of, digests);
    if (repository.size + repository.tag.length >= WORTH) await save(ports, repository, begunAt);
    return repository;
  };

/**
 * Reads the last snapshot and from the catalogue only what changed since: what stands in the catalogue at that moment, as
 * if all of it were read. For what is shown; what acts reads all.
 */
export function recentRepositories(ports: SnapshotPorts): Read {
  const whole = wholeRepositories(ports);
  let known: Promise<ReadonlySet<string>> | undefined;
  return async (of, digests) => {
    // One list for all repositories: most are small, and have none.
    known ??= Array.fromAsync(ports.documents.list(`${SNAPSHOT_PREFIX}/`)).then((keys) => new Set(keys));
    const key = keyOf(of);
    const begunAt = ports.clock.now().toISOString();
    const snapshot = (await known).has(key) ? await load(ports, key) : undefined;
    const changes = snapshot && (await changesSince(ports, of, snapshot));
    if (!snapshot || !changes) return await whole(of, digests);
    const manifests = new Set(changes.manifests.map((digest) => digests.numberOf(digest)));
    const repository = snapshot.restore(digests, {
      isManifest: (number) => manifests.has(number),
      isTag: (tag) => changes.tags.has(tag),
    });
    const entries = await mapLimit(changes.manifests, AT_ONCE, (digest) => ports.catalog.find({ ...of, digest }));
    for (const entry of entries) if (entry && entry.deletedAt === undefined) repository.addEntry(entry);
    const bindings = await mapLimit([...changes.tags], AT_ONCE, (tag) => ports.catalog.tag(of, tag));
    for (const binding of bindings) if (binding) repository.addTag(binding);
    if (entries.length + bindings.length >= RENEW_AFTER) await save(ports, repository, begunAt);
    return repository;
  };
}

const keyOf = ({ registry, repository }: RepositoryName): string =>
  contentKey(SNAPSHOT_PREFIX, digestOf(`${registry}/${repository}`));

async function save({ documents }: SnapshotPorts, repository: CompactRepository, begunAt: string): Promise<void> {
  await putDocument(documents, keyOf(repository.of), encodeSnapshot(repository, begunAt));
}

/** One that is damaged, of another version or too old is as good as none. */
async function load({ documents, clock }: SnapshotPorts, key: string): Promise<Snapshot | undefined> {
  try {
    const content = await loadDocument(documents, key);
    const snapshot = content && decodeSnapshot(content);
    const age = snapshot ? clock.now().getTime() - Date.parse(snapshot.header.begunAt) : 0;
    return age > SNAPSHOT_DAYS * DAY_MS ? undefined : snapshot;
  } catch (error) {
    if (isLadingError(error) && error.code === 'document-damaged') return undefined;
    throw error;
  }
}

/** Undefined where there are too many. */
async function changesSince(
  { catalog }: SnapshotPorts,
  of: RepositoryName,
  { header, size }: Snapshot,
): Promise<{ readonly manifests: readonly Digest[]; readonly tags: ReadonlySet<string> } | undefined> {
  const manifests = new Set<Digest>();
  const tags = new Set<string>();
  const most = Math.min(MOST_CHANGES, size);
  const since = new Date(Date.parse(header.begunAt) - OVERLAP_MS);
  for await (const change of catalog.changes(of, since)) {
    if (change.kind === 'tag') tags.add(change.tag);
    else manifests.add(change.digest);
    if (manifests.size + tags.size > most) return undefined;
  }
  return { manifests: [...manifests], tags };
}
