import { memoryPackageIndex } from '../../lib/vulnerabilities/adapters/memory-package-index.ts';
import type { MatchablePackage } from '../../lib/vulnerabilities/index.ts';

export interface ManyImages {
  readonly index: ReturnType<typeof memoryPackageIndex>;
  /** The versions of a package that an image has, by its place in the list of images. */
  readonly images: readonly ReadonlyMap<string, string>[];
  readonly keys: readonly string[];
  readonly rows: number;
}

const BASES = 50;
const BASE_PACKAGES = 200;
const NAMES = 5000;

/** A small generator of numbers (mulberry32), so that the images are the same everywhere. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export const packageName = (i: number): string => `package-${i}`;

/** Images of 300 packages: 200 of one of fifty bases, 100 of its own, out of 5,000 names. */
export async function manyImages(count: number): Promise<ManyImages> {
  const pick = numbers(count);
  const version = (): string => `${pick(4)}.${pick(10)}.${pick(10)}`;
  const draw = (size: number): ReadonlyMap<string, string> => {
    const drawn = new Map<string, string>();
    while (drawn.size < size) drawn.set(packageName(pick(NAMES)), version());
    return drawn;
  };
  const bases = Array.from({ length: BASES }, () => draw(BASE_PACKAGES));
  const index = memoryPackageIndex();
  const images: ReadonlyMap<string, string>[] = [];
  const keys: string[] = [];
  let rows = 0;
  for (let i = 0; i < count; i++) {
    const at = pick(BASES);
    const base = bases[at] ?? new Map<string, string>();
    const own = new Map([...draw(100)].filter(([name]) => !base.has(name)));
    const packages: MatchablePackage[] = [
      ...[...base].map(([name, held]) => ({ type: 'npm', name, version: held, layer: `base ${at}` })),
      ...[...own].map(([name, held]) => ({ type: 'npm', name, version: held, layer: `own ${i}` })),
    ];
    const key = `registry.example/apps/${i}@sha256:${String(i).padStart(64, '0')}`;
    await index.add(key, packages);
    images.push(new Map([...base, ...own]));
    keys.push(key);
    rows += packages.length;
  }
  return { index, images, keys, rows };
}

/** Of versions `a.b.c`; not the project's own comparison, which the result is to be held against. */
const isBelow = (a: string, b: string): boolean => {
  const [x, y] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const at = x.findIndex((part, i) => part !== y[i]);
  return at >= 0 && (x[at] as number) < (y[at] as number);
};

/** Brute force: the images for which "affected below" has another answer than before. */
export function touchedByOracle(
  { images, keys }: ManyImages,
  name: string,
  before: string | undefined,
  after: string | undefined,
): string[] {
  const isAffected = (version: string, bound: string | undefined): boolean =>
    bound !== undefined && isBelow(version, bound);
  return keys
    .filter((_key, i) => {
      const version = images[i]?.get(name);
      if (version === undefined) return false;
      const [was, is] = [isAffected(version, before), isAffected(version, after)];
      // What is affected before and after is told that its fix is another one.
      return was !== is || (is && before !== after);
    })
    .sort();
}
