import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { BenchRow } from './bench-case.ts';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Ours is bundled at its first start after a change, and keeps at the next three what V8 compiled: at an install, not at each use. */
export const STARTS_TO_WARM_UP = 4;

export interface Timed {
  /** Seconds, process start included. */
  readonly wall: number;
  /** MiB; NaN where GNU time is not installed. */
  readonly peak: number;
  /** Seconds of processor time, of the program and of the system for it: what other work of the machine changes least. */
  readonly processor?: number;
}

const GNU_TIME = '/usr/bin/time';

/**
 * Runs commands by turns, so that what else the machine does strikes all of them alike; medians of each. This process
 * stays responsive meanwhile: it may be the registry that they all talk to.
 */
export async function compare(
  /** What to run, by name; told the number of the run, for what must be new each time. */
  commands: Readonly<Record<string, (run: number) => readonly string[]>>,
  runs: number,
): Promise<ReadonlyMap<string, Timed>> {
  const all = new Map<string, Timed[]>();
  for (let run = 0; run < runs; run++) {
    for (const [name, argv] of Object.entries(commands)) {
      all.set(name, [...(all.get(name) ?? []), await once(name, argv(run))]);
    }
  }
  return new Map([...all].map(([name, timed]) => [name, medians(timed)]));
}

const medians = (timed: readonly Timed[]): Timed => ({
  wall: median(timed.map(({ wall }) => wall)),
  peak: median(timed.map(({ peak }) => peak)),
  processor: median(timed.map(({ processor }) => processor ?? Number.NaN)),
});

/** A row beside that of the wall, without a goal of its own. */
export const processorTime = (what: string, name: string, own: Timed, peer: Timed): BenchRow[] =>
  own.processor === undefined || peer.processor === undefined
    ? []
    : [{ what: `${what}: processor time`, ours: own.processor, unit: 's', peer: { name, value: peer.processor } }];

function once(name: string, argv: readonly string[]): Promise<Timed> {
  const measured = existsSync(GNU_TIME) ? [GNU_TIME, '-f', 'peak=%M user=%U system=%S', ...argv] : argv;
  const [program, ...args] = measured as [string, ...string[]];
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (status) => {
      const wall = (performance.now() - began) / 1000;
      const [peak = Number.NaN, user = Number.NaN, system = Number.NaN] = (
        /peak=(\d+) user=([\d.]+) system=([\d.]+)/.exec(said)?.slice(1) ?? []
      ).map(Number);
      if (status === 0) resolve({ wall, peak: peak / 1024, processor: user + system });
      else reject(new Error(`${name} failed (${argv.join(' ')}): ${said.slice(-600)}`));
    });
  });
}
