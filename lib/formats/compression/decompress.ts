import { createGunzip } from 'node:zlib';
import { isLadingError } from '../../core/errors.ts';
import { createCursor } from './cursor.ts';
import { CompressionError } from './errors.ts';
import { buffering, pumpThrough } from './pump.ts';
import { type Compression, SNIFF_BYTES, sniffCompression } from './sniff.ts';
import { unzstd } from './zstd.ts';

export interface DecompressOptions {
  /** The largest zstd window that is accepted, as a power of two. Default 27 (128 MiB), what decoders must support. */
  readonly maxWindowLog?: number;
  /** Size of the pieces that come out, in bytes. Default 1 MiB: smaller ones cost more in calls than they save. */
  readonly chunkSize?: number;
  /** Told once, before the first piece. */
  readonly onCompression?: (compression: Compression) => void;
}

/**
 * Unpacks gzip (all members), zstd (all frames) or plain bytes, told apart by their first bytes. Errors of the source
 * pass through as they are. A piece is good until the next one is asked for; whoever keeps bytes copies them.
 *
 * @throws CompressionError; LimitExceededError `zstd-window`.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions = {},
): AsyncGenerator<Buffer> {
  const { maxWindowLog = 27, chunkSize = 1024 * 1024, onCompression } = options;
  const cursor = createCursor(source);
  try {
    const compression = sniffCompression(await cursor.peek(SNIFF_BYTES));
    onCompression?.(compression);
    const bytes = pieces(cursor);
    if (compression === 'none') yield* bytes;
    else if (compression === 'gzip')
      yield* pumpThrough(bytes, createGunzip({ chunkSize, ...buffering(chunkSize) }), chunkSize);
    else if (compression === 'zstd') yield* unzstd(bytes, { maxWindowLog, chunkSize });
    else throw new CompressionError('compression-unsupported', `layers packed with ${compression} are not read`);
  } catch (error) {
    throw isZlibError(error) ? new CompressionError('compression-malformed', error.message, error) : error;
  } finally {
    await cursor.close();
  }
}

async function* pieces(cursor: ReturnType<typeof createCursor>): AsyncGenerator<Buffer> {
  for (let piece = await cursor.take(Number.MAX_SAFE_INTEGER); piece; ) {
    yield piece;
    piece = await cursor.take(Number.MAX_SAFE_INTEGER);
  }
}

/** Errors of node:zlib have codes `Z_…`, `ZSTD_error_…`, or that of a too long output. */
const isZlibError = (error: unknown): error is Error =>
  error instanceof Error &&
  !isLadingError(error) &&
  'code' in error &&
  /^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
