import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Defence } from '../support/defence.ts';
import { defences } from '../support/defences.ts';
import type { InteropCheck } from './interop-check.ts';

const root = join(import.meta.dirname, '..', '..');
/** A test that hangs without its defence has failed, too. Milliseconds. */
const TEST_MS = 10_000;
const GUARD_MS = 90_000;

/** A copy of the sources: what is taken out of it is taken out of nothing else. */
function copySources(to: string): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr}`);
  for (const file of listed.stdout
    .split('\0')
    .filter((name) => /^(?:functions|infra|lib|test)\/|^[^/]+\.json$/.test(name))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    try {
      cpSync(join(root, file), join(to, file));
    } catch (error) {
      // Deleted and not yet committed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'));
}

/** Runs the one test. A name that fits no test passes, and so shows as a defence whose removal nobody saw. */
function passes(folder: string, { test }: Defence): boolean {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const pattern = test.title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const settings = ['--config', 'test/vitest.config.ts', '--testTimeout', String(TEST_MS), '--bail', '1'];
  const done = spawnSync(process.execPath, [vitest, 'run', ...settings, test.file, '-t', pattern], {
    cwd: folder,
    encoding: 'utf8',
    timeout: GUARD_MS,
    killSignal: 'SIGKILL',
  });
  if (done.status === 0 && !/Tests .*\d+ passed/.test(done.stdout))
    throw new Error(`no test is called "${test.title}"`);
  return done.status === 0;
}

function without<T>(folder: string, { removals }: Defence, work: () => T): T {
  const before = new Map(removals.map(({ file }) => [file, readFileSync(join(folder, file), 'utf8')]));
  try {
    for (const { file, text, instead } of removals) {
      const path = join(folder, file);
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(text, () => instead),
      );
    }
    return work();
  } finally {
    for (const [file, text] of before) writeFileSync(join(folder, file), text);
  }
}

/** `LADING_DEFENCES=webhook,redirect` tries only those whose name holds one of the words. */
const words = process.env.LADING_DEFENCES?.split(',') ?? [''];
const wanted = defences.filter(({ against }) => words.some((word) => against.includes(word)));

export const checks: readonly InteropCheck[] = [
  {
    name: 'defences: each removed once, and its test seen failing',
    needs: ['git'],
    run: async ({ work }) => {
      copySources(work);
      const missed: string[] = [];
      for (const defence of wanted) {
        if (!passes(work, defence)) missed.push(`${defence.against}: its test fails as it is`);
        else if (without(work, defence, () => passes(work, defence))) {
          missed.push(`${defence.against}: nobody notices that it is gone`);
        }
      }
      if (missed.length > 0) throw new Error(missed.join('\n  '));
      return `${wanted.length} defences, each missed by the test that is named for it`;
    },
  },
];
