import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import { syncFolder, writeFileAtomic } from './atomic-file.ts';

/**
 * An append-only file of records. `append` resolves when the record is on the disk; appends that wait together are
 * written as one line and synced once: eight hex digits of CRC-32, a space, the records as a JSON array.
 *
 * A crash can tear only what was never acknowledged, which is the last line: it is cut off when the journal is opened.
 * A bad line with good lines behind it is damage, and is refused.
 */
export interface Journal<T> {
  append(record: T): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** Called for each record, in order, before the journal opens. */
  readonly replay: (record: T) => void;
  /** The fewest records that rebuild the present state; the file is rewritten when it holds over twice as many. */
  readonly snapshot: () => readonly T[];
}

/** A journal under this many records is not worth rewriting. */
const COMPACT_ABOVE = 2_000;

const line = (records: readonly unknown[]): string => {
  const json = JSON.stringify(records);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
};

/** @throws LadingError `journal-damaged` */
export async function openJournal<T>(options: JournalOptions<T>): Promise<Journal<T>> {
  const { path } = options;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { count, goodBytes } = await replayFile(options);
  if (count > COMPACT_ABOVE) {
    const records = options.snapshot();
    if (count > 2 * records.length) {
      const content = Buffer.from(records.map((record) => line([record])).join(''));
      await writeFileAtomic(path, content);
      return appender(await open(path, 'r+', 0o600), content.length, path);
    }
  }
  const handle = await open(path, goodBytes === undefined ? 'wx+' : 'r+', 0o600);
  if (goodBytes === undefined) await syncFolder(dirname(path));
  else await handle.truncate(goodBytes);
  return appender(handle, goodBytes ?? 0, path);
}

async function replayFile<T>(
  options: JournalOptions<T>,
): Promise<{ readonly count: number; readonly goodBytes: number | undefined }> {
  let content: Buffer;
  try {
    content = await readFile(options.path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { count: 0, goodBytes: undefined };
    throw error;
  }
  let count = 0;
  let start = 0;
  let torn: number | undefined;
  const schema = z.array(options.schema);
  while (start < content.length) {
    const newline = content.indexOf(0x0a, start);
    const end = newline < 0 ? content.length : newline;
    const records = newline < 0 ? undefined : readLine(content.subarray(start, end), schema);
    if (records === undefined) torn ??= start;
    else if (torn !== undefined) throw damaged(options.path, torn);
    else for (const record of records) options.replay(record);
    count += records?.length ?? 0;
    start = end + 1;
  }
  return { count, goodBytes: torn ?? content.length };
}

function readLine<T>(bytes: Buffer, schema: z.ZodType<T[]>): readonly T[] | undefined {
  const json = bytes.subarray(9);
  if (bytes[8] !== 0x20 || crc32(json) !== Number.parseInt(bytes.toString('latin1', 0, 8), 16)) return undefined;
  const parsed = schema.safeParse(JSON.parse(json.toString('utf8')));
  if (parsed.success) return parsed.data;
  // The line is as it was written, so this is no torn write: another version of the program wrote it.
  throw new LadingError('state-invalid', 'the journal has a record that this version of Lading does not know', {
    cause: parsed.error,
    hint: 'move the data folder away to start afresh',
  });
}

const damaged = (path: string, at: number): LadingError =>
  new LadingError('journal-damaged', `${path} is damaged at byte ${at}, with good records behind it`, {
    hint: 'restore the file, or move the data folder away to start afresh',
  });

function appender<T>(handle: FileHandle, length: number, path: string): Journal<T> {
  let size = length;
  let waiting: { readonly record: T; readonly done: (error?: Error) => void }[] = [];
  let flushing: Promise<void> | undefined;
  let broken: LadingError | undefined;

  const flush = async (): Promise<void> => {
    // Not before this turn ends: `flushing` must hold this promise before it can be done, and neighbours may join.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      let failure: Error | undefined = broken;
      if (failure === undefined) {
        const bytes = Buffer.from(line(batch.map((entry) => entry.record)));
        try {
          await writeAll(handle, bytes, size);
          await handle.datasync();
          size += bytes.length;
        } catch (error) {
          failure = error instanceof Error ? error : new Error(String(error));
          // What may have reached the file was not acknowledged, and must not come back after a restart.
          await handle.truncate(size).catch((cause: unknown) => {
            broken = new LadingError('journal-broken', `${path} cannot be written any more`, { cause });
          });
        }
      }
      for (const entry of batch) entry.done(failure);
    }
    flushing = undefined;
  };

  return {
    append: (record) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ record, done: (error) => (error ? reject(error) : resolve()) });
        flushing ??= flush();
      }),
    close: async () => {
      while (flushing) await flushing;
      await handle.close();
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
