import { type Digest, digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import type { PackageAdvisory } from './advisories-of-record.ts';
import { bucketOf, MAX_BITS } from './buckets.ts';
import { AdvisorySourceError } from './errors.ts';
import type { AdvisoryEntry, EcosystemSection, Shard, SourceSection } from './model.ts';
import type { AdvisoryRead } from './read-advisories.ts';

/** Raised when the same records would compile to something else: sections of an older compiler are not carried over. */
export const COMPILER_VERSION = 1;

/** Shards are about this large, uncompressed: an image of a hundred packages reads a few dozen of them at most. */
const SHARD_BYTES = 64 * 1024;
/** Share of malformed records over which the source is refused, once it has more than a handful. */
const MAX_REJECTED_SHARE = 0.01;
const MAX_REJECTED_FEW = 3;

export interface CompiledSource {
  readonly section: Pick<SourceSection, 'compiler' | 'ecosystems' | 'advisories' | 'rejected'>;
  readonly shards: ReadonlyMap<Digest, Shard>;
}

/**
 * Compiles the records of one source. The result depends on what they say alone: order, repetition and the way they
 * were spread over files do not matter.
 *
 * @throws AdvisorySourceError `malformed` or `empty`, and whatever reading the records throws
 */
export async function compileAdvisories(reads: AsyncIterable<AdvisoryRead>): Promise<CompiledSource> {
  const collected = new Map<string, Map<string, AdvisoryEntry[]>>();
  const rejected = { count: 0, examples: [] as string[] };
  let records = 0;
  for await (const read of reads) {
    records++;
    if (read.kind === 'rejected') {
      rejected.count++;
      if (rejected.examples.length < 20) rejected.examples.push(read.reason.slice(0, 300));
    } else {
      for (const advisory of read.advisories) collect(collected, advisory);
    }
  }
  checkRejected(rejected, records);
  const shards = new Map<Digest, Shard>();
  const ecosystems = [...collected]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, packages]) => shardEcosystem(name, packages, shards));
  const advisories = ecosystems.reduce((sum, ecosystem) => sum + ecosystem.advisories, 0);
  if (advisories === 0) throw new AdvisorySourceError('empty', `none of ${records} records says anything of a package`);
  rejected.examples.sort();
  return { section: { compiler: COMPILER_VERSION, ecosystems, advisories, rejected }, shards };
}

function checkRejected(rejected: { count: number; examples: readonly string[] }, records: number): void {
  if (rejected.count <= Math.max(MAX_REJECTED_FEW, records * MAX_REJECTED_SHARE) && rejected.count < records) return;
  if (rejected.count === 0) return;
  throw new AdvisorySourceError(
    'malformed',
    `${rejected.count} of ${records} records are malformed, for example: ${rejected.examples[0]}`,
  );
}

function collect(into: Map<string, Map<string, AdvisoryEntry[]>>, { ecosystem, name, entry }: PackageAdvisory): void {
  let packages = into.get(ecosystem);
  if (!packages) {
    packages = new Map();
    into.set(ecosystem, packages);
  }
  const entries = packages.get(name);
  if (entries) entries.push(entry);
  else packages.set(name, [entry]);
}

function shardEcosystem(
  ecosystem: string,
  collected: ReadonlyMap<string, readonly AdvisoryEntry[]>,
  shards: Map<Digest, Shard>,
): EcosystemSection {
  const packages = [...collected]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entries]) => ({ name, ...distinct(entries) }));
  const bytes = packages.reduce((sum, entry) => sum + entry.bytes, 0);
  const bits = Math.min(MAX_BITS, Math.max(0, Math.ceil(Math.log2(bytes / SHARD_BYTES))));
  const buckets: Shard['packages'][] = Array.from({ length: 2 ** bits }, () => []);
  for (const { name, advisories } of packages) buckets[bucketOf(name, bits)]?.push({ name, advisories });
  return {
    name: ecosystem,
    bits,
    shards: buckets.map((content) => {
      if (content.length === 0) return null;
      const shard: Shard = { schemaVersion: 1, ecosystem, packages: content };
      const digest = shardDigest(shard);
      shards.set(digest, shard);
      return digest;
    }),
    packages: packages.length,
    advisories: packages.reduce((sum, { advisories }) => sum + advisories.length, 0),
  };
}

export const shardDigest = (shard: Shard): Digest => digestOf(canonicalJson(shard));

/** Each statement once; of two versions of one record, the one that was modified last. */
function distinct(entries: readonly AdvisoryEntry[]): { advisories: AdvisoryEntry[]; bytes: number } {
  const newest = new Map<string, string>();
  for (const entry of entries) {
    const modified = entry.modified ?? '';
    if (modified > (newest.get(entry.record) ?? '')) newest.set(entry.record, modified);
  }
  const kept = new Map<string, AdvisoryEntry>();
  for (const entry of entries) {
    if ((entry.modified ?? '') === (newest.get(entry.record) ?? '')) kept.set(canonicalJson(entry), entry);
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...kept].sort(([textA, a], [textB, b]) => order(a.record, b.record) || order(textA, textB));
  return {
    advisories: sorted.map(([, entry]) => entry),
    bytes: sorted.reduce((sum, [text]) => sum + text.length, 0),
  };
}
