import { copyFile } from 'node:fs/promises';
import { LadingError } from '../../../lib/core/errors.ts';
import { systemCode } from './errors.ts';
import { type OpenFile, removeFile } from './files.ts';
import { openJournalFile, readLines } from './journal-file.ts';

/** An append-only file of JSON lines. A record counts when its line is on the disk; then it is applied, in file order. */
export interface Journal<T> {
  /** Resolves when the record is durable and applied. Records that come together share one fsync. */
  append(record: T): Promise<void>;
  /** Rewrites the file with only the live records, where that makes it much shorter. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions<T> {
  readonly path: string;
  readonly open: OpenFile;
  /** `undefined` for what is no record. */
  readonly parse: (value: unknown) => T | undefined;
  readonly apply: (record: T) => void;
  readonly snapshot: () => Iterable<T>;
  readonly liveRecords: () => number;
  readonly onProblem: (error: LadingError) => void;
}

interface Waiting<T> {
  /** `undefined` asks for compaction. */
  readonly record: T | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Lines beyond twice the live records that are worth a rewrite. */
const SLACK = 1000;

/**
 * Reads the journal and applies its records, then keeps it open for appending. What follows the last line end was
 * never acknowledged and is cut off. A damaged line elsewhere is skipped and told to `onProblem`; the damaged file is
 * kept beside the new one.
 */
export async function openJournal<T>(options: JournalOptions<T>): Promise<Journal<T>> {
  const loaded = await load(options);
  const file = await openJournalFile(options.path, options.open, loaded.length);
  let { lines } = loaded;
  let queue: Waiting<T>[] = [];
  let running: Promise<void> | undefined;

  const rewrite = async (): Promise<void> => {
    await file.rewrite(options.snapshot());
    lines = options.liveRecords();
  };
  const rewriteIfWorthwhile = async (): Promise<void> => {
    if (lines > 2 * options.liveRecords() + SLACK) await rewrite();
  };
  const write = async (batch: readonly Waiting<T>[]): Promise<void> => {
    try {
      await file.append(batch.map(({ record }) => record));
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    lines += batch.length;
    for (const { record, resolve } of batch) {
      if (record !== undefined) options.apply(record);
      resolve();
    }
  };
  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      const records = batch.filter(({ record }) => record !== undefined);
      if (records.length > 0) await write(records);
      for (const { record, resolve, reject } of batch) {
        if (record === undefined) await rewriteIfWorthwhile().then(resolve, reject);
      }
    }
    running = undefined;
  };
  const enqueue = (record: T | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      queue.push({ record, resolve, reject });
      running ??= drain();
    });

  try {
    await (loaded.damaged ? rewrite() : rewriteIfWorthwhile());
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    append: enqueue,
    compact: () => enqueue(undefined),
    async close() {
      await running;
      await file.close();
    },
  };
}

async function load<T>(
  options: JournalOptions<T>,
): Promise<{ readonly length: number | undefined; readonly lines: number; readonly damaged: boolean }> {
  await removeFile(`${options.path}.new`);
  let [length, lines, damaged] = [0, 0, 0];
  try {
    for await (const line of readLines(options.path)) {
      length += line.length + 1;
      lines += 1;
      const record = parseLine(line, options.parse);
      if (record === undefined) damaged += 1;
      else options.apply(record);
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return { length: undefined, lines: 0, damaged: false };
  }
  if (damaged > 0) {
    const kept = `${options.path}.damaged`;
    await copyFile(options.path, kept);
    options.onProblem(
      new LadingError('journal-damaged', `${damaged} damaged lines in the registry's journal were left out`, {
        hint: `the file as it was found is kept as ${kept}`,
      }),
    );
  }
  return { length, lines, damaged: damaged > 0 };
}

function parseLine<T>(line: Buffer, parse: (value: unknown) => T | undefined): T | undefined {
  try {
    return parse(JSON.parse(line.toString('utf8')));
  } catch {
    return undefined;
  }
}
