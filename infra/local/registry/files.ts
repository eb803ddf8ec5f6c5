import { type FileHandle, open } from 'node:fs/promises';

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

/** Makes renames and new names in the directory durable. Windows cannot, and keeps them in its own journal. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
