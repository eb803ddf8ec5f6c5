import { describeError, LimitExceededError } from '../core/errors.ts';
import { bunzip2, isBzip2 } from '../formats/bzip2/index.ts';
import { decompress } from '../formats/compression/index.ts';
import { TarReader } from '../formats/tar/index.ts';
import { readZip } from '../formats/zip/index.ts';
import { AdvisorySourceError } from './errors.ts';
import type { SourceFile } from './ports.ts';

export interface ReadLimits {
  /** Of one file, uncompressed. */
  readonly fileBytes: number;
  /** Of one record, or of one file in an archive. */
  readonly recordBytes: number;
  readonly records: number;
}

/** A text of a file, or of one file of an archive. */
export interface SourceText {
  readonly path: string;
  /** Decoded as it is unpacked; can be gone through once. */
  readonly chunks: AsyncIterable<string>;
}

/** The files of an archive pass by one after the other, so that together they may be so many times larger than one text. */
const ARCHIVE_SHARE = 8;

const WANTED = /\.(?:jsonl?|ndjson|xml|csv|txt)$/i;

/**
 * Unpacks a file of a source: plain, gzip, zstd or bzip2, zip, or a tar in one of these. What is said of its form is what its
 * bytes say.
 *
 * @throws AdvisorySourceError `broken` or `too-large`, naming the file
 */
export async function* openFile(
  { path, bytes }: SourceFile,
  limits: ReadLimits,
  isWithin = false,
): AsyncGenerator<SourceText> {
  try {
    if (isZip(bytes)) {
      // An archive may hold itself.
      if (isWithin) throw new AdvisorySourceError('broken', `${path} is an archive in an archive`);
      const totalBytes = limits.fileBytes * ARCHIVE_SHARE;
      const caps = { entries: limits.records, entryBytes: limits.recordBytes, totalBytes };
      for (const { name, content } of readZip(bytes, caps, (entry) => WANTED.test(entry))) {
        yield* openFile({ path: `${path}/${name}`, bytes: content }, limits, true);
      }
      return;
    }
    let most = limits.fileBytes;
    const unpacked = capped(isBzip2(bytes) ? bunzip2(bytes) : decompress(once(bytes)), () => most);
    const first = await unpacked.next();
    const head: Uint8Array = first.done ? new Uint8Array() : first.value;
    if (isTar(head)) {
      if (isWithin) throw new AdvisorySourceError('broken', `${path} is an archive in an archive`);
      most *= ARCHIVE_SHARE;
      for await (const { name, content } of tarFiles(resume(head, unpacked), limits)) {
        yield { path: `${path}/${name}`, chunks: guarded(path, limits, decoded(once(content))) };
      }
      return;
    }
    yield { path, chunks: guarded(path, limits, decoded(resume(head, unpacked))) };
  } catch (cause) {
    throw asSourceError(path, limits, cause);
  }
}

function asSourceError(path: string, limits: ReadLimits, cause: unknown): AdvisorySourceError {
  if (cause instanceof AdvisorySourceError) return cause;
  if (cause instanceof LimitExceededError) {
    const unit = cause.limit === 'advisory-bytes' ? `unpacks to over ${limits.fileBytes} bytes` : describeError(cause);
    return new AdvisorySourceError('too-large', `${path} ${unit}`, cause);
  }
  return new AdvisorySourceError('broken', `${path} cannot be read: ${describeError(cause)}`, cause);
}

/** What fails while a text is gone through is the source's failure as well. */
async function* guarded(path: string, limits: ReadLimits, chunks: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* chunks;
  } catch (cause) {
    throw asSourceError(path, limits, cause);
  }
}

/** An archive without entries begins with its end. */
const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));

/** POSIX ustar, "magic" at offset 257. */
const isTar = (head: Uint8Array): boolean => Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

async function* resume(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* rest;
}

async function* capped(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: () => number,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > limit()) throw new LimitExceededError('advisory-bytes', `over ${limit()} bytes`);
    yield chunk;
  }
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** The wanted files of a tar, each whole; the archive itself streams by. */
async function* tarFiles(
  chunks: AsyncIterable<Uint8Array>,
  limits: ReadLimits,
): AsyncGenerator<{ readonly name: string; readonly content: Uint8Array }> {
  const ready: { name: string; content: Uint8Array }[] = [];
  const reader = new TarReader(
    {
      entry({ path, type, size }) {
        if (type !== 'file' || !WANTED.test(path)) return undefined;
        if (size > limits.recordBytes) {
          throw new LimitExceededError('tar-entry-bytes', `holds ${path}, which has over ${limits.recordBytes} bytes`);
        }
        const parts: Uint8Array[] = [];
        return {
          write: (part) => void parts.push(part),
          end: () => void ready.push({ name: path, content: Buffer.concat(parts) }),
        };
      },
    },
    { limits: { maxEntries: limits.records } },
  );
  for await (const chunk of chunks) {
    reader.feed(chunk);
    yield* ready.splice(0);
  }
  reader.end();
  yield* ready;
}
