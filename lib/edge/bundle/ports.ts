/** Where a bundle is written, and what was written of it before. */
export interface BundleSink {
  /** Bytes that are there. */
  readonly written: number;
  /** Whether an earlier run broke off: its beginning is ours, however short it is. */
  readonly unfinished: boolean;
  /** At most so many bytes from there on; fewer at the end. */
  read(start: number, length: number): Promise<Uint8Array>;
  /** Takes away what is behind so many bytes. */
  truncate(length: number): Promise<void>;
  /** The piece is written, or copied, when this returns. */
  append(piece: Uint8Array): Promise<void>;
  /** All of it is there. @returns the names of the files */
  finish(): Promise<readonly string[]>;
}

/** A bundle that is read. Whoever reads asks for later and later bytes. */
export interface BundleBytes {
  /** Exactly so many bytes. @throws LadingError `bundle-truncated` */
  read(start: number, length: number): AsyncIterable<Uint8Array>;
  /** Whether anything follows. */
  endsAt(offset: number): Promise<boolean>;
}

/** A bundle in files: of a known size, and to be read from anywhere. */
export interface BundleFiles {
  readonly size: number;
  /** What to look for where bytes are missing at the end. */
  readonly next: string;
  read(start: number, length: number): AsyncIterable<Uint8Array>;
}
