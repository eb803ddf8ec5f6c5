/** One line of the table. With a peer, `ratio` is ours divided by the peer's, of the medians of one run. */
export interface BenchRow {
  readonly what: string;
  readonly ours: number;
  readonly unit: 's' | 'ms' | 'MiB' | 'KiB' | '/s' | '';
  readonly peer?: { readonly name: string; readonly value: number };
  /** What is held against it: the ratio where there is a peer, else the value. `most` or `least`. */
  readonly goal?: { readonly most: number } | { readonly least: number };
}

export interface BenchContext {
  /** Empty folder of the case, removed afterwards. */
  readonly work: string;
  /** Whether a peer is on the path. */
  has(program: string): boolean;
  /** Folder of an OCI layout with real images, where one was given (LADING_CORPORA). */
  readonly images: string | undefined;
  /** Runs of each measurement; the median counts. */
  readonly runs: number;
  note(text: string): void;
}

export interface BenchCase {
  readonly name: string;
  run(context: BenchContext): Promise<readonly BenchRow[]>;
}
