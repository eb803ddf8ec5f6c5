import { LimitExceededError } from '../../core/errors.ts';
import { defaultTarLimits, type TarEntry, type TarHandler, type TarLimits, type TarSink } from './entry.ts';
import { TarError } from './errors.ts';
import { BLOCK, isZeroBlock, parseHeader, type RawHeader } from './header.ts';
import { type PaxRecords, parsePaxRecords } from './pax.ts';
import { resolveEntry } from './resolve-entry.ts';
import {
  checkFragments,
  createDataMap,
  type DataMap,
  expandSparse,
  parseOldGnuMap,
  parsePaxMap,
  type SparseFragment,
} from './sparse.ts';
import { decodeName, untilNul } from './text.ts';

export interface TarReaderOptions {
  readonly limits?: Partial<TarLimits>;
  /**
   * POSIX lets the records of a `g` entry hold for all entries after it. Go's `archive/tar`, and so every container
   * runtime, skips them: choose `skip` to see what such a runtime would unpack. Default `apply`.
   */
  readonly globalHeaders?: 'apply' | 'skip';
}

/** What was seen of an archive once it ended. */
export interface TarSummary {
  readonly entries: number;
  /** Bytes of content as `TarEntry.size` counts them. */
  readonly contentBytes: number;
  readonly globalHeaders: number;
  /** False where the archive stops without its two zero blocks (which readers accept). */
  readonly closed: boolean;
  /** True where bytes other than zeros follow the end of the archive: readers ignore them. */
  readonly trailingData: boolean;
}

type State =
  | { readonly in: 'header' }
  | { readonly in: 'meta'; readonly typeflag: string; readonly parts: Buffer[]; left: number }
  | { readonly in: 'sparse-extension'; readonly pending: Pending; readonly fragments: SparseFragment[] }
  | { readonly in: 'sparse-map'; readonly pending: Pending; readonly map: DataMap }
  | { readonly in: 'data'; readonly sink: TarSink | undefined; left: number; readonly padding: number }
  | { readonly in: 'padding'; left: number }
  | { readonly in: 'after-end' };

/** An entry whose header is read, but not yet all that says what its content is. */
interface Pending {
  readonly entry: TarEntry;
  /** Bytes that the archive holds of it. */
  readonly stored: number;
}

/**
 * A streaming reader of tar archives from strangers: ustar, PAX, GNU long names, base-256 sizes, and sparse files of all
 * four kinds. It is fed chunks of any length and calls `handler` as it goes; nothing is copied unless a header lies
 * across two chunks, and contents that nobody wants are only counted. A chunk may be used again once `feed` returns.
 *
 * `feed` and `end` throw TarError for what is no archive and LimitExceededError over a cap; after that the reader is dead.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #limits: TarLimits;
  readonly #applyGlobal: boolean;
  #state: State = { in: 'header' };
  /** A block that began in an earlier chunk. */
  readonly #block = Buffer.alloc(BLOCK);
  #held = 0;
  #offset = 0;
  #zeroBlocks = 0;
  #global: PaxRecords = {};
  #local: PaxRecords = {};
  #longName: string | undefined;
  #longLink: string | undefined;
  #entries = 0;
  #contentBytes = 0;
  #globalHeaders = 0;
  #trailing = 0;
  #trailingData = false;

  constructor(handler: TarHandler, options: TarReaderOptions = {}) {
    this.#handler = handler;
    this.#limits = { ...defaultTarLimits, ...options.limits };
    this.#applyGlobal = options.globalHeaders !== 'skip';
  }

  feed(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const state = this.#state;
      if (state.in === 'header' || state.in === 'sparse-extension' || state.in === 'sparse-map') {
        at += this.#takeBlock(bytes, at, state);
      } else if (state.in === 'after-end') {
        this.#lookAtTrailing(bytes.subarray(at));
        this.#offset += bytes.length - at;
        return;
      } else {
        const length = Math.min(state.left, bytes.length - at);
        if (state.in === 'meta') {
          const part = bytes.subarray(at, at + length);
          state.parts.push(length === state.left ? part : Buffer.from(part));
        } else if (state.in === 'data') state.sink?.write(bytes.subarray(at, at + length));
        at += length;
        this.#offset += length;
        state.left -= length;
        if (state.left === 0) this.#finish(state);
      }
    }
  }

  /** Says that the archive has ended. @throws TarError where it ended in the middle of something. */
  end(): TarSummary {
    const state = this.#state;
    const whole = state.in === 'after-end' || state.in === 'padding' || state.in === 'header';
    if (!whole || this.#held > 0) throw new TarError('the archive is cut short', this.#offset);
    return {
      entries: this.#entries,
      contentBytes: this.#contentBytes,
      globalHeaders: this.#globalHeaders,
      closed: state.in === 'after-end',
      trailingData: this.#trailingData,
    };
  }

  /** Gathers one block, from this chunk alone where it is whole there; returns how many bytes it took. */
  #takeBlock(
    bytes: Buffer,
    at: number,
    state: Extract<State, { in: 'header' | 'sparse-extension' | 'sparse-map' }>,
  ): number {
    let block: Buffer;
    let taken = BLOCK;
    if (this.#held === 0 && bytes.length - at >= BLOCK) {
      block = bytes.subarray(at, at + BLOCK);
    } else {
      taken = Math.min(BLOCK - this.#held, bytes.length - at);
      bytes.copy(this.#block, this.#held, at, at + taken);
      this.#held += taken;
      if (this.#held < BLOCK) {
        this.#offset += taken;
        return taken;
      }
      block = this.#block;
      this.#held = 0;
    }
    const start = this.#offset + taken - BLOCK;
    this.#offset += taken;
    if (state.in === 'header') this.#header(block, start);
    else if (state.in === 'sparse-extension') this.#sparseExtension(block, state);
    else this.#sparseMap(block, state);
    return taken;
  }

  #header(block: Buffer, offset: number): void {
    if (isZeroBlock(block)) {
      this.#zeroBlocks++;
      if (this.#zeroBlocks === 2) this.#state = { in: 'after-end' };
      return;
    }
    if (this.#zeroBlocks > 0) throw new TarError('a single zero block is followed by data', offset);
    const header = parseHeader(block, offset);
    if ('xgXLK'.includes(header.typeflag)) this.#metaHeader(header);
    else this.#entryHeader(header, block, offset);
  }

  #metaHeader(header: RawHeader): void {
    if (header.size > this.#limits.maxHeaderBytes) {
      over(
        'tar-header-bytes',
        `an extended header has ${header.size} bytes, the cap is ${this.#limits.maxHeaderBytes}`,
      );
    }
    const state: State = { in: 'meta', typeflag: header.typeflag, parts: [], left: header.size };
    this.#state = state;
    if (header.size === 0) this.#finish(state);
  }

  #metaContent(typeflag: string, content: Buffer): void {
    if (typeflag === 'g') {
      this.#globalHeaders++;
      const records = parsePaxRecords(content, this.#offset);
      if (this.#applyGlobal) this.#global = { ...this.#global, ...records };
    } else if (typeflag === 'L') this.#longName = decodeName(untilNul(content));
    else if (typeflag === 'K') this.#longLink = decodeName(untilNul(content));
    else this.#local = parsePaxRecords(content, this.#offset);
  }

  #entryHeader(header: RawHeader, block: Buffer, offset: number): void {
    const records = { ...this.#global, ...this.#local };
    const names = { longName: this.#longName, longLink: this.#longLink };
    const { entry, stored, sparseFormat } = resolveEntry({ header, block, records, ...names, offset });
    const map = records.sparse?.get('map') ?? '';
    this.#local = {};
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#checkPath(entry.path);
    this.#checkPath(entry.linkname);
    this.#count(entry);
    const pending = { entry, stored };
    if (sparseFormat === 'old-gnu') this.#oldGnuSparse(block, pending);
    else if (sparseFormat === 'records') this.#content(pending, parsePaxMap(map, offset));
    else if (sparseFormat === 'data') this.#state = { in: 'sparse-map', pending, map: createDataMap(offset) };
    else this.#content(pending, undefined);
  }

  #oldGnuSparse(block: Buffer, pending: Pending): void {
    const fragments = parseOldGnuMap(block, 386, 4, pending.entry.offset);
    if (block[482]) this.#state = { in: 'sparse-extension', pending, fragments };
    else this.#content(pending, fragments);
  }

  #sparseExtension(block: Buffer, state: Extract<State, { in: 'sparse-extension' }>): void {
    state.fragments.push(...parseOldGnuMap(block, 0, 21, state.pending.entry.offset));
    this.#checkMapBytes(state.fragments.length * 24);
    if (!block[504]) this.#content(state.pending, state.fragments);
  }

  #sparseMap(block: Buffer, state: Extract<State, { in: 'sparse-map' }>): void {
    const { entry, stored } = state.pending;
    const fragments = state.map.add(block);
    this.#checkMapBytes(state.map.bytes());
    if (state.map.bytes() > stored) throw new TarError('a sparse map is longer than its file', entry.offset);
    if (fragments) this.#content({ entry, stored: stored - state.map.bytes() }, fragments);
  }

  #checkMapBytes(bytes: number): void {
    if (bytes > this.#limits.maxHeaderBytes) {
      over('tar-header-bytes', `a sparse map is over ${this.#limits.maxHeaderBytes} bytes`);
    }
  }

  /** Everything is known of the entry: shows it to the handler and goes on to its content. */
  #content({ entry, stored }: Pending, fragments: readonly SparseFragment[] | undefined): void {
    if (fragments) {
      checkFragments(fragments, entry.size, entry.offset);
      const mapped = fragments.reduce((sum, fragment) => sum + fragment.length, 0);
      if (mapped !== stored) throw new TarError('a sparse file stores more or less than its map says', entry.offset);
    }
    let sink = this.#handler.entry(entry);
    if (sink && fragments) {
      if (entry.size > this.#limits.maxSparseBytes) {
        over(
          'tar-sparse-bytes',
          `a sparse file of ${entry.size} bytes would be expanded, the cap is ${this.#limits.maxSparseBytes}`,
        );
      }
      sink = expandSparse(sink, fragments, entry.size);
    }
    const padding = (BLOCK - (stored % BLOCK)) % BLOCK;
    const state: State = { in: 'data', sink, left: stored, padding };
    this.#state = state;
    if (stored === 0) this.#finish(state);
  }

  #finish(state: Extract<State, { in: 'meta' | 'data' | 'padding' }>): void {
    if (state.in === 'meta') {
      const content = state.parts.length === 1 ? (state.parts[0] as Buffer) : Buffer.concat(state.parts);
      this.#metaContent(state.typeflag, content);
      this.#skip((BLOCK - (content.length % BLOCK)) % BLOCK);
    } else if (state.in === 'data') {
      state.sink?.end();
      this.#skip(state.padding);
    } else this.#state = { in: 'header' };
  }

  #skip(left: number): void {
    this.#state = left === 0 ? { in: 'header' } : { in: 'padding', left };
  }

  #count(entry: TarEntry): void {
    this.#entries++;
    this.#contentBytes += entry.size;
    if (this.#entries > this.#limits.maxEntries) {
      over('tar-entries', `the archive has over ${this.#limits.maxEntries} entries`);
    }
    if (this.#contentBytes > this.#limits.maxContentBytes) {
      over('tar-content-bytes', `the files are over ${this.#limits.maxContentBytes} bytes together`);
    }
  }

  #checkPath(path: string): void {
    // A UTF-16 unit stands for at least one byte and at most three.
    const { maxPathBytes } = this.#limits;
    if (path.length > maxPathBytes || (path.length * 3 > maxPathBytes && Buffer.byteLength(path) > maxPathBytes)) {
      over('tar-path-bytes', `a path is over ${maxPathBytes} bytes`);
    }
  }

  /** Looks at the first part only: it is for a remark, and may be long. */
  #lookAtTrailing(bytes: Buffer): void {
    if (this.#trailingData || this.#trailing > 64 * 1024) return;
    this.#trailingData = bytes.subarray(0, 64 * 1024).some((byte) => byte !== 0);
    this.#trailing += bytes.length;
  }
}

function over(limit: string, message: string): never {
  throw new LimitExceededError(limit, message);
}
