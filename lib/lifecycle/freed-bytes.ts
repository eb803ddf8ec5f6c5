import type { Digest } from '../core/digest.ts';
import type { CatalogEntry, CompactRepository, DigestNumbers } from '../inventory/index.ts';

/** What is stored under a digest: its layers, its config and the manifest itself; a layer listed twice comes once. */
export function blobsOfEntry(entry: CatalogEntry): readonly (readonly [Digest, number])[] {
  const blobs: [Digest, number][] = [];
  let content = 0;
  for (const { digest, size } of entry.config ? [...entry.layers, entry.config] : entry.layers) {
    if (blobs.some(([known]) => known === digest)) continue;
    blobs.push([digest, size]);
    content += size;
  }
  blobs.push([entry.digest, Math.max(0, entry.sizeBytes - content)]);
  return blobs;
}

/** The same of a row, by numbers of digests. */
export function eachBlob(
  repository: CompactRepository,
  row: number,
  tell: (blob: number, bytes: number) => void,
): void {
  const { layerStart, layer, layerSize, config, configSize } = repository;
  const from = layerStart[row] as number;
  const to = layerStart[row + 1] as number;
  let content = 0;
  const once = (blob: number, bytes: number, before: number): void => {
    // Lists of layers are short: a set for each of a hundred thousand would cost more than looking back.
    for (let i = from; i < before; i++) if (layer[i] === blob) return;
    content += bytes;
    tell(blob, bytes);
  };
  for (let i = from; i < to; i++) once(layer[i] as number, layerSize[i] as number, i);
  const configBlob = config[row] as number;
  if (configBlob >= 0) once(configBlob, configSize[row] as number, to);
  tell(repository.manifest[row] as number, Math.max(0, (repository.sizeBytes[row] as number) - content));
}

/** Which digests were come across; of all digests of a registry, a byte each. */
export const marksFor = (digests: DigestNumbers): Uint8Array => new Uint8Array(digests.size);

/**
 * Bytes that only the deleted rows hold, in the whole registry; storage is shared between its repositories.
 *
 * @param seen all zero, and again when this returns
 */
export function freedBytes(
  repository: CompactRepository,
  deleted: readonly number[],
  heldElsewhere: (blob: number) => boolean,
  seen: Uint8Array,
): number {
  if (deleted.length === 0) return 0;
  const goes = new Uint8Array(repository.size);
  for (const row of deleted) goes[row] = 1;
  let bytes = 0;
  eachGivenUp(repository, goes, seen, (blob, size) => {
    if (!heldElsewhere(blob)) bytes += size;
  });
  return bytes;
}

/** Tells each blob once that the rows that go hold and no other row of the repository. */
function eachGivenUp(
  repository: CompactRepository,
  goes: Uint8Array,
  seen: Uint8Array,
  tell: (blob: number, bytes: number) => void,
): void {
  const marked: number[] = [];
  const mark = (blob: number): boolean => {
    if (seen[blob]) return false;
    seen[blob] = 1;
    marked.push(blob);
    return true;
  };
  const tellOnce = (blob: number, bytes: number): void => {
    if (mark(blob)) tell(blob, bytes);
  };
  for (let row = 0; row < repository.size; row++) if (!goes[row]) eachBlob(repository, row, mark);
  for (let row = 0; row < repository.size; row++) if (goes[row]) eachBlob(repository, row, tellOnce);
  for (const blob of marked) seen[blob] = 0;
}

/** How many repositories of a registry hold each blob. */
export class BlobHolders {
  readonly #repositories: readonly CompactRepository[];
  readonly #count: Int32Array;
  /** The number of the repository that was seen to hold it last, from 1; 0: none. */
  readonly #last: Int32Array;

  constructor(digests: DigestNumbers, repositories: readonly CompactRepository[]) {
    this.#repositories = repositories;
    this.#count = new Int32Array(digests.size);
    this.#last = new Int32Array(digests.size);
    for (const [i, repository] of repositories.entries()) {
      const note = (blob: number): void => {
        if (this.#last[blob] === i + 1) return;
        this.#last[blob] = i + 1;
        this.#count[blob] = (this.#count[blob] as number) + 1;
      };
      for (let row = 0; row < repository.size; row++) eachBlob(repository, row, note);
    }
  }

  /** Whether another repository than that one holds the blob. */
  isElsewhere(blob: number, holder: number): boolean {
    const count = this.#count[blob] ?? 0;
    return count > 1 || (count === 1 && this.#last[blob] !== holder + 1);
  }

  /**
   * What no repository frees alone and all that hold it together: the bytes of each such blob, with the last that gives
   * it up.
   *
   * @param deleted the digests that go, of each repository in its order
   * @param seen as in `freedBytes`
   */
  freedTogether(deleted: readonly (readonly Digest[])[], seen: Uint8Array): readonly number[] {
    const left = Int32Array.from(this.#count);
    return this.#repositories.map((repository, i) => {
      const digests = new Set(deleted[i]);
      if (digests.size === 0) return 0;
      const goes = Uint8Array.from({ length: repository.size }, (_, row) =>
        Number(digests.has(repository.digestAt(row))),
      );
      let bytes = 0;
      eachGivenUp(repository, goes, seen, (blob, size) => {
        left[blob] = (left[blob] as number) - 1;
        if (left[blob] === 0 && (this.#count[blob] as number) > 1) bytes += size;
      });
      return bytes;
    });
  }
}
