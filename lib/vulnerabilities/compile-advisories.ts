import { type Digest, digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { bucketOf, MAX_BITS } from './buckets.ts';
import { AdvisorySourceError } from './errors.ts';
import {
  type AdvisoryEntry,
  type EcosystemSection,
  type Facts,
  INDEX,
  isPseudoEcosystem,
  type SourceSection,
} from './model.ts';
import type { AdvisoryRead } from './read-advisories.ts';

/** Raised when the same records would compile to something else: sections of an older compiler are not carried over. */
export const COMPILER_VERSION = 2;

/** Shards are about this large, uncompressed: an image of a hundred packages reads a few dozen of them at most. */
const SHARD_BYTES = 16 * 1024;
/** Facts are looked up one by one, by vulnerability, so smaller shards of them cost less to read. */
const FACT_SHARD_BYTES = 8 * 1024;
/** Share of malformed records over which the source is refused, once it has more than a handful. */
const MAX_REJECTED_SHARE = 0.01;
const MAX_REJECTED_FEW = 3;

export interface CompiledSource {
  readonly section: Pick<SourceSection, 'compiler' | 'ecosystems' | 'advisories' | 'rejected'>;
  /** As canonical JSON. */
  readonly shards: ReadonlyMap<Digest, string>;
}

/** A package's part of a shard, written already: each statement is put into canonical form once. */
interface WrittenPackage {
  readonly name: string;
  readonly text: string;
  readonly records: number;
}

type Collected = Map<string, Map<string, { entries: AdvisoryEntry[]; facts: Facts | undefined }>>;

/**
 * Compiles the records of one source. The result depends on what they say alone: order, repetition and the way they
 * were spread over files do not matter.
 *
 * @throws AdvisorySourceError `malformed` or `empty`, and whatever reading the records throws
 */
export async function compileAdvisories(reads: AsyncIterable<AdvisoryRead>): Promise<CompiledSource> {
  const collected: Collected = new Map();
  const rejected = { count: 0, examples: [] as string[] };
  let records = 0;
  for await (const read of reads) {
    records++;
    if (read.kind === 'rejected') {
      rejected.count++;
      if (rejected.examples.length < 20) rejected.examples.push(read.reason.slice(0, 300));
      continue;
    }
    for (const advisory of read.advisories ?? []) {
      slot(collected, advisory.ecosystem, advisory.name).entries.push(advisory.entry);
    }
    for (const { about, name, facts } of read.facts ?? []) {
      const place = slot(collected, about, name);
      place.facts = mergeFacts(place.facts, facts);
    }
  }
  checkRejected(rejected, records);
  const shards = new Map<Digest, string>();
  const ecosystems = [...collected].map(([name, packages]) => shardEcosystem(name, contentOf(packages), shards));
  const advisories = ecosystems.reduce((sum, ecosystem) => sum + ecosystem.advisories, 0);
  if (advisories === 0) throw new AdvisorySourceError('empty', `none of ${records} records says anything of a package`);
  const index = indexOf(collected);
  if (index.length > 0) ecosystems.push({ ...shardEcosystem(INDEX, index, shards), advisories: 0 });
  ecosystems.sort((a, b) => compareTexts(a.name, b.name));
  rejected.examples.sort();
  return { section: { compiler: COMPILER_VERSION, ecosystems, advisories, rejected }, shards };
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function checkRejected(rejected: { count: number; examples: readonly string[] }, records: number): void {
  if (rejected.count <= Math.max(MAX_REJECTED_FEW, records * MAX_REJECTED_SHARE) && rejected.count < records) return;
  if (rejected.count === 0) return;
  throw new AdvisorySourceError(
    'malformed',
    `${rejected.count} of ${records} records are malformed, for example: ${rejected.examples[0]}`,
  );
}

function slot(into: Collected, ecosystem: string, name: string) {
  let packages = into.get(ecosystem);
  if (!packages) {
    packages = new Map();
    into.set(ecosystem, packages);
  }
  let place = packages.get(name);
  if (!place) {
    place = { entries: [], facts: undefined };
    packages.set(name, place);
  }
  return place;
}

/** Facts of several records about one vulnerability, whatever order they come in. */
function mergeFacts(known: Facts | undefined, more: Facts): Facts {
  if (known === undefined) return more;
  const [first, second] = [known, more].sort((a, b) => compareTexts(canonicalJson(a), canonicalJson(b))) as [
    Facts,
    Facts,
  ];
  const ratings = new Map([...(first.cvss ?? []), ...(second.cvss ?? [])].map((one) => [canonicalJson(one), one]));
  const cvss = [...ratings].sort(([a], [b]) => compareTexts(a, b)).map(([, one]) => one);
  return { ...first, ...second, ...(cvss.length > 0 ? { cvss } : {}) };
}

const contentOf = (packages: NonNullable<ReturnType<Collected['get']>>): readonly WrittenPackage[] =>
  [...packages].map(([name, { entries, facts }]) => {
    const advisories = distinct(entries);
    return { name, text: written(name, advisories, { facts }), records: advisories.length + (facts ? 1 : 0) };
  });

/** The canonical JSON of a package of a shard, whose members stand in the order of their names. */
function written(
  name: string,
  advisories: readonly string[],
  more: { readonly affects?: unknown; readonly facts?: unknown },
): string {
  const members = Object.entries(more)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}":${canonicalJson(value)},`);
  return `{"advisories":[${advisories.join(',')}],${members.join('')}"name":${JSON.stringify(name)}}`;
}

/** Which packages each vulnerability is about, so that news of a vulnerability itself finds them. */
function indexOf(collected: Collected): readonly WrittenPackage[] {
  const affects = new Map<string, Map<string, [string, string]>>();
  for (const [ecosystem, packages] of collected) {
    if (isPseudoEcosystem(ecosystem)) continue;
    for (const [name, { entries }] of packages) {
      for (const id of new Set(entries.flatMap(({ ids }) => ids))) {
        const places = affects.get(id) ?? new Map<string, [string, string]>();
        affects.set(id, places.set(`${ecosystem}\0${name}`, [ecosystem, name]));
      }
    }
  }
  return [...affects].map(([name, places]) => {
    const sorted = [...places].sort(([a], [b]) => compareTexts(a, b)).map(([, place]) => place);
    return { name, text: written(name, [], { affects: sorted }), records: 0 };
  });
}

function shardEcosystem(
  ecosystem: string,
  content: readonly WrittenPackage[],
  shards: Map<Digest, string>,
): EcosystemSection {
  const packages = [...content].sort((a, b) => compareTexts(a.name, b.name));
  const bytes = packages.reduce((sum, { text }) => sum + text.length, 0);
  const size = isPseudoEcosystem(ecosystem) ? FACT_SHARD_BYTES : SHARD_BYTES;
  const bits = Math.min(MAX_BITS, Math.max(0, Math.ceil(Math.log2(bytes / size))));
  const buckets: string[][] = Array.from({ length: 2 ** bits }, () => []);
  for (const { name, text } of packages) buckets[bucketOf(name, bits)]?.push(text);
  return {
    name: ecosystem,
    bits,
    shards: buckets.map((held) => {
      if (held.length === 0) return null;
      const text = `{"ecosystem":${JSON.stringify(ecosystem)},"packages":[${held.join(',')}],"schemaVersion":1}`;
      const digest = digestOf(text);
      shards.set(digest, text);
      return digest;
    }),
    packages: packages.length,
    advisories: content.reduce((sum, { records }) => sum + records, 0),
  };
}

/** Each statement once; of two versions of one record, the one that was modified last. As canonical JSON. */
function distinct(entries: readonly AdvisoryEntry[]): readonly string[] {
  const newest = new Map<string, string>();
  for (const entry of entries) {
    const modified = entry.modified ?? '';
    if (modified > (newest.get(entry.record) ?? '')) newest.set(entry.record, modified);
  }
  const kept = new Map<string, AdvisoryEntry>();
  for (const entry of entries) {
    if ((entry.modified ?? '') === (newest.get(entry.record) ?? '')) kept.set(canonicalJson(entry), entry);
  }
  const sorted = [...kept].sort(
    ([textA, a], [textB, b]) => compareTexts(a.record, b.record) || compareTexts(textA, textB),
  );
  return sorted.map(([text]) => text);
}
