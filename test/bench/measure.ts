import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export interface Timed {
  /** Seconds, process start included. */
  readonly wall: number;
  /** MiB; NaN where GNU time is not installed. */
  readonly peak: number;
}

const GNU_TIME = '/usr/bin/time';

/** Runs commands by turns, so that what else the machine does strikes all of them alike; medians of each. */
export function compare(
  commands: Readonly<Record<string, { readonly argv: readonly string[]; readonly before?: () => void }>>,
  runs: number,
): ReadonlyMap<string, Timed> {
  const walls = new Map<string, number[]>();
  const peaks = new Map<string, number[]>();
  for (let run = 0; run < runs; run++) {
    for (const [name, { argv, before }] of Object.entries(commands)) {
      before?.();
      const { wall, peak } = once(name, argv);
      walls.set(name, [...(walls.get(name) ?? []), wall]);
      peaks.set(name, [...(peaks.get(name) ?? []), peak]);
    }
  }
  return new Map(
    [...walls].map(([name, values]) => [name, { wall: median(values), peak: median(peaks.get(name) ?? []) }]),
  );
}

function once(name: string, argv: readonly string[]): Timed {
  const measured = existsSync(GNU_TIME) ? [GNU_TIME, '-f', 'peak=%M', ...argv] : argv;
  const [program, ...args] = measured as [string, ...string[]];
  const began = performance.now();
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const wall = (performance.now() - began) / 1000;
  if (done.status !== 0) throw new Error(`${name} failed (${argv.join(' ')}): ${done.stderr.slice(-600)}`);
  return { wall, peak: Number(/peak=(\d+)/.exec(done.stderr)?.[1] ?? Number.NaN) / 1024 };
}
