import { createReadStream } from 'node:fs';
import { type FileHandle, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LadingError } from '../../../lib/core/errors.ts';
import { explainDiskError } from './errors.ts';
import { type OpenFile, removeFile, syncDirectory, writeAll } from './files.ts';

/** The file under a journal: whole lines, appended durably or not at all. */
export interface JournalFile {
  /** @throws OciError 507 on a full disk; the file is as before then */
  append(records: readonly unknown[]): Promise<void>;
  /** Puts another file of these records in its place. */
  rewrite(records: Iterable<unknown>): Promise<void>;
  close(): Promise<void>;
}

const LINES_AT_ONCE = 1000;

/** Opens the file for appending at `length`; what lies behind is cut off. */
export async function openJournalFile(path: string, open: OpenFile, length: number | undefined): Promise<JournalFile> {
  let handle = await open(path, length === undefined ? 'w+' : 'r+');
  let end = length ?? 0;
  let broken: LadingError | undefined;
  try {
    await handle.truncate(end);
    await syncDirectory(dirname(path));
  } catch (error) {
    await handle.close();
    throw explainDiskError(error);
  }
  return {
    async append(records) {
      if (broken) throw broken;
      const bytes = encode(records);
      try {
        await writeAll(handle, [bytes], end);
        await handle.datasync();
        end += bytes.length;
      } catch (error) {
        // Half a line must not stay: the next append would continue it.
        await handle.truncate(end).catch((cause: unknown) => {
          broken = asBroken(cause);
        });
        throw explainDiskError(error);
      }
    },
    async rewrite(records) {
      const fresh = await writeFresh(path, open, records).catch((error: unknown) => {
        throw explainDiskError(error);
      });
      const old = handle;
      // From the rename on the old file has no name: nothing may be appended to it, whatever fails now.
      ({ handle, end } = fresh);
      await old.close();
      await syncDirectory(dirname(path));
    },
    close: () => handle.close(),
  };
}

const encode = (records: readonly unknown[]): Buffer =>
  Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));

const asBroken = (cause: unknown): LadingError =>
  new LadingError('journal-broken', 'the journal of the registry cannot be written any more', {
    cause,
    hint: 'start the registry again',
  });

async function writeFresh(
  path: string,
  open: OpenFile,
  records: Iterable<unknown>,
): Promise<{ readonly handle: FileHandle; readonly end: number }> {
  const temporary = `${path}.new`;
  const all = [...records];
  const handle = await open(temporary, 'w+');
  try {
    let end = 0;
    for (let i = 0; i < all.length; i += LINES_AT_ONCE) {
      const bytes = encode(all.slice(i, i + LINES_AT_ONCE));
      await writeAll(handle, [bytes], end);
      end += bytes.length;
    }
    await handle.sync();
    await rename(temporary, path);
    return { handle, end };
  } catch (error) {
    await handle.close();
    await removeFile(temporary);
    throw error;
  }
}

/** Whole lines only, as bytes: the position in the file must be exact. */
export async function* readLines(path: string): AsyncIterable<Buffer> {
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
