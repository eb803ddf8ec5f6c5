import type { TarEntry, TarEntryType } from './entry.ts';
import { TarError } from './errors.ts';
import { parseNumber, type RawHeader } from './header.ts';
import { naturalNumber, type PaxRecords } from './pax.ts';

/** How an entry writes its holes: map in the header, in PAX records, or (PAX 1.0) before the data. */
export type SparseFormat = 'old-gnu' | 'records' | 'data';

export interface ResolvedEntry {
  readonly entry: TarEntry;
  /** Bytes of the archive between this header and the next, without padding. */
  readonly stored: number;
  readonly sparseFormat: SparseFormat | undefined;
}

/**
 * Puts together what the extended headers and the entry's own header say. Where they disagree Go's `archive/tar` decides
 * (sparse name, then GNU long name, then PAX record, then header), since a container runtime unpacks what that reads.
 */
export function resolveEntry(input: {
  readonly header: RawHeader;
  readonly block: Buffer;
  readonly records: PaxRecords;
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
  readonly offset: number;
}): ResolvedEntry {
  const { header, records, offset } = input;
  const format = sparseFormat(records, header);
  const sparseName = format === undefined ? '' : (records.sparse?.get('name') ?? '');
  const path = sparseName || (input.longName ?? records.path ?? header.name);
  const type = typeOf(header.typeflag, path);
  const isLink = type === 'symlink' || type === 'hardlink';
  const stored = hasNoData(header.typeflag, type) ? 0 : (records.size ?? header.size);
  return {
    entry: {
      path,
      type,
      linkname: isLink ? (input.longLink ?? records.linkpath ?? header.linkname) : '',
      size:
        format === undefined
          ? type === 'file'
            ? stored
            : 0
          : logicalSize(format, records, input.block, stored, offset),
      mode: header.mode,
      sparse: format !== undefined,
      offset,
    },
    stored,
    sparseFormat: format,
  };
}

/** GNU tar manual, "Storing Sparse Files". */
function sparseFormat(records: PaxRecords, header: RawHeader): SparseFormat | undefined {
  if (header.typeflag === 'S') return 'old-gnu';
  const { sparse } = records;
  if (sparse === undefined || hasNoData(header.typeflag, 'file')) return undefined;
  const version = `${sparse.get('major') ?? ''}.${sparse.get('minor') ?? ''}`;
  if (version === '1.0') return 'data';
  return version === '0.0' || version === '0.1' || sparse.has('map') ? 'records' : undefined;
}

function logicalSize(format: SparseFormat, records: PaxRecords, block: Buffer, stored: number, offset: number): number {
  const text = records.sparse?.get('size') ?? records.sparse?.get('realsize');
  // Old GNU headers keep the real size at 483, where ustar has a part of the prefix.
  const size = format === 'old-gnu' ? parseNumber(block, 483, 12) : text === undefined ? stored : naturalNumber(text);
  if (size === undefined || size < 0) throw new TarError('a sparse file has no valid size', offset);
  return size;
}

/**
 * A directory of the oldest kind is a file whose name ends in a slash. With type `0` such a name is a file: that is what
 * Go's reader makes of it, and so what a container runtime unpacks.
 */
function typeOf(typeflag: string, path: string): TarEntryType {
  switch (typeflag) {
    case '1':
      return 'hardlink';
    case '2':
      return 'symlink';
    case '3':
    case '4':
      return 'device';
    case '5':
    case 'D': // GNU: a directory with a listing as its data.
      return 'directory';
    case '6':
      return 'fifo';
    case 'M':
    case 'N':
    case 'V':
      return 'other';
    case '\0':
      return path.endsWith('/') ? 'directory' : 'file';
    default:
      // POSIX: a type that is not known is "treated as a regular file".
      return 'file';
  }
}

/** Types that are followed by no data whatever their size field says. */
function hasNoData(typeflag: string, type: TarEntryType): boolean {
  return (typeflag >= '1' && typeflag <= '6') || (typeflag === '\0' && type === 'directory');
}
