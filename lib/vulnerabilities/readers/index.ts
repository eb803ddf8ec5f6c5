import { LadingError } from '../../core/errors.ts';
import { isObject, type JsonObject, type JsonReader, type ReadContext, type RecordRead } from './claim.ts';
import { csaf } from './csaf.ts';
import { debianChangelogs, debianTracker, isDebianList, readDebianList, trackerRecords } from './debian.ts';
import { arch, photon } from './distribution-lists.ts';
import {
  cveRecord,
  endOfLife,
  endOfLifeReleases,
  isEpss,
  knownExploited,
  nvd,
  readEpss,
  vulnerabilityList,
  vulnrichmentExtract,
} from './facts.ts';
import { githubAdvisory } from './github-advisory.ts';
import {
  nodeCoreAdvisories,
  npmAdvisories,
  phpAdvisories,
  retireJs,
  retireRecords,
  rubyAdvisories,
} from './language-databases.ts';
import { osv } from './osv.ts';
import { readOvalAdvisories } from './oval.ts';
import { secdb } from './secdb.ts';
import { ubuntuTracker } from './ubuntu-tracker.ts';
import { readUpdateinfo } from './updateinfo.ts';

export type { PackageAdvisory, ReadContext, RecordRead } from './claim.ts';

/** Each knows its documents by their shape; the first that does reads them. */
const jsonReaders: readonly JsonReader[] = [
  osv,
  githubAdvisory,
  secdb,
  cveRecord,
  knownExploited,
  nvd,
  vulnrichmentExtract,
  ubuntuTracker,
  debianTracker,
  debianChangelogs,
  csaf,
  npmAdvisories,
  rubyAdvisories,
  phpAdvisories,
  retireJs,
  nodeCoreAdvisories,
  photon,
  arch,
  endOfLife,
];

/** @throws LadingError or ZodError for a record that does not fit its format, or whose format is not known */
export function readJsonRecord(value: unknown, context: ReadContext): RecordRead {
  const reader = isObject(value) ? jsonReaders.find((one) => one.matches(value)) : undefined;
  if (reader) return reader.read(value as JsonObject, context);
  throw new LadingError('advisory-unknown', 'a record is of no format of advisories that is read here');
}

/** The records of a document: the elements of a list, the parts of a collection, or the one that it is. */
export function* recordsOf(document: unknown): Generator<unknown> {
  if (Array.isArray(document)) {
    yield* document;
    return;
  }
  if (!isObject(document)) {
    yield document;
    return;
  }
  const list = vulnerabilityList(document) ?? endOfLifeReleases(document);
  if (list) yield* list;
  else if (isTracker(document)) yield* trackerRecords(document);
  else if (isRetireJs(document)) yield* retireRecords(document);
  else yield document;
}

/** Source package → issue → `releases`. */
function isTracker(document: JsonObject): boolean {
  const [first] = Object.values(document);
  const [issue] = isObject(first) ? Object.values(first) : [];
  return isObject(issue) && isObject(issue.releases);
}

const isRetireJs = (document: JsonObject): boolean => {
  const [first] = Object.values(document);
  return isObject(first) && Array.isArray(first.vulnerabilities) && isObject(first.extractors);
};

export type LineReader = (lines: AsyncIterable<string>, context: ReadContext) => AsyncIterable<RecordRead>;

/** The reader of a text that is no JSON and no XML, by its first line. */
export function lineReader(firstLine: string): LineReader | undefined {
  if (isDebianList(firstLine)) {
    return async function* (lines, context) {
      for await (const advisories of readDebianList(lines, context)) yield { advisories };
    };
  }
  if (isEpss(firstLine)) {
    return async function* (lines) {
      for await (const facts of readEpss(lines)) yield { facts };
    };
  }
  return undefined;
}

export type XmlReader = (chunks: AsyncIterable<string>, context: ReadContext) => AsyncIterable<RecordRead>;

/** The reader of an XML document, by its root element. */
export function xmlReader(head: string): XmlReader | undefined {
  const root = /<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s>/]/.exec(head.replace(/<\?[\s\S]*?\?>|<!--[\s\S]*?-->/g, ''))?.[1];
  const read = root === 'oval_definitions' ? readOvalAdvisories : root === 'updates' ? readUpdateinfo : undefined;
  if (!read) return undefined;
  return async function* (chunks, context) {
    for await (const advisories of read(chunks, context)) yield { advisories };
  };
}
