import { type FileHandle, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { systemCode } from './errors.ts';
import { type OpenFile, openDirectory, removeFile, writeAll } from './files.ts';
import { coalesce } from './keyed-lock.ts';

const ALGORITHMS = ['sha256', 'sha512'] as const;

/**
 * Content-addressed files as in an OCI image layout: `blobs/<algorithm>/<hex>`. A file appears by rename, whole and
 * synced; its name is its digest, which was computed from the bytes on their way in.
 */
export interface BlobFiles {
  /** Closes a finished temporary file and moves it to its digest, which the caller has verified. */
  adopt(temporary: string, handle: FileHandle, digest: Digest, size: number): Promise<void>;
  write(bytes: Uint8Array, digest: Digest): Promise<void>;
  /** Whether the file is there with that size. */
  has(digest: Digest, size: number): Promise<boolean>;
  /** `undefined` where there is no such file, or one of another size (damaged from outside). */
  open(digest: Digest, size: number): Promise<FileHandle | undefined>;
  read(digest: Digest, size: number): Promise<Uint8Array | undefined>;
  /** Bytes freed; 0 where there was none. */
  remove(digest: Digest): Promise<number>;
  list(): Promise<readonly Digest[]>;
  /** Bytes on the disk; undefined where there is no such file. */
  size(digest: Digest): Promise<number | undefined>;
  close(): Promise<void>;
}

export async function createBlobFiles(directory: string, openForWriting: OpenFile): Promise<BlobFiles> {
  const folder = (algorithm: string): string => join(directory, 'blobs', algorithm);
  const path = (digest: Digest): string => join(folder(digestAlgorithm(digest)), digestHex(digest));
  for (const algorithm of ALGORITHMS) await mkdir(folder(algorithm), { recursive: true });
  const directories = { sha256: await openDirectory(folder('sha256')), sha512: await openDirectory(folder('sha512')) };
  const sync = { sha256: coalesce(directories.sha256.sync), sha512: coalesce(directories.sha512.sync) };
  let temporaries = 0;

  const place = async (temporary: string, digest: Digest): Promise<void> => {
    await rename(temporary, path(digest));
    await sync[digestAlgorithm(digest)]();
  };

  return {
    async adopt(temporary, handle, digest, size) {
      const { size: actual } = await handle.stat();
      if (actual !== size) throw new LadingError('upload-torn', `${actual} bytes are on disk, ${size} were hashed`);
      await handle.sync();
      await handle.close();
      await place(temporary, digest);
    },
    async write(bytes, digest) {
      const temporary = join(directory, 'uploads', `manifest-${process.pid}-${temporaries++}`);
      const handle = await openForWriting(temporary, 'wx');
      try {
        await writeAll(handle, [bytes], 0);
        await handle.sync();
        await handle.close();
        await place(temporary, digest);
      } catch (error) {
        await handle.close().catch(() => undefined);
        await removeFile(temporary);
        throw error;
      }
    },
    has: async (digest, size) => (await sizeOf(path(digest))) === size,
    size: (digest) => sizeOf(path(digest)),
    open: (digest, size) => openExact(path(digest), size),
    async read(digest, size) {
      const handle = await openExact(path(digest), size);
      if (!handle) return undefined;
      try {
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    },
    async remove(digest) {
      const size = await sizeOf(path(digest));
      await removeFile(path(digest));
      return size ?? 0;
    },
    async list() {
      const names = await Promise.all(
        ALGORITHMS.map(async (algorithm) => (await readdir(folder(algorithm))).map((name) => `${algorithm}:${name}`)),
      );
      return names.flat().filter(isDigest);
    },
    async close() {
      await directories.sha256.close();
      await directories.sha512.close();
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function openExact(path: string, size: number): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  if ((await handle.stat()).size === size) return handle;
  await handle.close();
  return undefined;
}
