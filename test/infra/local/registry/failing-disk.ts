import type { FileHandle } from 'node:fs/promises';
import { type OpenFile, openFile } from '../../../../infra/local/registry/files.ts';

/**
 * A disk with room for so many more bytes. As a real one it takes a part of a write before it refuses, so what must be
 * cleaned up is really there.
 */
export function failingDisk(): { readonly open: OpenFile; allow(bytes: number): void } {
  let room = Number.POSITIVE_INFINITY;
  const full = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const limit = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, name) {
        if (name === 'writev') {
          return async (buffers: readonly Uint8Array[], position: number) => {
            const all = Buffer.concat(buffers);
            const taken = Math.min(all.length, room);
            room -= taken;
            if (taken > 0) await target.write(all, 0, taken, position);
            if (taken === 0 && all.length > 0) throw full();
            return { bytesWritten: taken, buffers };
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return {
    open: async (path, flags) => limit(await openFile(path, flags)),
    allow(bytes) {
      room = bytes;
    },
  };
}
