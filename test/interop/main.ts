import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describeError } from '../../lib/core/errors.ts';
import type { InteropCheck } from './interop-check.ts';
import { provide, toolsFolder } from './tools.ts';

const help = `usage: npm run interop [-- options] [name …]

Runs what needs other programs: registries' clients, cosign, the OCI conformance suite.
They are found on PATH, or built once into ${toolsFolder()}.

  name        only checks whose name contains it
  --no-build  leave out what is not installed
  --list      name the checks`;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(help);
  process.exit(0);
}
const wanted = args.filter((arg) => !arg.startsWith('--'));

const folder = import.meta.dirname;
const checks: InteropCheck[] = [];
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.interop.ts'))
  .sort()) {
  const module = (await import(join(folder, file))) as { readonly checks: readonly InteropCheck[] };
  checks.push(...module.checks.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word))));
}
if (args.includes('--list')) {
  for (const { name, needs } of checks) console.log(`${name}  (${needs.join(', ')})`);
  process.exit(0);
}

process.env.PATH = [process.env.PATH, toolsFolder()].join(delimiter);
const absent = new Map<string, string>();
for (const program of new Set(checks.flatMap(({ needs }) => needs))) {
  const provided = provide(program, !args.includes('--no-build'));
  if ('absent' in provided) absent.set(program, provided.absent);
}
for (const [program, why] of absent) console.log(`absent: ${program} (${why})`);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const { name, needs, run } of checks) {
  const missing = needs.filter((program) => absent.has(program));
  if (missing.length > 0) {
    skipped++;
    console.log(`- ${name}: skipped, without ${missing.join(', ')}`);
    continue;
  }
  const work = mkdtempSync(join(tmpdir(), 'lading-interop-'));
  try {
    console.log(`✓ ${name}: ${await run({ tools: toolsFolder(), work })}`);
    passed++;
  } catch (error) {
    console.log(`✗ ${name}: ${describeError(error)}`);
    failed++;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
console.log(`interop: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
