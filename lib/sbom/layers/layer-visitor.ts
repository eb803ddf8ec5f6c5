import { LimitExceededError } from '../../core/errors.ts';
import { normalizePath, type TarEntry, type TarHandler, type TarSink } from '../../formats/tar/index.ts';
import { type FileKind, HEAD_BYTES } from '../catalogers/cataloger.ts';
import type { HeadMatcher, KindMatcher } from '../catalogers/match-kind.ts';
import type { Gap } from '../model.ts';
import { createFileTreeWriter } from './file-tree.ts';
import type { LayerInventory, Remark } from './inventory.ts';
import type { LayerLimits } from './limits.ts';
import { isReadable, readContent, sniffContent } from './read-content.ts';

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
const MAX_SNIFFED_SPARSE = 64 * 1024 ** 2;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Turns the entries of a layer's archive into its file tree and reads the files of interest on the way. */
export class LayerVisitor implements TarHandler {
  readonly #kindOf: KindMatcher;
  readonly #kindOfHead: HeadMatcher;
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

  constructor(matchers: { readonly path: KindMatcher; readonly head: HeadMatcher }, limits: LayerLimits) {
    this.#kindOf = matchers.path;
    this.#kindOfHead = matchers.head;
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
    if (!kind) return entry.type === 'file' ? this.#sniff(entry, index, path) : undefined;
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

  /** A sparse file of great size is mostly holes (`lastlog`, disk images); it is not filled up for a look at it. */
  #sniff({ size, sparse }: TarEntry, entry: number, path: string): TarSink | undefined {
    if (size < HEAD_BYTES || (sparse && size > MAX_SNIFFED_SPARSE)) return undefined;
    return sniffContent(this.#kindOfHead, (kind) => this.#sinkFor(kind, size, entry, path));
  }

  #sinkFor(kind: FileKind, size: number, entry: number, path: string): TarSink | undefined {
    this.#interesting++;
    if (this.#interesting > this.#limits.maxFilesOfInterest) {
      throw over('files-of-interest', this.#limits.maxFilesOfInterest);
    }
    if (!isReadable(kind, size)) {
      if (kind.importance === 'database') throw over(`${kind.id}-bytes`, kind.maxBytes, path);
      this.#gaps.push(tooLarge(kind, path));
      return undefined;
    }
    if (!kind.bulky) this.#interestBytes += size;
    if (this.#interestBytes > this.#limits.maxInterestBytes)
      throw over('interest-bytes', this.#limits.maxInterestBytes);
    return readContent(kind, { path, size }, (parsed) => {
      if (parsed.status === 'content') {
        this.#contents.push({ entry, kind: kind.id, content: parsed.content });
        this.#gaps.push(...parsed.gaps);
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
