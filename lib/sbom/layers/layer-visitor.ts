import { LimitExceededError } from '../../core/errors.ts';
import { normalizePath, type TarEntry, type TarHandler, type TarSink } from '../../formats/tar/index.ts';
import type { FileKind } from '../catalogers/cataloger.ts';
import type { KindMatcher } from '../catalogers/match-kind.ts';
import type { Gap } from '../model.ts';
import { createFileTreeWriter } from './file-tree.ts';
import type { LayerInventory, Remark } from './inventory.ts';
import type { LayerLimits } from './limits.ts';

/** A hard link of some kind to a file whose content was not kept: it takes a second look at the layer. */
export interface WantedLink {
  readonly entry: number;
  readonly path: string;
  readonly target: string;
  readonly kind: FileKind;
}

export interface LayerFindings
  extends Pick<LayerInventory, 'tree' | 'contents' | 'gaps' | 'remarks' | 'remarkCount' | 'files'> {
  readonly wantedLinks: readonly WantedLink[];
}

const MAX_REMARKS = 50;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Turns the entries of a layer's archive into its file tree and reads the files of interest on the way. */
export class LayerVisitor implements TarHandler {
  readonly #kindOf: KindMatcher;
  readonly #limits: LayerLimits;
  readonly #tree = createFileTreeWriter();
  readonly #contents: LayerInventory['contents'] = [];
  readonly #readPaths = new Set<string>();
  readonly #links: WantedLink[] = [];
  readonly #gaps: Gap[] = [];
  readonly #remarks: Remark[] = [];
  #remarkCount = 0;
  #files = 0;
  #interesting = 0;
  #interestBytes = 0;

  constructor(kindOf: KindMatcher, limits: LayerLimits) {
    this.#kindOf = kindOf;
    this.#limits = limits;
  }

  entry(entry: TarEntry): TarSink | undefined {
    const { path, depth, escapes } = normalizePath(entry.path);
    if (escapes) this.#remark('path-over-root', entry.path);
    if (path === '') return undefined;
    if (depth > this.#limits.maxDepth) throw over('path-depth', this.#limits.maxDepth);
    if (this.#tree.length() > this.#limits.maxTreeChars) throw over('tree-chars', this.#limits.maxTreeChars);
    const slash = path.lastIndexOf('/');
    const directory = slash < 0 ? '' : path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (name.startsWith(WHITEOUT)) {
      this.#addWhiteout(directory, name, path);
      return undefined;
    }
    const index = this.#addEntry(directory, name, entry);
    if (index === undefined || (entry.type !== 'file' && entry.type !== 'hardlink')) return undefined;
    const kind = this.#kindOf(directory, name);
    if (!kind) return undefined;
    if (entry.type === 'file') return this.#sinkFor(kind, entry.size, index, path);
    this.#links.push({ entry: index, path, target: normalizePath(entry.linkname).path, kind });
    return undefined;
  }

  findings(): LayerFindings {
    return {
      tree: this.#tree.text(),
      contents: this.#contents,
      gaps: this.#gaps,
      remarks: this.#remarks,
      remarkCount: this.#remarkCount,
      files: this.#files,
      wantedLinks: this.#links.filter((link) => !this.#readPaths.has(link.target)),
    };
  }

  /** OCI image specification 1.1, "Representing Changes: Whiteouts". */
  #addWhiteout(directory: string, name: string, path: string): void {
    const hidden = name.slice(WHITEOUT.length);
    if (name === OPAQUE) this.#tree.add(directory, { type: 'opaque' });
    else if (hidden.startsWith(WHITEOUT)) this.#remark('aufs-metadata', path);
    else if (hidden === '' || hidden === '.' || hidden === '..') this.#remark('whiteout-of-nothing', path);
    else this.#tree.add(directory, { type: 'whiteout', name: hidden });
  }

  #addEntry(directory: string, name: string, entry: TarEntry): number | undefined {
    switch (entry.type) {
      case 'file':
        this.#files++;
        return this.#tree.add(directory, { type: 'file', name, size: entry.size });
      case 'directory':
        return this.#tree.add(directory, { type: 'directory', name });
      case 'symlink':
        return this.#tree.add(directory, { type: 'symlink', name, target: entry.linkname });
      case 'hardlink':
        return this.#tree.add(directory, { type: 'hardlink', name, target: normalizePath(entry.linkname).path });
      case 'device':
      case 'fifo':
        return this.#tree.add(directory, { type: 'node', name });
      case 'other':
        this.#remark('entry-of-unknown-type', entry.path);
        return undefined;
    }
  }

  #sinkFor(kind: FileKind, size: number, entry: number, path: string): TarSink | undefined {
    this.#interesting++;
    if (this.#interesting > this.#limits.maxFilesOfInterest) {
      throw over('files-of-interest', this.#limits.maxFilesOfInterest);
    }
    if (size > kind.maxBytes) {
      if (kind.importance === 'database') throw over(`${kind.id}-bytes`, kind.maxBytes, path);
      this.#gaps.push(tooLarge(kind, path));
      return undefined;
    }
    this.#interestBytes += size;
    if (this.#interestBytes > this.#limits.maxInterestBytes)
      throw over('interest-bytes', this.#limits.maxInterestBytes);
    return collect(size, (bytes) => {
      const parsed = parseContent(kind, bytes, path);
      if (parsed.status === 'content') {
        this.#contents.push({ entry, kind: kind.id, content: parsed.content });
        this.#readPaths.add(path);
      } else if (parsed.status === 'broken') {
        if (kind.importance === 'database') this.#gaps.push(broken(kind, path, parsed.why));
        else this.#remark(`${kind.id}-unreadable`, path);
      }
    });
  }

  #remark(code: string, path: string): void {
    this.#remarkCount++;
    if (this.#remarks.length < MAX_REMARKS) this.#remarks.push({ code, path });
  }
}

/** Gathers the content of one file; where it came in one piece it is not copied. */
export function collect(size: number, done: (content: Buffer) => void): TarSink {
  const parts: Uint8Array[] = [];
  return {
    write: (chunk) => void parts.push(chunk),
    end: () => {
      const [only] = parts;
      done(
        parts.length === 1 && only
          ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
          : Buffer.concat(parts, size),
      );
    },
  };
}

export type ParsedContent =
  | { readonly status: 'content'; readonly content: unknown }
  | { readonly status: 'other' }
  | { readonly status: 'broken'; readonly why: string };

export function parseContent(kind: FileKind, bytes: Buffer, path: string): ParsedContent {
  try {
    const content = kind.parse(bytes, path);
    return content === undefined ? { status: 'other' } : { status: 'content', content };
  } catch (error) {
    return { status: 'broken', why: error instanceof Error ? error.message : String(error) };
  }
}

const over = (limit: string, cap: number, path?: string): LimitExceededError =>
  new LimitExceededError(limit, `${path ? `${path} in the layer` : 'the layer'} is over the cap of ${cap} (${limit})`);

const tooLarge = (kind: FileKind, path: string): Gap => ({
  reason: 'limit',
  code: `${kind.id}-bytes`,
  message: `${path} is over ${kind.maxBytes} bytes and was not read`,
  path,
});

const broken = (kind: FileKind, path: string, why: string): Gap => ({
  reason: 'unreadable',
  code: `${kind.id}-unreadable`,
  message: `${path} cannot be read: ${why.slice(0, 300)}`,
  path,
});
