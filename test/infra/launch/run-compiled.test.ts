import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const PROGRAM = `
  const { basename } = require('node:path');
  const later = (text) => [...text].reverse().join('');
  import('node:os').then(({ EOL }) => {
    process.stdout.write(later('olleh') + EOL + basename(__filename) + ' ' + basename(__dirname).length + ' caf\\u00e9');
  });
  process.exitCode = 3;
`;

function program() {
  const folder = mkdtempSync(join(tmpdir(), 'lading-run-'));
  folders.push(folder);
  writeFileSync(join(folder, 'some.cjs'), PROGRAM);
  const runCompiled = readFileSync('infra/launch/run-compiled.cjs', 'utf8');
  writeFileSync(join(folder, 'start.cjs'), `${runCompiled}runCompiled('some');`);
  const run = (...flags: string[]) => {
    try {
      execFileSync(process.execPath, [...flags, join(folder, 'start.cjs')], { encoding: 'utf8' });
      return { status: 0, said: '' };
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: string };
      return { status, said: stdout };
    }
  };
  const kept = () => readdirSync(folder).filter((name) => name.startsWith('some-'));
  return { folder, run, kept, expected: { status: 3, said: `hello\nsome.cjs ${'lading-run-'.length + 6} café` } };
}

describe('a bundle whose compiled code is kept', () => {
  it('does the same at every run, and writes at the first three', () => {
    const { run, kept, expected } = program();
    for (let i = 1; i <= 4; i++) {
      expect(run()).toEqual(expected);
      expect(kept()).toHaveLength(Math.min(i, 3));
    }
  });

  it('runs where what was kept is damaged, or another V8 made it', () => {
    const { folder, run, kept, expected } = program();
    run();
    const [file = ''] = kept();
    writeFileSync(join(folder, file), 'nothing of the kind');
    expect(run()).toEqual(expected);
    expect(run('--no-lazy')).toEqual(expected);
    expect(readFileSync(join(folder, file), 'utf8')).toBe('nothing of the kind');
  });
});
