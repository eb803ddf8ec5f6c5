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
  const marked: number[] = [];
  const mark = (blob: number): boolean => {
    if (seen[blob]) return false;
    seen[blob] = 1;
    marked.push(blob);
    return true;
  };
  for (let row = 0; row < repository.size; row++) if (!goes[row]) eachBlob(repository, row, mark);
  let bytes = 0;
  // A blob counts once, and not at all where something that stays holds it.
  const count = (blob: number, size: number): void => {
    if (mark(blob) && !heldElsewhere(blob)) bytes += size;
  };
  for (let row = 0; row < repository.size; row++) if (goes[row]) eachBlob(repository, row, count);
  for (const blob of marked) seen[blob] = 0;
  return bytes;
}

const SEVERAL = -1;

/**
 * Whether another repository of the registry holds a blob. Of each blob the first holder is kept, and then only that
 * there are several: a list of all of them would be as long as the catalogue.
 */
export function sharedBlobs(
  digests: DigestNumbers,
  repositories: readonly CompactRepository[],
): (blob: number, holder: number) => boolean {
  if (repositories.length < 2) return () => false;
  /** 0: none so far; else the number of the repository, from 1. */
  const holders = new Int32Array(digests.size);
  for (const [i, repository] of repositories.entries()) {
    const note = (blob: number): void => {
      const before = holders[blob];
      if (before === 0) holders[blob] = i + 1;
      else if (before !== i + 1) holders[blob] = SEVERAL;
    };
    for (let row = 0; row < repository.size; row++) eachBlob(repository, row, note);
  }
  return (blob, of) => {
    const holder = holders[blob] ?? 0;
    return holder === SEVERAL || (holder !== 0 && holder !== of + 1);
  };
}
