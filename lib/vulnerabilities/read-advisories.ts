import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { describeError, LadingError, LimitExceededError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { parseSecdb } from '../formats/alpine-secdb/index.ts';
import { parseOsvRecord } from '../formats/osv/index.ts';
import { readZip } from '../formats/zip/index.ts';
import { advisoriesOfOsv, advisoriesOfSecdb, type PackageAdvisory } from './advisories-of-record.ts';
import { loadScorer, type ScoreVector } from './cvss-score.ts';
import { AdvisorySourceError } from './errors.ts';
import type { SourceFile } from './ports.ts';

export interface ReadLimits {
  /** Of one file, uncompressed. */
  readonly fileBytes: number;
  /** Of one record. */
  readonly recordBytes: number;
  readonly records: number;
}

export const defaultReadLimits: ReadLimits = {
  fileBytes: 512 * 1024 * 1024,
  recordBytes: 32 * 1024 * 1024,
  records: 2_000_000,
};

/** One record's advisories, or why it was left out. */
export type AdvisoryRead =
  | { readonly kind: 'advisories'; readonly advisories: readonly PackageAdvisory[] }
  | { readonly kind: 'rejected'; readonly reason: string };

/**
 * Reads files of OSV records (one JSON document, an array, or JSON lines) and Alpine secdb documents; plain, gzip,
 * zstd, or many of them in a zip archive. A record that does not fit its format is given as rejected; what breaks off is the source's failure.
 *
 * @throws AdvisorySourceError `broken` or `too-large`, naming the file and line
 */
export async function* readAdvisories(
  files: AsyncIterable<SourceFile>,
  limits: ReadLimits = defaultReadLimits,
): AsyncGenerator<AdvisoryRead> {
  const scoreOf = await loadScorer();
  let records = 0;
  for await (const file of files) {
    for await (const { path, text } of textsOf(file, limits)) {
      for (const document of documentsOf(path, text, limits)) {
        if (++records > limits.records) {
          throw new AdvisorySourceError('too-large', `there are over ${limits.records} records`);
        }
        yield readRecord(path, document, scoreOf);
      }
    }
  }
}

const inflate = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) };

/** One text for a file, or one for each JSON file of a zip archive. */
async function* textsOf(
  { path, bytes }: SourceFile,
  limits: ReadLimits,
): AsyncGenerator<{ path: string; text: string }> {
  try {
    const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
    // An archive without entries begins with its end.
    if (magic !== '504b0304' && magic !== '504b0506') {
      yield { path, text: decode(await decompress(bytes, magic, limits.fileBytes)) };
      return;
    }
    const caps = { entries: limits.records, entryBytes: limits.recordBytes, totalBytes: limits.fileBytes };
    for (const { name, content } of readZip(bytes, caps, (name) => /\.(?:json|jsonl)$/i.test(name))) {
      yield { path: `${path}/${name}`, text: decode(content) };
    }
  } catch (cause) {
    if (cause instanceof AdvisorySourceError) throw cause;
    if (cause instanceof RangeError || cause instanceof LimitExceededError) {
      throw new AdvisorySourceError('too-large', `${path} unpacks to over ${limits.fileBytes} bytes`, cause);
    }
    throw new AdvisorySourceError('broken', `${path} cannot be read: ${describeError(cause)}`, cause);
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

async function decompress(bytes: Uint8Array, magic: string, maxOutputLength: number): Promise<Uint8Array> {
  if (magic.startsWith('1f8b')) return inflate.gzip(bytes, { maxOutputLength });
  if (magic === '28b52ffd') return inflate.zstd(bytes, { maxOutputLength });
  if (bytes.length > maxOutputLength) throw new RangeError('over the cap');
  return bytes;
}

/** The JSON documents of a file, with the line that each begins on where there are many. */
function* documentsOf(path: string, text: string, limits: ReadLimits): Generator<unknown> {
  const parse = (part: string, where: string, maxBytes: number): unknown => {
    try {
      return parseJsonStrict(part, { what: where, maxBytes });
    } catch (cause) {
      throw new AdvisorySourceError('broken', describeError(cause), cause);
    }
  };
  if (!/\.(?:jsonl|ndjson)(?:\.|$)/i.test(path)) {
    const document = parse(text, path, limits.fileBytes);
    if (Array.isArray(document)) yield* document;
    else yield document;
    return;
  }
  let line = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    line++;
    const part = text.slice(start, end);
    start = end + 1;
    if (part.trim() !== '') yield parse(part, `${path}, line ${line},`, limits.recordBytes);
  }
}

function readRecord(path: string, value: unknown, scoreOf: ScoreVector): AdvisoryRead {
  try {
    return { kind: 'advisories', advisories: advisoriesOf(value, scoreOf) };
  } catch (error) {
    if (error instanceof LadingError) return { kind: 'rejected', reason: `${path}: ${error.message}` };
    throw error;
  }
}

function advisoriesOf(value: unknown, scoreOf: ScoreVector): readonly PackageAdvisory[] {
  if (isObject(value)) {
    if ('packages' in value && 'reponame' in value) return advisoriesOfSecdb(parseSecdb(value));
    if ('id' in value) return advisoriesOfOsv(parseOsvRecord(value), scoreOf);
    // Collections wrap the document together with where it came from.
    if (isObject(value.advisory) && 'reponame' in value.advisory) return advisoriesOfSecdb(parseSecdb(value.advisory));
  }
  throw new LadingError('advisory-unknown', 'a record is neither OSV nor an Alpine security database');
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
