import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { LadingError } from '../../core/errors.ts';
import type { BundleFiles, BundleSink } from '../bundle/ports.ts';

const PIECE_BYTES = 512 * 1024;
const UNFINISHED = '.partial';
const MOST_VOLUMES = 999;

interface Volume {
  readonly path: string;
  readonly start: number;
  readonly size: number;
}

const volumeName = (path: string, number: number): string => `${path}.${String(number).padStart(3, '0')}`;

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * The files of a bundle: those that are named, in their order; or of one name the file, or all its volumes (`.001`, …).
 *
 * @throws LadingError `bundle-volume-missing`
 */
export async function bundleFiles(names: readonly string[]): Promise<BundleFiles> {
  const paths = names.length === 1 ? await volumesOf(names[0] as string) : names;
  const volumes: Volume[] = [];
  let size = 0;
  for (const path of paths) {
    const own = await sizeOf(path);
    if (own === undefined) throw new LadingError('bundle-volume-missing', `there is no file ${path}`);
    volumes.push({ path, start: size, size: own });
    size += own;
  }
  const last = paths.at(-1) ?? '';
  const number = /\.(\d{3})$/.exec(last)?.[1];
  const next = number === undefined ? last : volumeName(last.slice(0, -4), Number(number) + 1);
  return { size, next, read: (start, length) => readVolumes(volumes, start, length) };
}

async function volumesOf(name: string): Promise<readonly string[]> {
  if ((await sizeOf(name)) !== undefined && !name.endsWith('.001')) return [name];
  const base = name.replace(/\.001$/, '');
  const found: string[] = [];
  for (let number = 1; number <= MOST_VOLUMES; number++) {
    const path = volumeName(base, number);
    if ((await sizeOf(path)) === undefined) break;
    found.push(path);
  }
  return found.length > 0 ? found : [name];
}

async function* readVolumes(
  volumes: readonly Volume[],
  start: number,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const volume of volumes) {
    const from = Math.max(start, volume.start);
    const until = Math.min(start + length, volume.start + volume.size);
    if (from >= until) continue;
    const file = await open(volume.path, 'r');
    try {
      for (let at = from - volume.start; at < until - volume.start; ) {
        const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, until - volume.start - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}

/**
 * Writes a bundle into one file, or into volumes of a size. A file that is not whole yet ends in `.partial`; another run
 * finds it and goes on with it.
 */
export async function bundleSink(path: string, volumeBytes?: number): Promise<BundleSink & { close(): Promise<void> }> {
  const most = volumeBytes ?? Number.MAX_SAFE_INTEGER;
  const nameOf = (index: number): string => (volumeBytes === undefined ? path : volumeName(path, index + 1));
  let volumes = await writtenBefore(nameOf, most);
  let written = volumes.reduce((sum, { size }) => sum + size, 0);
  let current: { readonly index: number; readonly file: FileHandle } | undefined;

  const close = async (): Promise<void> => {
    if (current === undefined) return;
    const { file } = current;
    current = undefined;
    await file.sync();
    await file.close();
  };
  /** The volume that comes next is begun; the one before it is whole. */
  const openAt = async (index: number): Promise<FileHandle> => {
    if (current?.index === index) return current.file;
    await close();
    if (index >= MOST_VOLUMES) {
      throw new LadingError('bundle-volumes', `a bundle has at most ${MOST_VOLUMES} volumes`, {
        hint: 'make them larger',
      });
    }
    if (index > 0) await finished(nameOf(index - 1));
    const file = await open(nameOf(index) + UNFINISHED, 'a');
    current = { index, file };
    return file;
  };
  const unfinished = volumes.at(-1)?.path.endsWith(UNFINISHED) ?? false;
  return {
    unfinished,
    get written() {
      return written;
    },
    async read(start, length) {
      const parts: Uint8Array[] = [];
      for await (const piece of readVolumes(volumes, start, length)) parts.push(piece);
      return Buffer.concat(parts);
    },
    async truncate(length) {
      await close();
      for (const [index, volume] of volumes.entries()) {
        const kept = Math.max(0, Math.min(volume.size, length - volume.start));
        if (kept === volume.size && kept === most) continue;
        if (kept === 0) await rm(volume.path, { force: true });
        else await cut(volume.path, nameOf(index) + UNFINISHED, kept);
      }
      volumes = [];
      written = length;
    },
    async append(piece) {
      for (let at = 0; at < piece.length; ) {
        const index = Math.floor(written / most);
        const file = await openAt(index);
        const run = piece.subarray(at, at + most - (written - index * most));
        await file.appendFile(run);
        at += run.length;
        written += run.length;
      }
    },
    async finish() {
      await close();
      const count = Math.max(1, Math.ceil(written / most));
      await finished(nameOf(count - 1));
      return Array.from({ length: count }, (_, index) => nameOf(index));
    },
    close,
  };
}

async function writtenBefore(nameOf: (index: number) => string, most: number): Promise<readonly Volume[]> {
  const volumes: Volume[] = [];
  for (let start = 0; volumes.length < MOST_VOLUMES; ) {
    const name = nameOf(volumes.length);
    const whole = await sizeOf(name);
    const path = whole === undefined ? name + UNFINISHED : name;
    const size = whole ?? (await sizeOf(path));
    if (size === undefined) break;
    volumes.push({ path, start, size });
    start += size;
    if (size !== most) break;
  }
  return volumes;
}

async function cut(path: string, as: string, length: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(length);
  } finally {
    await file.close();
  }
  if (path !== as) await rename(path, as);
}

async function finished(name: string): Promise<void> {
  if ((await sizeOf(name + UNFINISHED)) !== undefined) await rename(name + UNFINISHED, name);
}
