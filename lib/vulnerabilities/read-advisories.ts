import { ZodError } from 'zod';
import { describeError, LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { XmlError } from '../formats/xml/index.ts';
import { loadScorer } from './cvss-score.ts';
import { AdvisorySourceError } from './errors.ts';
import { openFile, type ReadLimits, type SourceText } from './open-file.ts';
import type { SourceFile } from './ports.ts';
import {
  lineReader,
  type ReadContext,
  type RecordRead,
  readJsonRecord,
  recordsOf,
  xmlReader,
} from './readers/index.ts';

export const defaultReadLimits: ReadLimits = {
  fileBytes: 512 * 1024 * 1024,
  recordBytes: 32 * 1024 * 1024,
  records: 2_000_000,
};

/** What one record says, or why it was left out. */
export type AdvisoryRead =
  | ({ readonly kind: 'record' } & RecordRead)
  | { readonly kind: 'rejected'; readonly reason: string };

/**
 * Reads files of advisories as their publishers give them; which format it is, a file's content tells (README: Formats).
 * A record that does not fit its format is given as rejected; what breaks off is the source's failure.
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
    for await (const text of openFile(file, limits)) {
      for await (const read of readText(text, { path: text.path, scoreOf }, limits)) {
        if (++records > limits.records) {
          throw new AdvisorySourceError('too-large', `there are over ${limits.records} records`);
        }
        yield read;
      }
    }
  }
}

/** Enough to see a root element behind an XML declaration and a comment. */
const HEAD = 16 * 1024;
const JSON_FILE = /\.json(?:\.|$)/i;
const JSON_LINES = /\.(?:jsonl|ndjson)(?:\.|$)/i;

async function* readText(
  { path, chunks }: SourceText,
  context: ReadContext,
  limits: ReadLimits,
): AsyncGenerator<AdvisoryRead> {
  const { head, all } = await peek(chunks);
  const start = head.trimStart();
  if (start.startsWith('<')) yield* readXmlText(path, start, all, context);
  else if (JSON_LINES.test(path)) yield* readJsonLines(path, all, context, limits);
  else {
    const reader = start.startsWith('{') ? undefined : lineReader(start.split('\n', 1)[0] ?? '');
    if (reader) yield* asReads(reader(linesOf(all, path, limits), context), path);
    else if (/^[{[]/.test(start) || JSON_FILE.test(path)) yield* readJson(path, all, context, limits);
    else throw new AdvisorySourceError('malformed', `${path} is of no format of advisories that is read here`);
  }
}

async function peek(chunks: AsyncIterable<string>): Promise<{ head: string; all: AsyncIterable<string> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = '';
  while (head.trimStart().length < HEAD) {
    const next = await iterator.next();
    if (next.done) break;
    head += next.value;
  }
  const all = async function* (): AsyncGenerator<string> {
    yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  return { head, all: all() };
}

async function* readXmlText(
  path: string,
  head: string,
  chunks: AsyncIterable<string>,
  context: ReadContext,
): AsyncGenerator<AdvisoryRead> {
  const reader = xmlReader(head.slice(0, HEAD));
  if (!reader) throw new AdvisorySourceError('broken', `${path} is no XML of advisories`);
  yield* asReads(reader(chunks, context), path);
}

async function* asReads(reads: AsyncIterable<RecordRead>, path: string): AsyncGenerator<AdvisoryRead> {
  try {
    for await (const read of reads) yield { kind: 'record', ...read };
  } catch (cause) {
    if (cause instanceof XmlError)
      throw new AdvisorySourceError('broken', `${path} is no XML: ${cause.message}`, cause);
    throw cause;
  }
}

async function* readJson(
  path: string,
  chunks: AsyncIterable<string>,
  context: ReadContext,
  limits: ReadLimits,
): AsyncGenerator<AdvisoryRead> {
  const parts: string[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const document = parse(parts.join(''), path, limits.fileBytes);
  for (const record of recordsOf(document)) yield readRecord(path, record, context);
}

async function* readJsonLines(
  path: string,
  chunks: AsyncIterable<string>,
  context: ReadContext,
  limits: ReadLimits,
): AsyncGenerator<AdvisoryRead> {
  let number = 0;
  for await (const line of linesOf(chunks, path, limits)) {
    number++;
    if (line.trim() !== '')
      yield readRecord(path, parse(line, `${path}, line ${number},`, limits.recordBytes), context);
  }
}

function parse(text: string, what: string, maxBytes: number): unknown {
  try {
    return parseJsonStrict(text, { what, maxBytes });
  } catch (cause) {
    throw new AdvisorySourceError('broken', describeError(cause), cause);
  }
}

async function* linesOf(chunks: AsyncIterable<string>, path: string, limits: ReadLimits): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield rest.slice(start, rest.charCodeAt(end - 1) === 13 ? end - 1 : end);
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > limits.recordBytes) {
      throw new AdvisorySourceError('too-large', `${path} has a line of over ${limits.recordBytes} bytes`);
    }
  }
  if (rest !== '') yield rest;
}

function readRecord(path: string, value: unknown, context: ReadContext): AdvisoryRead {
  try {
    return { kind: 'record', ...readJsonRecord(value, context) };
  } catch (error) {
    if (error instanceof LadingError) return { kind: 'rejected', reason: `${path}: ${error.message}` };
    if (error instanceof ZodError) {
      const [issue] = error.issues;
      return {
        kind: 'rejected',
        reason: `${path}: a record is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message}`,
      };
    }
    throw error;
  }
}
