import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '../../lib/core/errors.ts';
import { buildApp } from '../app.ts';
import { bundleFunctions } from '../local/assembly/bundle-functions.ts';

/* Part of `npm run check`: the real bundles, synthesized with cdk-nag and the CDK's own validation, and thrown away. */
const root = join(import.meta.dirname, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'lading-synth-'));
try {
  const { folder } = await bundleFunctions(root, join(work, 'bundles'));
  const { app } = await buildApp({ checked: true, bundles: folder, outdir: join(work, 'cdk.out') });
  app.synth();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
