import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleFunctions } from '../../../infra/local/assembly/bundle-functions.ts';
import type { BenchCase } from '../bench-case.ts';
import { median } from '../measure.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** What a cold Lambda has to fetch and load. */
export const bundles: BenchCase = {
  name: 'Lambda bundles',
  async run({ work, runs }) {
    const { folder, names } = await bundleFunctions(root, join(work, 'bundles'));
    const files = names.map((name) => join(folder, name, 'index.mjs'));
    const sizes = files.map((file) => gzipSync(readFileSync(file)).length / 1024);
    const script =
      'const t=performance.now();await import(process.argv[1]);process.stdout.write(String(performance.now()-t));process.exit(0)';
    const imports = files.map((file) =>
      median(
        Array.from({ length: runs }, () =>
          Number(execFileSync(process.execPath, ['--input-type=module', '-e', script, file], { encoding: 'utf8' })),
        ),
      ),
    );
    return [
      { what: 'largest bundle, compressed', ours: Math.max(...sizes), unit: 'KiB', goal: { most: 1024 } },
      { what: 'slowest import of a handler', ours: Math.max(...imports), unit: 'ms', goal: { most: 200 } },
    ];
  },
};
