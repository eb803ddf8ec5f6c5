import type { Digest } from '../../core/digest.ts';
import type { CompactRepository } from '../compact/compact-repository.ts';
import {
  type Column,
  DIGEST_WORDS,
  doubles,
  numbered,
  plain,
  SNAPSHOT_VERSION,
  type SnapshotHeader,
} from './columns.ts';

/** @param begunAt when reading what the repository holds began, at the latest */
export function encodeSnapshot(repository: CompactRepository, begunAt: string): Uint8Array {
  const local = localNumbers(repository);
  const lengths = Object.fromEntries(
    [...doubles, ...plain, ...numbered].map((name) => [name, repository[name].length]),
  ) as Record<Column, number>;
  const header: SnapshotHeader = {
    version: SNAPSHOT_VERSION,
    ...repository.of,
    begunAt,
    texts: repository.texts.texts,
    tags: repository.tag,
    lengths,
    digests: local.count,
    others: local.others,
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const parts: Uint8Array[] = [line, Buffer.alloc((8 - (line.length % 8)) % 8, ' ')];
  for (const name of doubles) parts.push(bytesOf(Float64Array.from(repository[name])));
  for (const name of plain) parts.push(bytesOf(Int32Array.from(repository[name])));
  for (const name of numbered) {
    parts.push(
      bytesOf(Int32Array.from(repository[name], (number) => (number < 0 ? -1 : (local.numbers[number] as number)))),
    );
  }
  parts.push(bytesOf(local.words));
  return Buffer.concat(parts);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array | Int32Array | Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The digests that the repository names, numbered among themselves. */
function localNumbers(repository: CompactRepository) {
  const { digests } = repository;
  const numbers = new Int32Array(digests.size).fill(-1);
  const found: number[] = [];
  for (const name of numbered) {
    for (const number of repository[name]) {
      if (number < 0 || numbers[number] !== -1) continue;
      numbers[number] = found.length;
      found.push(number);
    }
  }
  const words = new Uint32Array(found.length * DIGEST_WORDS);
  const others: [number, Digest][] = [];
  for (const [i, number] of found.entries()) {
    if (!digests.copyWords(number, words, i * DIGEST_WORDS)) others.push([i, digests.digestOf(number)]);
  }
  return { numbers, words, others, count: found.length };
}
