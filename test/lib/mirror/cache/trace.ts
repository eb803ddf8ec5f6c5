import { type Digest, digestOf } from '../../../../lib/core/digest.ts';

/**
 * Pulls of images as registries see them. The shape is that of the IBM container registry's traces (Anwar et al.,
 * "Improving Docker Registry Design based on Production Workload Analysis", FAST '18: a small head draws about half of
 * the requests, most layers are small and the sizes have a long tail, pulls are bursts of layers) with what happens at a
 * site beside: the set of images in use drifts with releases, and scans read everything once.
 */
export interface TraceImage {
  readonly key: string;
  readonly contents: ReadonlyMap<Digest, number>;
}

export interface TraceOptions {
  readonly seed: number;
  readonly images: number;
  readonly requests: number;
  /** Exponent of Zipf's law. */
  readonly skew: number;
  /** Every so many requests a part of the popular images is replaced by others. */
  readonly driftEvery: number;
  /** Every so many requests somebody reads a run of images once. */
  readonly scanEvery: number;
  readonly scanLength: number;
}

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Median 0.6 MB and a long tail: about two thirds below 1 MB, four fifths below 10 MB, some of hundreds of MB. */
export function layerBytes(random: () => number): number {
  return Math.min(1_500_000_000, Math.max(4_096, Math.round(600_000 * Math.exp(2.6 * normal(random)))));
}

/** Images over shared bases: every image has one base of a few layers and some layers of its own. */
export function makeImages(count: number, random: () => number): readonly TraceImage[] {
  const bases = Array.from({ length: Math.max(1, Math.round(count / 25)) }, (_, i) =>
    Array.from(
      { length: 1 + Math.floor(random() * 4) },
      (_, j) => [digestOf(`base ${i} ${j}`), layerBytes(random)] as const,
    ),
  );
  return Array.from({ length: count }, (_, i) => {
    const base = bases[Math.floor(random() ** 2 * bases.length)] ?? [];
    const own = Array.from(
      { length: 1 + Math.floor(random() * 6) },
      (_, j) => [digestOf(`own ${i} ${j}`), layerBytes(random)] as const,
    );
    return { key: `team/app-${i}@${digestOf(`image ${i}`)}`, contents: new Map([...base, ...own]) };
  });
}

/** The requests, as positions of images. */
export function makeTrace(options: TraceOptions): {
  readonly images: readonly TraceImage[];
  readonly requests: readonly number[];
} {
  const random = randomOf(options.seed);
  const images = makeImages(options.images, random);
  const cumulative: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= options.images; rank++) {
    sum += rank ** -options.skew;
    cumulative.push(sum);
  }
  const byRank = images.map((_, i) => i);
  for (let i = byRank.length - 1; i > 0; i--) swap(byRank, i, Math.floor(random() * (i + 1)));
  const requests: number[] = [];
  let scanned = 0;
  while (requests.length < options.requests) {
    const n = requests.length;
    if (n > 0 && n % options.driftEvery === 0) drift(byRank, random);
    if (n > 0 && n % options.scanEvery === 0) {
      for (let i = 0; i < options.scanLength; i++) requests.push(scanned++ % options.images);
    }
    const at = random() * sum;
    requests.push(byRank[lowerBound(cumulative, at)] ?? 0);
  }
  return { images, requests: requests.slice(0, options.requests) };
}

/** A tenth of the most wanted tenth gives its place to others: releases follow one another. */
function drift(byRank: number[], random: () => number): void {
  const head = Math.ceil(byRank.length / 10);
  for (let i = 0; i < Math.ceil(head / 10); i++) {
    swap(byRank, Math.floor(random() * head), Math.floor(random() * byRank.length));
  }
}

function swap(list: number[], i: number, j: number): void {
  [list[i], list[j]] = [list[j] as number, list[i] as number];
}

function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
