import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../state/atomic-file.ts';
import { S3Error } from './errors.ts';
import type { Segment } from './model.ts';

const READ_BYTES = 256 * 1024;

/**
 * The bytes of the objects: one file per upload, under a random name, so that no key ever becomes a path. A file is
 * synced before its record is written to the journal, and only a record makes it readable: what a crash leaves without
 * a record is swept at the next start. Versions count their references; the last one takes the file with it.
 */
export interface BlobStore {
  /** Writes a stream durably. `observe` sees each chunk before it is written; a stream over `limit` bytes is refused. */
  write(source: AsyncIterable<Uint8Array>, limit: number, observe: (chunk: Uint8Array) => void): Promise<Segment>;
  /** The bytes from `start` up to, not including, `end` of the segments laid end to end. */
  read(segments: readonly Segment[], start: number, end: number): AsyncIterable<Uint8Array>;
  retain(segments: readonly Segment[]): void;
  release(segments: readonly Segment[]): void;
  /** Removes a file that got no record. */
  discard(segment: Segment): Promise<void>;
  /** Removes what no record names, once all records are loaded. Until then nothing is removed: a later record may name it. */
  sweep(): Promise<number>;
  /** Ends when the files of released segments are gone. */
  settled(): Promise<void>;
}

export async function openBlobStore(folder: string): Promise<BlobStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const references = new Map<string, number>();
  const removals = new Set<Promise<void>>();
  let loaded = false;
  const sync = coalesce(() => syncFolder(folder));
  const path = (id: string): string => join(folder, id);

  const remove = (id: string): Promise<void> => {
    // A file that cannot be removed now is unreferenced, so the sweep of the next start removes it.
    const removal = unlink(path(id)).catch(() => undefined);
    removals.add(removal);
    return removal.then(() => void removals.delete(removal));
  };
  const release = (segments: readonly Segment[]): void => {
    for (const { id } of segments) {
      const left = (references.get(id) ?? 0) - 1;
      if (left > 0) references.set(id, left);
      else {
        references.delete(id);
        if (loaded) void remove(id);
      }
    }
  };
  const retain = (segments: readonly Segment[]): void => {
    for (const { id } of segments) references.set(id, (references.get(id) ?? 0) + 1);
  };

  return {
    retain,
    release,
    discard: ({ id }) => (references.has(id) ? Promise.resolve() : remove(id)),
    write: async (source, limit, observe) => {
      const id = randomUUID();
      const handle = await open(path(id), 'wx', 0o600);
      try {
        const size = await drainInto(handle, source, limit, observe);
        await handle.datasync();
        await handle.close();
        await sync();
        return { id, size };
      } catch (error) {
        await handle.close().catch(() => undefined);
        await remove(id);
        throw error;
      }
    },
    read: async function* (segments, start, end) {
      retain(segments);
      try {
        let offset = 0;
        for (const { id, size } of segments) {
          const from = Math.max(start - offset, 0);
          const to = Math.min(end - offset, size);
          offset += size;
          if (from >= to) continue;
          yield* createReadStream(path(id), { start: from, end: to - 1, highWaterMark: READ_BYTES });
        }
      } finally {
        release(segments);
      }
    },
    sweep: async () => {
      loaded = true;
      const orphans = (await readdir(folder)).filter((name) => !references.has(name));
      await Promise.all(orphans.map(remove));
      return orphans.length;
    },
    settled: async () => {
      await Promise.all(removals);
    },
  };
}

async function drainInto(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  limit: number,
  observe: (chunk: Uint8Array) => void,
): Promise<number> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) {
      throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
        details: { MaxSizeAllowed: String(limit) },
      });
    }
    observe(chunk);
    for (let written = 0; written < chunk.length; ) {
      written += (await handle.write(chunk, written)).bytesWritten;
    }
  }
  return size;
}

/** Calls that come while one runs share the next run: each is covered by a run that began after it. */
function coalesce(run: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    current = run().finally(() => {
      current = undefined;
    });
    return current;
  };
  return () => {
    if (current === undefined) return start();
    next ??= current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}
