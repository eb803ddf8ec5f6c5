import type { z } from 'zod';
import type { Distro, Package } from '../model.ts';

/**
 * A sort of file that says something about packages. It is recognised by its path while a layer streams by, its content
 * is read up to `maxBytes`, and what `parse` makes of it is kept in the layer's inventory; the content is not.
 */
export interface FileKind<Content = unknown> {
  /** Stands in stored inventories. */
  readonly id: string;
  /** Counts up when `parse` finds more than before: then layers that were read with an older one are read again. */
  readonly version: number;
  readonly match: PathMatch;
  readonly maxBytes: number;
  /**
   * What a file over `maxBytes` or one that cannot be parsed means. `database`: packages may be missing, and the layer
   * does not count as read. `file`: a stray file that happens to have the name; it is remarked and passed over.
   */
  readonly importance: 'database' | 'file';
  /**
   * Returns plain JSON data, or undefined where the file is not of this kind after all.
   *
   * @throws anything where the content is broken
   */
  parse(content: Buffer, path: string): Content | undefined;
  /** Reads a file over `maxBytes` as it streams by, in bounded memory; without it such a file is a gap. */
  scan?(path: string): ContentScan<Content>;
  /**
   * Files of this kind are large by nature and let go once parsed: their bytes do not count against the layer's cap on
   * the bytes of files of interest. The kind's own caps hold.
   */
  readonly bulky?: boolean;
  /** What `parse` had to leave out of content that it returned. */
  gapsOf?(content: Content): readonly ContentGap[];
  /** What stored content must look like when it is read back. Made when it is wanted: most of a cold start would be this. */
  schema(): z.ZodType<Content>;
}

/** Takes the chunks of one file. @throws anything where the content is broken, as `FileKind.parse` does */
export interface ContentScan<Content> {
  write(chunk: Uint8Array): void;
  end(): Content | undefined;
}

export interface ContentGap {
  readonly reason: 'limit' | 'unreadable';
  readonly code: string;
  readonly message: string;
}

/** Quick tests first: the name, its end, or the name of the directory; then `accepts` on the whole path. */
export interface PathMatch {
  readonly names?: readonly string[];
  /** What stands after the last dot of the name, in lower case: `gemspec`. */
  readonly extensions?: readonly string[];
  readonly directories?: readonly string[];
  accepts?(path: string): boolean;
  /** Files whose names tell nothing: their first `HEAD_BYTES` bytes do. Asked where no kind has the path. */
  begins?(head: Uint8Array): boolean;
}

export const HEAD_BYTES = 8;

/** Folders that are packages by their names alone, as in the stores of Nix and Guix. */
export interface FolderKind {
  readonly id: string;
  /** End of the path of the folder that they are in: `nix/store`. */
  readonly below: string;
  accepts(name: string): boolean;
}

/** A file of interest in the merged file tree. */
export interface ImageFile<Content = unknown> {
  readonly path: string;
  /** Index of the layer whose version of the file is seen. */
  readonly layer: number;
  readonly content: Content;
  /** Lowest layer first, the version that is seen last. A file that was deleted and came again starts anew. */
  readonly history: readonly { readonly layer: number; readonly content: Content }[];
}

/** The merged file tree as catalogers see it. */
export interface ImageFiles {
  /** In the order of their paths. */
  ofKind<Content>(kind: FileKind<Content>): readonly ImageFile<Content>[];
  /** The file of that kind that a program would open under the path, links followed. */
  at<Content>(kind: FileKind<Content>, path: string): ImageFile<Content> | undefined;
  /** In the order of their paths, each with the index of the layer that brought it. */
  folders(kind: FolderKind): readonly { readonly path: string; readonly layer: number }[];
}

/** What a cataloger says of a package; identity, merging of duplicates and dependencies are common to all. */
export type FoundPackage = Omit<
  Package,
  'id' | 'cpes' | 'dependencies' | 'foundBy' | 'layer' | 'locations' | 'origin' | 'platforms'
> & {
  /** Index of the layer that first brought this version of it. */
  readonly layer: number;
  /** `layer` is the index of the layer whose version of the file is seen. */
  readonly locations: readonly { readonly path: string; readonly layer: number }[];
  /** Names under which other packages of the same scope may need it. */
  readonly provides?: readonly string[];
  /** Each a list of alternatives: the first that some package of the same type provides counts. */
  readonly requires?: readonly (readonly string[])[];
};

export interface Cataloger {
  readonly name: string;
  readonly kinds: readonly FileKind[];
  readonly folders?: readonly FolderKind[];
  catalog(files: ImageFiles, distro: Distro | undefined): readonly FoundPackage[];
}

/**
 * Tells for each key of a file (a package with its version) the layer that brought it: where the run of versions of the
 * file that have the key, and that lasts up to now, began. A package that was removed and came back is its new layer's.
 */
export function firstLayerFinder<Content>(
  file: ImageFile<Content>,
  keysOf: (content: Content) => Iterable<string>,
): (key: string) => number {
  const before = file.history.slice(0, -1).reverse();
  const keys: Set<string>[] = [];
  return (key) => {
    let layer = file.layer;
    for (const [i, version] of before.entries()) {
      keys[i] ??= new Set(keysOf(version.content));
      if (!keys[i].has(key)) break;
      layer = version.layer;
    }
    return layer;
  };
}
