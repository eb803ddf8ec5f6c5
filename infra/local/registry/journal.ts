import { createReadStream } from 'node:fs';
import { copyFile, type FileHandle, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LadingError } from '../../../lib/core/errors.ts';
import { explainDiskError, systemCode } from './errors.ts';
import { type OpenFile, syncDirectory, writeAll } from './files.ts';

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
  let handle = await options.open(options.path, loaded.exists ? 'r+' : 'w+');
  let { length, lines } = loaded;
  let broken: unknown;
  let queue: Waiting<T>[] = [];
  let running: Promise<void> | undefined;

  const rewrite = async (): Promise<void> => {
    const fresh = await writeSnapshot(options);
    await handle.close();
    ({ handle, length, lines } = fresh);
  };
  const write = async (batch: readonly Waiting<T>[]): Promise<void> => {
    const bytes = Buffer.from(batch.map(({ record }) => `${JSON.stringify(record)}\n`).join(''));
    try {
      if (broken !== undefined) throw broken;
      await writeAll(handle, [bytes], length);
      await handle.datasync();
    } catch (error) {
      // Half a line must not stay: the next append would continue it.
      await handle.truncate(length).catch((cause: unknown) => {
        broken = new LadingError('journal-broken', 'the journal of the registry cannot be written', { cause });
      });
      for (const { reject } of batch) reject(explainDiskError(error));
      return;
    }
    length += bytes.length;
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
        if (record !== undefined) continue;
        const worthwhile = lines > 2 * options.liveRecords() + SLACK;
        await (worthwhile ? rewrite() : Promise.resolve()).then(resolve, (error) => reject(explainDiskError(error)));
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
    await handle.truncate(length);
    if (!loaded.exists) await syncDirectory(dirname(options.path));
    if (loaded.damaged) await rewrite();
  } catch (error) {
    await handle.close();
    throw explainDiskError(error);
  }
  await enqueue(undefined);
  return {
    append: enqueue,
    compact: () => enqueue(undefined),
    async close() {
      await running;
      await handle.close();
    },
  };
}

async function load<T>(
  options: JournalOptions<T>,
): Promise<{ readonly exists: boolean; readonly length: number; readonly lines: number; readonly damaged: boolean }> {
  await rm(`${options.path}.new`, { force: true });
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
    return { exists: false, length: 0, lines: 0, damaged: false };
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
  return { exists: true, length, lines, damaged: damaged > 0 };
}

function parseLine<T>(line: Buffer, parse: (value: unknown) => T | undefined): T | undefined {
  try {
    return parse(JSON.parse(line.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Whole lines only, as bytes: the position in the file must be exact. */
async function* readLines(path: string): AsyncIterable<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
      yield data.subarray(start, end);
      start = end + 1;
    }
    rest = data.subarray(start);
  }
}

async function writeSnapshot<T>(
  options: JournalOptions<T>,
): Promise<{ readonly handle: FileHandle; readonly length: number; readonly lines: number }> {
  const temporary = `${options.path}.new`;
  const handle = await options.open(temporary, 'w+');
  try {
    let [length, lines] = [0, 0];
    let pending: string[] = [];
    const flush = async (): Promise<void> => {
      const bytes = Buffer.from(pending.join(''));
      pending = [];
      await writeAll(handle, [bytes], length);
      length += bytes.length;
    };
    for (const record of [...options.snapshot()]) {
      lines += 1;
      if (pending.push(`${JSON.stringify(record)}\n`) >= 1000) await flush();
    }
    await flush();
    await handle.sync();
    await rename(temporary, options.path);
    await syncDirectory(dirname(options.path));
    return { handle, length, lines };
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
