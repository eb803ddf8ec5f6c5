import { type FileHandle, open, unlink } from 'node:fs/promises';
import { systemCode } from './errors.ts';

/** How files are opened for writing, as a port: tests put a full disk here. */
export type OpenFile = (path: string, flags: string) => Promise<FileHandle>;

export const openFile: OpenFile = (path, flags) => open(path, flags, 0o644);

/** Writes all bytes at the position, however often the system takes only a part. */
export async function writeAll(handle: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let rest = buffers.filter((each) => each.length > 0);
  let at = position;
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest, at);
    at += bytesWritten;
    rest = rest.flatMap((each) => {
      const taken = Math.min(bytesWritten, each.length);
      bytesWritten -= taken;
      return taken === each.length ? [] : [each.subarray(taken)];
    });
  }
}

/** Removes a file that may be gone already. (`rm` of node:fs looks at it first, which costs more than the removal.) */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** A directory whose renames and new names can be made durable. Windows cannot, and keeps them in its own journal. */
export interface SyncedDirectory {
  sync(): Promise<void>;
  close(): Promise<void>;
}

export async function openDirectory(path: string): Promise<SyncedDirectory> {
  if (process.platform === 'win32') return { sync: async () => undefined, close: async () => undefined };
  const handle = await open(path, 'r');
  return { sync: () => handle.sync(), close: () => handle.close() };
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await openDirectory(path);
  await directory.sync().finally(() => directory.close());
}
