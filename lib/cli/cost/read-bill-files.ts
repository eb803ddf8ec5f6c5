import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { isBillColumn, readBill } from '../../cost/index.ts';
import { readCsv } from '../../formats/csv/index.ts';
import { fromCaller } from '../connection.ts';
import { readParquet } from './read-parquet.ts';

type BillLine = ReturnType<typeof readBill> extends AsyncGenerator<infer Line> ? Line : never;

/** Bytes of one report, unpacked. */
const MAX_BYTES = 32 * 1024 ** 3;

/**
 * The lines of Cost and Usage Reports: CSV, also gzip, and Parquet.
 *
 * @throws LadingError `bill-unreadable`, `bill-invalid`, `csv-malformed`
 */
export async function* readBillFiles(files: readonly string[]): AsyncGenerator<BillLine> {
  for (const file of files) {
    const path = fromCaller(file);
    const head = await firstBytes(path, file);
    try {
      yield* readBill(head.toString('latin1') === 'PAR1' ? parquetRows(path) : csvRows(path, head));
    } catch (cause) {
      if (cause instanceof LadingError)
        throw new LadingError(cause.code, `${file}: ${cause.message}`, {
          cause,
          ...(cause.hint ? { hint: cause.hint } : {}),
        });
      throw new LadingError('bill-unreadable', `${file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }
}

async function* parquetRows(path: string): AsyncGenerator<readonly string[]> {
  const handle = await open(path);
  try {
    yield* readParquet(handle, isBillColumn);
  } finally {
    await handle.close();
  }
}

async function* csvRows(path: string, head: Buffer): AsyncGenerator<readonly string[]> {
  const raw = createReadStream(path);
  const bytes = head[0] === 0x1f && head[1] === 0x8b ? raw.pipe(createGunzip()) : raw;
  raw.on('error', (error) => bytes.destroy(error));
  try {
    yield* readCsv(decode(bytes));
  } finally {
    raw.destroy();
  }
}

async function firstBytes(path: string, file: string): Promise<Buffer> {
  const handle = await open(path).catch((cause: unknown) => {
    throw new LadingError('bill-unreadable', `${file} cannot be read`, { cause });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    if (total > MAX_BYTES) throw new LimitExceededError('bill-bytes', 'the report is too large');
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}
