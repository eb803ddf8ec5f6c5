import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { describeError, LimitExceededError } from '../../../core/errors.ts';
import { normalizePath, type TarEntry, TarReader } from '../../../formats/tar/index.ts';
import { registryError } from '../../errors.ts';
import type { LayoutFiles } from '../layout/files.ts';
import { type ReadFileOptions, readFile } from '../layout/read-file.ts';

/** Far more than any archive of images has; the index of the entries is kept in memory. */
const MAX_ENTRIES = 100_000;
const MAX_LINKS = 8;
const BLOCK = 512;
const CHUNK_BYTES = 256 * 1024;

type Place =
  | { readonly kind: 'file'; readonly offset: number; readonly size: number }
  | { readonly kind: 'link'; readonly target: string };

/**
 * The files inside a tar archive, without unpacking it: one pass notes where each content lies, then they are read in
 * place. Links are followed inside the archive only.
 *
 * @throws LadingError `source-invalid` where it is no archive, or a compressed one
 */
export async function openTarFiles(path: string): Promise<LayoutFiles> {
  const places = await indexEntries(path);
  const find = (name: string): Extract<Place, { kind: 'file' }> | undefined => {
    let at = normalizePath(name).path;
    for (let hop = 0; hop <= MAX_LINKS; hop++) {
      const place = places.get(at);
      if (place?.kind !== 'link') return place;
      at = place.target;
    }
    return undefined;
  };
  return {
    name: `archive "${path}"`,
    sizeOf: async (name) => find(name)?.size,
    open: (name, options) => {
      const place = find(name);
      if (place === undefined) throw registryError('source-invalid', `archive "${path}" has no file ${name}`);
      return readPlace(path, place, options);
    },
  };
}

async function indexEntries(path: string): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>();
  const reader = new TarReader(
    {
      entry(entry) {
        const place = placeOf(entry);
        // The later of two entries with one name counts, as for who unpacks it.
        if (place === undefined) places.delete(normalizePath(entry.path).path);
        else places.set(normalizePath(entry.path).path, place);
        return undefined;
      },
    },
    { limits: { maxEntries: MAX_ENTRIES, maxContentBytes: Number.MAX_SAFE_INTEGER } },
  );
  await refuseCompressed(path);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) reader.feed(chunk as Uint8Array);
    reader.end();
  } catch (error) {
    if (error instanceof LimitExceededError) throw error;
    throw registryError('source-invalid', `"${path}" cannot be read as a tar archive: ${describeError(error)}`, {
      cause: error,
    });
  }
  return places;
}

function placeOf(entry: TarEntry): Place | undefined {
  if (entry.type === 'file' && !entry.sparse) return { kind: 'file', offset: entry.offset + BLOCK, size: entry.size };
  if (entry.type === 'hardlink') return { kind: 'link', target: normalizePath(entry.linkname).path };
  if (entry.type !== 'symlink') return undefined;
  const folder = posix.dirname(`/${normalizePath(entry.path).path}`);
  return { kind: 'link', target: normalizePath(posix.resolve(folder, entry.linkname)).path };
}

async function refuseCompressed(path: string): Promise<void> {
  let start: Buffer;
  try {
    const file = await open(path, 'r');
    try {
      start = (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw registryError('source-invalid', `"${path}" cannot be read: ${describeError(error)}`, { cause: error });
  }
  const tool = compressionOf(start) === 'gzip' ? 'gunzip' : compressionOf(start) === 'zstd' ? 'zstd -d' : undefined;
  if (tool === undefined) return;
  throw registryError('source-invalid', `"${path}" is a compressed archive, which cannot be read in place`, {
    hint: `unpack it first: ${tool} ${path}`,
  });
}

/** By the first bytes: RFC 1952, section 2.3.1; RFC 8878, section 3.1.1. */
export function compressionOf(start: Uint8Array): 'gzip' | 'zstd' | 'none' {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  const isZstd = start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
  return isZstd ? 'zstd' : 'none';
}

function readPlace(
  path: string,
  place: { readonly offset: number; readonly size: number },
  options: ReadFileOptions = {},
): AsyncIterable<Uint8Array> {
  const start = place.offset + (options.range?.start ?? 0);
  const end = place.offset + Math.min(place.size - 1, options.range?.end ?? place.size - 1);
  return readFile(path, { ...options, range: { start, end }, followLinks: true });
}
