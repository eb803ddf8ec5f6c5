import { LadingError } from '../../core/errors.ts';
import { CompactRepository } from '../compact/compact-repository.ts';
import type { DigestNumbers } from '../compact/digest-numbers.ts';
import { type Column, DIGEST_WORDS, doubles, numbered, plain, type SnapshotHeader, snapshotHeader } from './columns.ts';

export interface Snapshot {
  readonly header: SnapshotHeader;
  /** How many manifests and tags. */
  readonly size: number;
  /** What it holds but for what was changed since: those manifests and tags are left out. */
  restore(
    digests: DigestNumbers,
    changed: { isManifest(number: number): boolean; isTag(tag: string): boolean },
  ): CompactRepository;
}

type Columns = Readonly<Record<Column, Float64Array | Int32Array>>;

/** @throws LadingError `document-damaged` where it is no snapshot of this version */
export function decodeSnapshot(stored: Uint8Array): Snapshot {
  // Views of numbers need a start at a multiple of eight.
  const bytes = stored.byteOffset % 8 === 0 ? stored : new Uint8Array(stored);
  const end = bytes.indexOf(0x0a);
  const parsed =
    end < 0 ? undefined : snapshotHeader.safeParse(JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()));
  if (!parsed?.success) throw damaged('its first line is not that of a snapshot');
  const header = parsed.data;
  const { columns, words } = readColumns(header, bytes, Math.ceil((end + 1) / 8) * 8);
  const size = columns.manifest.length + header.tags.length;
  return {
    header,
    size,
    restore(digests, changed) {
      const others = new Map(header.others);
      const numbers = Int32Array.from({ length: header.digests }, (_, i) => {
        const other = others.get(i);
        return other === undefined ? digests.numberOfWords(words, i * DIGEST_WORDS) : digests.numberOf(other);
      });
      return copy(header, columns, numbers, digests, changed);
    },
  };
}

function readColumns({ lengths, digests, tags }: SnapshotHeader, bytes: Uint8Array, from: number) {
  let at = bytes.byteOffset + from;
  const end = bytes.byteOffset + bytes.byteLength;
  const columns: Partial<Record<Column, Float64Array | Int32Array>> = {};
  const take = (length: number, width: number): number => {
    const start = at;
    at += length * width;
    if (at > end) throw damaged('it is too short');
    return start;
  };
  for (const name of doubles) {
    columns[name] = new Float64Array(bytes.buffer, take(lengths[name], 8), lengths[name]);
  }
  for (const name of [...plain, ...numbered]) {
    columns[name] = new Int32Array(bytes.buffer, take(lengths[name], 4), lengths[name]);
  }
  const count = digests * DIGEST_WORDS;
  const words = new Uint32Array(bytes.buffer, take(count, 4), count);
  const complete = columns as Columns;
  checkLengths(complete, tags.length);
  return { columns: complete, words };
}

function checkLengths(columns: Columns, tags: number): void {
  const rows = columns.manifest.length;
  const perRow = ['mediaType', 'artifactClass', 'platform', 'subject', 'config', 'sizeBytes', 'createdAt'] as const;
  const also = ['pushedAt', 'firstSeenAt', 'configSize'] as const;
  const isWhole =
    [...perRow, ...also].every((name) => columns[name].length === rows) &&
    (['layerStart', 'childStart', 'labelStart'] as const).every((name) => columns[name].length === rows + 1) &&
    columns.layerStart[rows] === columns.layer.length &&
    columns.layerSize.length === columns.layer.length &&
    columns.childStart[rows] === columns.child.length &&
    columns.childPlatform.length === columns.child.length &&
    columns.labelStart[rows] === columns.label.length &&
    (['tagDigest', 'tagSubject', 'tagBoundAt'] as const).every((name) => columns[name].length === tags);
  if (!isWhole) throw damaged('its columns do not fit together');
}

function copy(
  header: SnapshotHeader,
  columns: Columns,
  numbers: Int32Array,
  digests: DigestNumbers,
  changed: Parameters<Snapshot['restore']>[1],
): CompactRepository {
  const { registry, repository: name } = header;
  const repository = new CompactRepository({ registry, repository: name }, digests);
  // The same texts in the same order have the same numbers.
  for (const text of header.texts) repository.texts.numberOf(text);
  const numberAt = (column: Column, i: number): number => {
    const local = columns[column][i] as number;
    return local < 0 ? -1 : (numbers[local] as number);
  };
  const copyItem = (column: (typeof doubles | typeof plain)[number], i: number): void =>
    void repository[column].push(columns[column][i] as number);
  for (let row = 0; row < columns.manifest.length; row++) {
    const manifest = numberAt('manifest', row);
    if (changed.isManifest(manifest)) continue;
    repository.manifest.push(manifest);
    repository.subject.push(numberAt('subject', row));
    repository.config.push(numberAt('config', row));
    for (const column of rowColumns) copyItem(column, row);
    for (let i = columns.layerStart[row] as number; i < (columns.layerStart[row + 1] as number); i++) {
      repository.layer.push(numberAt('layer', i));
      copyItem('layerSize', i);
    }
    repository.layerStart.push(repository.layer.length);
    for (let i = columns.childStart[row] as number; i < (columns.childStart[row + 1] as number); i++) {
      repository.child.push(numberAt('child', i));
      copyItem('childPlatform', i);
    }
    repository.childStart.push(repository.child.length);
    for (let i = columns.labelStart[row] as number; i < (columns.labelStart[row + 1] as number); i++)
      copyItem('label', i);
    repository.labelStart.push(repository.label.length);
  }
  for (const [i, tag] of header.tags.entries()) {
    if (changed.isTag(tag)) continue;
    repository.tag.push(tag);
    repository.tagDigest.push(numberAt('tagDigest', i));
    repository.tagSubject.push(numberAt('tagSubject', i));
    copyItem('tagBoundAt', i);
  }
  return repository;
}

const rowColumns = [
  ...(['mediaType', 'artifactClass', 'platform', 'sizeBytes', 'createdAt'] as const),
  ...(['pushedAt', 'firstSeenAt', 'configSize'] as const),
] as const;

const damaged = (why: string): LadingError =>
  new LadingError('document-damaged', `the snapshot of a repository: ${why}`);
