import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { planted } from './planted.ts';

const root = join(import.meta.dirname, '..', '..');
const rules = z
  .object({ forbidden: z.array(z.object({ name: z.string() })) })
  .parse(createRequire(import.meta.url)('./dependencies.cjs'))
  .forbidden.map(({ name }) => name);

const answer = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({ violations: z.array(z.object({ rule: z.object({ name: z.string() }), from: z.string() })) }),
});

/** dependency-cruiser's own answer for a folder; without a parser it would look at no module and find nothing. */
function cruise(folder: string): z.infer<typeof answer> {
  const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const args = [
    program,
    '--config',
    'test/architecture/dependencies.cjs',
    '--output-type',
    'json',
    'functions',
    'infra',
    'lib',
  ];
  let output: string;
  try {
    output = execFileSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    // A broken rule is its exit code; the answer comes all the same.
    output = (error as { stdout: string }).stdout;
  }
  return answer.parse(JSON.parse(output));
}

describe('the dependency rules', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lading-planted-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const name of ['tsconfig.json', 'package.json'])
      writeFileSync(join(folder, name), readFileSync(join(root, name)));
    mkdirSync(join(folder, 'test', 'architecture'), { recursive: true });
    cpSync(join(root, 'test/architecture/dependencies.cjs'), join(folder, 'test/architecture/dependencies.cjs'));
    for (const { files } of planted) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('each have a planted violation that is found, at the file that breaks it', () => {
    const { modules, summary } = cruise(folder);
    expect(modules.length).toBeGreaterThan(planted.length);
    expect(planted.map(({ rule }) => rule).sort()).toEqual([...rules].sort());
    const found = summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);
    for (const { rule, files } of planted) expect(found).toContain(`${rule} ${Object.keys(files)[0]}`);
  });
});
