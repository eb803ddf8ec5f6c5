import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const layout = join(process.env.LADING_CORPORA ?? '', 'images');
/** A few by default; LADING_SBOM_MUTATIONS=20000 before a release, with the images of LADING_CORPORA. */
const runs = Number(process.env.LADING_SBOM_MUTATIONS ?? 150);
const seed = Number(process.env.LADING_PROPERTY_SEED === 'random' ? process.pid : 20_261_124);

describe('damaged images', () => {
  it(`neither crash, hang nor fill a heap of 512 MiB, and are never taken for whole (${runs}, seed ${seed})`, () => {
    const program = join(import.meta.dirname, 'mutate-images.ts');
    const args = ['--max-old-space-size=512', program, String(runs), String(seed)];
    if (existsSync(join(layout, 'index.json'))) args.push(layout);
    const child = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    expect(child.stderr).not.toMatch(/heap|FATAL/);
    expect(child.status).toBe(0);
    const told = JSON.parse(child.stdout);
    expect(told.failures).toEqual([]);
    expect(told.outcomes.unreadable).toBeGreaterThan(runs / 10);
    expect(told.outcomes.complete).toBeGreaterThan(0);
  }, 7_200_000);
});
