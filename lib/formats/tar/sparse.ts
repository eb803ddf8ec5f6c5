import type { TarSink } from './entry.ts';
import { TarError } from './errors.ts';
import { BLOCK, parseNumber } from './header.ts';
import { naturalNumber } from './pax.ts';

/** A piece of a sparse file that the archive holds; all between the pieces is zeros. */
export interface SparseFragment {
  readonly offset: number;
  readonly length: number;
}

/** The map of an old GNU header (type `S`): 4 pairs in the header, 21 more in each extension block that follows. */
export function parseOldGnuMap(block: Buffer, at: number, count: number, offset: number): SparseFragment[] {
  const fragments: SparseFragment[] = [];
  for (let i = 0; i < count && block[at + i * 24] !== 0; i++) {
    const start = parseNumber(block, at + i * 24, 12);
    const length = parseNumber(block, at + i * 24 + 12, 12);
    if (start === undefined || length === undefined) throw new TarError('a sparse map is malformed', offset);
    fragments.push({ offset: start, length });
  }
  return fragments;
}

/** The map of PAX formats 0.0 and 0.1: `offset,length,offset,length…`. */
export function parsePaxMap(text: string, offset: number): SparseFragment[] {
  const parts = text === '' ? [] : text.split(',');
  if (parts.length % 2 !== 0) throw new TarError('a sparse map is malformed', offset);
  return pairs(parts, offset);
}

/** Gathers the map of PAX format 1.0 block by block. */
export interface DataMap {
  /** The pieces, once the map is whole. */
  add(block: Buffer): SparseFragment[] | undefined;
  bytes(): number;
}

/**
 * The map of PAX format 1.0 stands at the start of the data: a count, then offsets and lengths in turn, each a line,
 * filled up to whole blocks.
 */
export function createDataMap(offset: number): DataMap {
  const blocks: Buffer[] = [];
  let lines = 0;
  let needed: number | undefined;
  return {
    bytes: () => blocks.length * BLOCK,
    add(block) {
      blocks.push(Buffer.from(block));
      for (let at = block.indexOf(0x0a); at >= 0; at = block.indexOf(0x0a, at + 1)) lines++;
      if (needed === undefined) {
        const count = naturalNumber(block.toString('latin1', 0, block.indexOf(0x0a)));
        if (count === undefined) throw new TarError('a sparse map is malformed', offset);
        needed = 1 + count * 2;
      }
      if (lines < needed) return undefined;
      return pairs(Buffer.concat(blocks).toString('latin1').split('\n', needed).slice(1), offset);
    },
  };
}

function pairs(parts: readonly string[], offset: number): SparseFragment[] {
  const fragments: SparseFragment[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const start = naturalNumber(parts[i] as string);
    const length = naturalNumber(parts[i + 1] as string);
    if (start === undefined || length === undefined) throw new TarError('a sparse map is malformed', offset);
    fragments.push({ offset: start, length });
  }
  return fragments;
}

/** @throws TarError where pieces overlap, go backwards, or pass the end of the file. */
export function checkFragments(fragments: readonly SparseFragment[], size: number, offset: number): void {
  let end = 0;
  for (const fragment of fragments) {
    if (fragment.offset < end || fragment.length < 0) throw new TarError('the pieces of a sparse file overlap', offset);
    end = fragment.offset + fragment.length;
    if (!Number.isSafeInteger(end) || end > size) throw new TarError('a sparse file passes its own end', offset);
  }
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Passes the stored pieces on to `sink` with the holes between them filled in. */
export function expandSparse(sink: TarSink, fragments: readonly SparseFragment[], size: number): TarSink {
  let position = 0;
  let index = 0;
  let used = 0;
  const zerosUpTo = (end: number): void => {
    while (position < end) {
      const length = Math.min(end - position, ZEROS.length);
      sink.write(ZEROS.subarray(0, length));
      position += length;
    }
  };
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const fragment = fragments[index];
        if (fragment === undefined) return;
        zerosUpTo(fragment.offset);
        const length = Math.min(fragment.length - used, chunk.length - at);
        if (length > 0) sink.write(chunk.subarray(at, at + length));
        position += length;
        used += length;
        at += length;
        if (used === fragment.length) {
          index++;
          used = 0;
        }
      }
    },
    end() {
      zerosUpTo(size);
      sink.end();
    },
  };
}
