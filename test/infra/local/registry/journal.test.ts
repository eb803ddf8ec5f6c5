import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openFile } from '../../../../infra/local/registry/files.ts';
import { type JournalOptions, openJournal } from '../../../../infra/local/registry/journal.ts';
import { failingDisk } from './failing-disk.ts';
import { temporaryFolder } from './support.ts';

async function journalIn(path: string, more: Partial<JournalOptions<number>> = {}) {
  const applied: number[] = [];
  const problems: unknown[] = [];
  const journal = await openJournal<number>({
    path,
    open: openFile,
    parse: (value) => (typeof value === 'number' ? value : undefined),
    apply: (record) => void applied.push(record),
    snapshot: () => applied,
    liveRecords: () => applied.length,
    onProblem: (error) => void problems.push(error),
    ...more,
  });
  return { journal, applied, problems };
}

const newPath = async (): Promise<string> => join(await temporaryFolder(), 'journal.jsonl');

describe('the journal', () => {
  it('gives back what was appended, in order, however it was batched', async () => {
    const path = await newPath();
    const first = await journalIn(path);
    await Promise.all([1, 2, 3, 4, 5].map((n) => first.journal.append(n)));
    await first.journal.append(6);
    expect(first.applied).toEqual([1, 2, 3, 4, 5, 6]);
    await first.journal.close();
    const second = await journalIn(path);
    expect(second.applied).toEqual([1, 2, 3, 4, 5, 6]);
    await second.journal.close();
  });

  it('forgets exactly what was cut off, wherever the writer died', async () => {
    const text = [10, 200, 3000, 7].map((n) => `${n}\n`).join('');
    const path = await newPath();
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), async (length) => {
        await writeFile(path, text.slice(0, length));
        const { journal, applied, problems } = await journalIn(path);
        const whole = text.slice(0, length).split('\n').slice(0, -1).map(Number);
        expect(applied).toEqual(whole);
        expect(problems).toEqual([]);
        await journal.append(42);
        await journal.close();
        expect(await readFile(path, 'utf8')).toBe([...whole, 42].map((n) => `${n}\n`).join(''));
      }),
      { numRuns: 25 },
    );
  });

  it('leaves a damaged line out, tells of it and keeps the file as it was', async () => {
    const path = await newPath();
    await writeFile(path, '1\n\0\0\0\n3\n"text"\n4\n');
    const { journal, applied, problems } = await journalIn(path);
    expect(applied).toEqual([1, 3, 4]);
    expect(problems).toEqual([expect.objectContaining({ code: 'journal-damaged' })]);
    await journal.close();
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe('1\n\0\0\0\n3\n"text"\n4\n');
    const again = await journalIn(path);
    expect([again.applied, again.problems]).toEqual([[1, 3, 4], []]);
    await again.journal.close();
  });

  it('shrinks to the live records where it has grown far beyond them, and goes on from there', async () => {
    const path = await newPath();
    await writeFile(path, '1\n'.repeat(3000));
    const live = new Set<number>();
    const options = { apply: (n: number) => void live.add(n), snapshot: () => live, liveRecords: () => live.size };
    const { journal } = await journalIn(path, options);
    expect(await readFile(path, 'utf8')).toBe('1\n');
    await journal.append(2);
    await journal.close();
    expect(await readFile(path, 'utf8')).toBe('1\n2\n');
    expect(await readdir(dirname(path))).toEqual(['journal.jsonl']);
  });

  it('on a full disk says so, applies nothing, leaves no half line and recovers', async () => {
    const path = await newPath();
    const disk = failingDisk();
    const { journal, applied } = await journalIn(path, { open: disk.open });
    await journal.append(1);
    disk.allow(3);
    await expect(journal.append(123456789)).rejects.toMatchObject({ status: 507 });
    expect(applied).toEqual([1]);
    expect(await readFile(path, 'utf8')).toBe('1\n');
    disk.allow(Number.POSITIVE_INFINITY);
    await journal.append(2);
    await journal.close();
    await appendFile(path, '');
    expect(await readFile(path, 'utf8')).toBe('1\n2\n');
  });
});
