import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describeError } from '../../lib/core/errors.ts';
import { bundleFunctions } from '../local/assembly/bundle-functions.ts';

/*
 * `npm run deploy [-- cdk arguments]`: bundles the functions and hands over to the CDK CLI. Without arguments it deploys
 * every stack; `npm run deploy -- diff`, `… -- synth`, `… -- destroy --all` and so on work too.
 */
const root = join(import.meta.dirname, '..', '..');
const commands = new Set([
  'deploy',
  'diff',
  'synth',
  'ls',
  'list',
  'destroy',
  'bootstrap',
  'doctor',
  'drift',
  'rollback',
]);

const given = process.argv.slice(2);
const [first] = given;
const args = first && commands.has(first) ? given : ['deploy', '--all', ...given];

try {
  const { names } = await bundleFunctions(root, join(root, 'dist', 'functions'));
  process.stderr.write(`${names.length} functions bundled\n`);
} catch (error) {
  process.stderr.write(`error: ${describeError(error)}\n`);
  process.exit(2);
}
// Notices are fetched over the network, and tell nothing about this app.
const done = spawnSync('cdk', ['--no-notices', ...args], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
