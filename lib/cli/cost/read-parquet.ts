import type { FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import { LadingError, LimitExceededError } from '../../core/errors.ts';

/** The footer with the schema, and one row group as it is in memory, in bytes. */
const MAX_FOOTER_BYTES = 64 * 1024 ** 2;
const MAX_GROUP_BYTES = 2 * 1024 ** 3;
const MAX_ROWS = 200_000_000;
/** Length of the footer, and the magic number, at the end of the file. */
const TAIL_BYTES = 8;

/** Nothing grows beyond what the page says it is. */
const decompressors: Compressors = {
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
};

/**
 * The wanted columns of a Parquet file as texts, the heading first; row group after row group, so that memory does not
 * grow with the file.
 *
 * @throws LadingError `bill-unreadable`, `limit-exceeded`
 */
export async function* readParquet(
  handle: FileHandle,
  isWanted: (column: string) => boolean,
): AsyncGenerator<readonly string[]> {
  // It takes some time to load, and most bills are CSV.
  const { parquetMetadataAsync, parquetRead } = await import('hyparquet');
  const file = await bufferOf(handle);
  await checkFooter(handle, file.byteLength);
  const metadata = await parquetMetadataAsync(file);
  const columns = columnsOf(metadata).filter(isWanted);
  yield columns;
  let from = 0;
  if (Number(metadata.num_rows) > MAX_ROWS) throw new LimitExceededError('bill-rows', 'the report has too many rows');
  for (const group of metadata.row_groups) {
    const bytes = group.columns.reduce((sum, { meta_data: of }) => sum + Number(of?.total_uncompressed_size ?? 0), 0);
    if (bytes > MAX_GROUP_BYTES) throw new LimitExceededError('bill-bytes', 'a row group of the report is too large');
    const to = from + Number(group.num_rows);
    let rows: readonly (readonly unknown[])[] = [];
    await parquetRead({
      ...{ file, metadata, columns, rowStart: from, rowEnd: to, compressors: decompressors },
      rowFormat: 'array',
      onComplete: (found) => {
        rows = found;
      },
    });
    for (const row of rows) yield row.map(textOf);
    from = to;
  }
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const length = Math.min(end, size) - start;
      if (length < 0 || length > MAX_GROUP_BYTES) throw new LimitExceededError('bill-bytes', 'a part is too large');
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(bytes, at, length - at, start + at);
        if (bytesRead === 0) throw new LadingError('bill-unreadable', 'the file ends before its last part');
        at += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** Parquet format, "File format": four bytes with the length of the footer, and "PAR1". */
async function checkFooter(handle: FileHandle, size: number): Promise<void> {
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(TAIL_BYTES),
    0,
    TAIL_BYTES,
    Math.max(0, size - TAIL_BYTES),
  );
  if (bytesRead < TAIL_BYTES || buffer.toString('latin1', 4) !== 'PAR1') {
    throw new LadingError('bill-unreadable', 'it begins as Parquet and does not end so: it is cut off, or encrypted');
  }
  if (buffer.readUInt32LE(0) > MAX_FOOTER_BYTES) throw new LimitExceededError('bill-bytes', 'its footer is too large');
}

/** Columns of the first level; what is nested (maps of tags) has no price. */
function columnsOf({ schema }: FileMetaData): readonly string[] {
  const names: string[] = [];
  for (let at = 1; at < schema.length; ) {
    const element = schema[at];
    if (element && (element.num_children ?? 0) === 0) names.push(element.name);
    at = afterElement(schema, at);
  }
  return names;
}

/** The schema is a tree, written depth first. */
function afterElement(schema: FileMetaData['schema'], at: number): number {
  let left = 1;
  let next = at;
  while (left > 0 && next < schema.length) {
    left += (schema[next]?.num_children ?? 0) - 1;
    next++;
  }
  return next;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
