import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openStateDocument } from '../../../../../infra/local/services/state/atomic-file.ts';
import { lockFolder } from '../../../../../infra/local/services/state/folder-lock.ts';
import { openJournal } from '../../../../../infra/local/services/state/journal.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lading-state-'));
  path = join(folder, 'journal');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const schema = z.object({ n: z.number(), text: z.string() });
type Entry = z.infer<typeof schema>;

async function open(snapshot: () => readonly Entry[] = () => []) {
  const seen: Entry[] = [];
  const journal = await openJournal({ path, schema, replay: (entry) => seen.push(entry), snapshot });
  return { journal, seen };
}

describe('the journal', () => {
  it('gives back what was appended, in order, also when many append at once', async () => {
    const entries = Array.from({ length: 500 }, (_, n) => ({ n, text: `line\n${n} "ü😀"` }));
    const first = await open();
    await Promise.all(entries.slice(0, 400).map((entry) => first.journal.append(entry)));
    for (const entry of entries.slice(400)) await first.journal.append(entry);
    await first.journal.close();
    const second = await open();
    expect(second.seen).toEqual(entries);
    await second.journal.close();
  });

  it('keeps every acknowledged record, wherever the end is torn, and goes on behind it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        async (texts, cut) => {
          await rm(path, { force: true });
          const first = await open();
          const ends: number[] = [0];
          for (const [n, text] of texts.entries()) {
            await first.journal.append({ n, text: text.toWellFormed() });
            ends.push((await stat(path)).size);
          }
          await first.journal.close();
          const at = cut % ((ends.at(-1) ?? 0) + 1);
          await truncate(path, at);
          const second = await open();
          const whole = ends.filter((end) => end <= at);
          expect(second.seen.length).toBe(whole.length - 1);
          expect((await stat(path)).size).toBe(whole.at(-1));
          await second.journal.append({ n: 99, text: 'after' });
          await second.journal.close();
          const third = await open();
          expect(third.seen).toEqual([...second.seen, { n: 99, text: 'after' }]);
          await third.journal.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses damage in the middle, and records of another version', async () => {
    const { journal } = await open();
    await journal.append({ n: 1, text: 'one' });
    await journal.append({ n: 2, text: 'two' });
    await journal.close();
    const good = await readFile(path, 'utf8');
    await writeFile(path, good.replace('one', 'oen'));
    await expect(open()).rejects.toMatchObject({ code: 'journal-damaged' });
    await writeFile(path, `${good}garbage`);
    const again = await open();
    expect(again.seen).toHaveLength(2);
    await again.journal.close();
    const other = await openJournal({
      path: join(folder, 'other'),
      schema: z.unknown(),
      replay: () => undefined,
      snapshot: () => [],
    });
    await other.append({ version: 2 });
    await other.close();
    path = join(folder, 'other');
    await expect(open()).rejects.toMatchObject({ code: 'state-invalid' });
  });

  it('is rewritten when most of it is past', async () => {
    const first = await open();
    await Promise.all(
      Array.from({ length: 3000 }, (_, n) => first.journal.append({ n: n % 10, text: 'x'.repeat(50) })),
    );
    await first.journal.close();
    const before = (await stat(path)).size;
    const live = Array.from({ length: 10 }, (_, n) => ({ n, text: 'live' }));
    const second = await open(() => live);
    expect((await stat(path)).size).toBeLessThan(before / 10);
    await second.journal.append({ n: 11, text: 'more' });
    await second.journal.close();
    const third = await open();
    expect(third.seen).toEqual([...live, { n: 11, text: 'more' }]);
    await third.journal.close();
  });
});

describe('a state document', () => {
  const counter = z.object({ count: z.number() });

  it('is durable when an update is done, and private', async () => {
    const file = join(folder, 'deep', 'state.json');
    const document = await openStateDocument(file, counter, { count: 0 });
    const add = () => document.update(({ count }) => ({ next: { count: count + 1 }, result: count }));
    expect(await Promise.all([add(), add(), add()])).toEqual([0, 1, 2]);
    expect((await openStateDocument(file, counter, { count: 0 })).current()).toEqual({ count: 3 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('stays as it was when a change fails, and is refused when it is not ours', async () => {
    const file = join(folder, 'state.json');
    const document = await openStateDocument(file, counter, { count: 1 });
    await expect(
      document.update(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await document.update((value) => ({ next: value, result: value.count }))).toBe(1);
    await appendFile(file, '{"count":"many"}');
    await expect(openStateDocument(file, counter, { count: 1 })).rejects.toMatchObject({ code: 'state-invalid' });
  });
});

describe('a folder lock', () => {
  it('is for one holder, and is taken over from the dead', async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'folder-in-use' });
    await lock.release();
    const file = join(folder, 'in-use.lock');
    const bootedAt = Math.round(Date.now() / 1000 - (await import('node:os')).uptime());
    // The parent of this process is alive and is not us.
    await writeFile(file, JSON.stringify({ pid: process.ppid, bootedAt, token: 'x' }));
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'folder-in-use' });
    for (const content of [
      JSON.stringify({ pid: process.ppid, bootedAt: bootedAt - 1000, token: 'before the last boot' }),
      JSON.stringify({ pid: process.pid, bootedAt, token: 'this number, another life' }),
      JSON.stringify({ pid: 4_000_000, bootedAt, token: 'no such process' }),
      '',
    ]) {
      await writeFile(file, content);
      await (await lockFolder(folder)).release();
    }
  });

  it('is held by exactly one of many who try at once', async () => {
    await writeFile(join(folder, 'in-use.lock'), 'dead');
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
