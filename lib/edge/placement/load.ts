import type { Digest } from '../../core/digest.ts';
import { type Candidate, candidateKey } from './model.ts';

/** What candidates would add to what is placed, kept up as more is: shared files count once. */
export class Load {
  readonly #files: readonly ReadonlyMap<Digest, number>[];
  readonly #users = new Map<Digest, number[]>();
  readonly #placed = new Set<Digest>();
  readonly #marginal: number[];
  readonly #transfer: number[];
  readonly #held: ReadonlySet<Digest>;
  bytes = 0;

  /** @param held files that need not come over the link */
  constructor(candidates: readonly Candidate[], held: ReadonlySet<Digest>) {
    this.#held = held;
    this.#files = candidates.map(filesOf);
    this.#marginal = this.#files.map((files) => sum(files.values()));
    this.#transfer = this.#files.map((files) => sum([...files].map(([digest, size]) => (held.has(digest) ? 0 : size))));
    this.#files.forEach((files, index) => {
      for (const digest of files.keys()) {
        const users = this.#users.get(digest);
        if (users) users.push(index);
        else this.#users.set(digest, [index]);
      }
    });
  }

  /** Bytes that the candidate adds, and of them those that have to come over the link. */
  addedBy(index: number): { readonly marginalBytes: number; readonly transferBytes: number } {
    return { marginalBytes: this.#marginal[index] ?? 0, transferBytes: this.#transfer[index] ?? 0 };
  }

  /** Places it. Gives the others that add less since then. */
  place(index: number): ReadonlySet<number> {
    const cheaper = new Set<number>();
    for (const [digest, size] of this.#files[index] ?? []) {
      if (this.#placed.has(digest)) continue;
      this.#placed.add(digest);
      this.bytes += size;
      for (const user of this.#users.get(digest) ?? []) {
        this.#marginal[user] = (this.#marginal[user] ?? 0) - size;
        if (!this.#held.has(digest)) this.#transfer[user] = (this.#transfer[user] ?? 0) - size;
        if (user !== index) cheaper.add(user);
      }
    }
    return cheaper;
  }
}

export const filesOf = ({ manifests, blobs }: Pick<Candidate, 'manifests' | 'blobs'>): ReadonlyMap<Digest, number> =>
  new Map([...manifests, ...blobs].map(({ digest, size }) => [digest, size]));

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** One order, whatever order they were found in. */
export const inOrder = (candidates: readonly Candidate[]): readonly Candidate[] =>
  candidates.toSorted((a, b) => (candidateKey(a) < candidateKey(b) ? -1 : 1));
