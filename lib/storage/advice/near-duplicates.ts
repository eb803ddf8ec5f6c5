import { createHash } from 'node:crypto';
import type { Digest } from '../../core/digest.ts';
import { type LayerInventory, readFileTree } from '../../sbom/index.ts';
import type { LayerContents } from './layer-contents.ts';

/** What layers are compared by; small enough to keep for every layer. */
export interface LayerProfile {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  /** Of the set of all names, kinds, sizes and link targets. */
  readonly listing: string;
  readonly contentBytes: number;
  readonly files: number;
  /** Minima of hashes over names with sizes: layers that have much in common have many of them in common. */
  readonly sketch: Uint32Array;
}

export interface NearDuplicates {
  /**
   * `same-archive`: one tar archive, packed in two ways. `same-files`: the same names, kinds and sizes, so that times,
   * order or owners differ, or bytes at equal size. `same-content`: that, with every byte compared. `similar`: most files.
   */
  readonly kind: 'same-archive' | 'same-content' | 'same-files' | 'similar';
  readonly layers: readonly { readonly digest: Digest; readonly bytes: number }[];
  /** Share of names with sizes that they have in common, estimated; 1 but for `similar`. */
  readonly likeness: number;
  /** Bytes of all but the smallest: what one layer for all would save. For `similar`, times the likeness. */
  readonly wasted: number;
  readonly advice: string;
}

const SKETCH = 64;
const BANDS = 16;
const MIN_LIKENESS = 0.8;
/** Layers with hardly a file are alike by chance. */
const MIN_FILES = 4;

export function profileOf(inventory: LayerInventory): LayerProfile {
  const lines: string[] = [];
  const sketch = new Uint32Array(SKETCH).fill(0xffffffff);
  readFileTree(inventory.tree, (directory, entry) => {
    const name = entry.type === 'opaque' ? '' : entry.name;
    const more = entry.type === 'file' ? entry.size : 'target' in entry ? entry.target : '';
    const line = `${directory}/${name}\0${entry.type}\0${more}`;
    lines.push(line);
    if (entry.type === 'file') addTo(sketch, line);
  });
  const hash = createHash('sha256');
  for (const line of lines.sort()) hash.update(`${line}\n`);
  const { digest, diffId, size, contentBytes, files } = inventory;
  return { digest, diffId, size, listing: hash.digest('base64url'), contentBytes, files, sketch };
}

/** Broder, "On the resemblance and containment of documents" (1997), by one hash and many permutations of it. */
function addTo(sketch: Uint32Array, line: string): void {
  let h = 0x811c9dc5;
  for (let i = 0; i < line.length; i++) h = Math.imul(h ^ line.charCodeAt(i), 0x01000193);
  for (let i = 0; i < SKETCH; i++) {
    let x = Math.imul(h ^ Math.imul(i + 1, 0x9e3779b1), 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x = (x ^ (x >>> 16)) >>> 0;
    if (x < (sketch[i] as number)) sketch[i] = x;
  }
}

const likenessOf = (a: LayerProfile, b: LayerProfile): number => {
  let same = 0;
  for (let i = 0; i < SKETCH; i++) if (a.sketch[i] === b.sketch[i]) same++;
  return same / SKETCH;
};

/**
 * Layers that store the same, or nearly. Each layer is in one group at most: the surest that there is.
 *
 * @param contents of layers that were read; with those of a whole group it is known whether the bytes are the same
 */
export function findNearDuplicates(
  profiles: readonly LayerProfile[],
  contents: ReadonlyMap<Digest, LayerContents> = new Map(),
): readonly NearDuplicates[] {
  const found: NearDuplicates[] = [];
  const taken = new Set<Digest>();
  const distinct = [...new Map(profiles.map((one) => [one.digest, one])).values()];
  const take = (group: readonly LayerProfile[], kind: NearDuplicates['kind'], likeness: number): void => {
    if (group.length < 2) return;
    for (const { digest } of group) taken.add(digest);
    found.push(describe(group, kind, likeness));
  };
  const free = (): LayerProfile[] => distinct.filter(({ digest, files }) => !taken.has(digest) && files >= MIN_FILES);
  for (const group of Map.groupBy(distinct, ({ diffId }) => diffId).values()) take(group, 'same-archive', 1);
  for (const group of Map.groupBy(
    free().filter(({ digest }) => contents.has(digest)),
    ({ digest }) => contents.get(digest)?.content ?? digest,
  ).values()) {
    take(group, 'same-content', 1);
  }
  for (const group of Map.groupBy(free(), ({ listing }) => listing).values()) {
    const digests = new Set(group.map(({ digest }) => contents.get(digest)?.content));
    // All were read, and no two are the same: they only look alike.
    if (digests.has(undefined) || digests.size < group.length) take(group, 'same-files', 1);
  }
  for (const [a, b, likeness] of similarPairs(free())) {
    if (!taken.has(a.digest) && !taken.has(b.digest)) take([a, b], 'similar', likeness);
  }
  return found.sort((a, b) => b.wasted - a.wasted);
}

/** Only layers that agree in a whole band are compared: of a thousand layers few pairs are. */
function similarPairs(profiles: readonly LayerProfile[]): readonly (readonly [LayerProfile, LayerProfile, number])[] {
  const rows = SKETCH / BANDS;
  const pairs = new Map<string, readonly [LayerProfile, LayerProfile, number]>();
  for (let band = 0; band < BANDS; band++) {
    const buckets = Map.groupBy(profiles, ({ sketch }) => sketch.subarray(band * rows, (band + 1) * rows).join());
    for (const bucket of buckets.values()) {
      // In a bucket of very many alike, each is compared with the first only.
      const partners = bucket.length > 200 ? bucket.slice(0, 1) : bucket;
      for (const [i, a] of partners.entries()) {
        for (const b of bucket.slice(i + 1)) {
          const key = a.digest < b.digest ? `${a.digest} ${b.digest}` : `${b.digest} ${a.digest}`;
          if (a === b || pairs.has(key)) continue;
          pairs.set(key, [a, b, likenessOf(a, b)]);
        }
      }
    }
  }
  return [...pairs.values()]
    .filter(([, , likeness]) => likeness >= MIN_LIKENESS)
    .sort((x, y) => y[2] - x[2] || y[0].size + y[1].size - x[0].size - x[1].size);
}

const ADVICE: Readonly<Record<NearDuplicates['kind'], string>> = {
  'same-archive': 'the same archive, packed in other ways: push one of the blobs, and build with one compression',
  'same-content': 'the same files with other times or order: build with SOURCE_DATE_EPOCH and rewrite-timestamp=true',
  'same-files': 'the same names and sizes: probably rebuilt without a change; a pass over the layers tells',
  similar: 'mostly the same files: put what seldom changes into a layer of its own, below what often does',
};

function describe(group: readonly LayerProfile[], kind: NearDuplicates['kind'], likeness: number): NearDuplicates {
  const layers = group.map(({ digest, size }) => ({ digest, bytes: size })).sort((a, b) => a.bytes - b.bytes);
  const smallest = layers[0]?.bytes ?? 0;
  const rest = layers.reduce((sum, { bytes }) => sum + bytes, -smallest);
  return {
    kind,
    layers,
    likeness,
    wasted: Math.round(kind === 'similar' ? smallest * likeness : rest),
    advice: ADVICE[kind],
  };
}
