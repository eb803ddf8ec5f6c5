/** What an entry puts into the file tree. `other` is a type that carries no file (volume labels, multi-volume parts). */
export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'fifo' | 'other';

export interface TarEntry {
  /**
   * The name as the archive has it, not normalised. Bytes that are not UTF-8 stand as lone surrogates U+DC80 to U+DCFF,
   * so that two names differ as strings exactly when they differ as bytes.
   */
  readonly path: string;
  readonly type: TarEntryType;
  /** The target of a symbolic link as written, or the archive's name of what a hard link points to; empty otherwise. */
  readonly linkname: string;
  /** Bytes of content as a reader of the unpacked file would count them: a sparse file with its holes. */
  readonly size: number;
  readonly mode: number;
  readonly sparse: boolean;
  /** Where the entry's own header block starts, in bytes from the start of the archive. */
  readonly offset: number;
}

/** Receives the content of one entry. Chunks are views into what was fed, and good until `TarReader.feed` returns. */
export interface TarSink {
  write(chunk: Uint8Array): void;
  end(): void;
}

export interface TarHandler {
  /** Called once for each entry in the order of the archive. The content goes to the sink; without one it is skipped. */
  entry(entry: TarEntry): TarSink | undefined;
}

export interface TarLimits {
  readonly maxEntries: number;
  /** Bytes of one name or link target. Linux takes 4,095 (PATH_MAX). */
  readonly maxPathBytes: number;
  /** Bytes of one extended header (PAX records, GNU long name) or of one sparse map. */
  readonly maxHeaderBytes: number;
  /** Sum of the contents as `TarEntry.size` counts them; a sparse file counts whole. */
  readonly maxContentBytes: number;
  /** A sparse file over this size is never expanded into a sink: its holes cost the archive nothing and us all. */
  readonly maxSparseBytes: number;
}

export const defaultTarLimits: TarLimits = {
  maxEntries: 1_000_000,
  maxPathBytes: 4096,
  maxHeaderBytes: 1024 * 1024,
  maxContentBytes: 64 * 1024 ** 3,
  maxSparseBytes: 256 * 1024 ** 2,
};
