import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';

/** Makes created, renamed and removed names of a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; its file systems write the names of a folder through their own journal.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file whole: after a crash it holds the old bytes or the new ones, never a part. */
export async function writeFileAtomic(path: string, content: Uint8Array | string, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/**
 * One JSON document on disk, held in memory. `update` computes the next value, makes it durable, and only then shows
 * it; updates run one after the other.
 */
export interface StateDocument<T> {
  current(): T;
  update<R>(change: (value: T) => { readonly next: T; readonly result: R }): Promise<R>;
}

/** @throws LadingError `state-invalid` when the file is there and is not what this version wrote. */
export async function openStateDocument<T>(path: string, schema: z.ZodType<T>, initial: T): Promise<StateDocument<T>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let value: T = await read(path, schema, initial);
  let tail: Promise<unknown> = Promise.resolve();
  return {
    current: () => value,
    update: (change) => {
      const run = tail.then(async () => {
        const { next, result } = change(value);
        if (next !== value) {
          await writeFileAtomic(path, JSON.stringify(next));
          value = next;
        }
        return result;
      });
      tail = run.catch(() => undefined);
      return run;
    },
  };
}

async function read<T>(path: string, schema: z.ZodType<T>, initial: T): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return initial;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new LadingError('state-invalid', `${path} is not the state of this version of Lading`, {
      cause: error,
      hint: 'move the data folder away to start afresh',
    });
  }
}
