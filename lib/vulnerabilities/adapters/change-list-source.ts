import { createHash } from 'node:crypto';
import { z } from 'zod';
import { mapLimit } from '../../core/concurrency.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { AdvisorySource, ChangedFile, SourceReading } from '../ports.ts';
import type { Checksum } from '../publishers.ts';
import {
  conditionOf,
  expectOk,
  type PublisherClient,
  type PublisherOptions,
  publisherClient,
  validatorOf,
} from './publisher-client.ts';

/** How a publisher lays out an archive of all records, a list of changes (the newest first), and the records by themselves. */
export interface ChangeListLayout {
  readonly list: string;
  /** A list of what was taken away, in the same form; there need not be one. */
  readonly deletions?: string | undefined;
  /** The row of a line; `undefined` for a heading. @throws AdvisorySourceError */
  row(line: string): ChangedRow | undefined;
  recordUrl(row: ChangedRow): string;
  readonly recordKey?: (record: string) => string;
  checksumOf?(url: string): Checksum;
  /** What a record says of itself; where it lags its row, the list is ahead of the store. @throws AdvisorySourceError */
  inspect?(content: Uint8Array, row: ChangedRow): { readonly modified: string } | undefined;
  archive(client: PublisherClient): Promise<{ readonly url: string; readonly checksum?: Checksum }>;
}

export interface ChangedRow {
  /** Where it lies, below the publisher's folder. */
  readonly path: string;
  /** As `ChangedFile.record`. */
  readonly record: string;
  /** Sortable (`instantOf`). */
  readonly modified: string;
}

const stateSchema = z.object({
  /** All changes until then have been read, except those that may come late. */
  since: z.string(),
  /** Of the last hour before: what was read already, each as a few letters (`markOf`). */
  seen: z.array(z.string()),
  list: z.string().optional(),
  archive: z.string().optional(),
  archiveAt: z.iso.datetime(),
});
type State = z.infer<typeof stateSchema>;

export interface ChangeListOptions extends PublisherOptions {
  readonly layout: ChangeListLayout;
  readonly now: () => Date;
  /** Over so many changes the whole archive costs less. Default 2,000. */
  readonly maxChanges?: number;
}

const HOUR_MS = 3_600_000;
/** Removed records show in the archive alone, and whatever was missed: it is asked for that often, if it changed. */
const ARCHIVE_EVERY_MS = 7 * 24 * HOUR_MS;
/** The snapshot carries them. */
const MAX_SEEN = 1000;
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const MAX_RECORD_BYTES = 32 * 1024 * 1024;
const PARALLEL = 8;

/**
 * Reads the whole archive once, then only what the list of changes names. Whatever makes the list doubtful (out of
 * order, gone back, too long, absent) leads back to the archive, and so does a week.
 *
 * A list may be ahead of the records: what is not there yet, or is older than its row says, is asked for again. Rows may
 * come late: each reading goes back an hour.
 */
export function changeListSource(options: ChangeListOptions): AdvisorySource {
  const { name, scope = 'complete' } = options;
  return {
    name,
    scope,
    async read(validator) {
      const client = publisherClient(options);
      const reading = await readSince(options, client, stateOf(validator));
      return { ...reading, fetchedBytes: client.fetched() };
    },
  };
}

function stateOf(validator: string | undefined): State | undefined {
  if (!validator?.startsWith('{')) return undefined;
  try {
    return stateSchema.safeParse(JSON.parse(validator)).data;
  } catch {
    return undefined;
  }
}

async function readSince(
  options: ChangeListOptions,
  client: PublisherClient,
  state: State | undefined,
): Promise<SourceReading> {
  const whole = () => readArchive(options, client, state);
  if (!state) return whole();
  if (options.now().getTime() - Date.parse(state.archiveAt) >= ARCHIVE_EVERY_MS) {
    const reading = await whole();
    if (reading.kind !== 'unchanged') return reading;
  }
  const found = await listChanges(options, client, state);
  if (found.kind === 'unchanged') return found;
  if (found.kind === 'doubtful') {
    const reading = await whole();
    if (reading.kind !== 'unchanged') return reading;
    throw new AdvisorySourceError('broken', found.why);
  }
  const most = options.maxChanges ?? 2000;
  if (found.rows.length <= most) return readChanges(options, client, state, found);
  const reading = await whole();
  if (reading.kind !== 'unchanged') return reading;
  // The archive is older than all that: a part at a time, the oldest first.
  return readChanges(options, client, state, { ...found, rows: found.rows.slice(-most), list: undefined });
}

type Listed = { readonly kind: 'unchanged' } | { readonly kind: 'doubtful'; readonly why: string } | Rows;

interface Rows {
  readonly kind: 'rows';
  /** What is to be read; the newest first. */
  readonly rows: readonly ChangedRow[];
  /** What was, and may be listed again. */
  readonly known: readonly ChangedRow[];
  readonly list: string | undefined;
}

async function listChanges({ layout }: ChangeListOptions, client: PublisherClient, state: State): Promise<Listed> {
  const response = await client.ask(layout.list, conditionOf(state.list));
  if (response.status === 304) return { kind: 'unchanged' };
  if (response.status === 404) return { kind: 'doubtful', why: `${layout.list} is not there` };
  const rows = new Map<string, ChangedRow>();
  const known: ChangedRow[] = [];
  const seen = new Set(state.seen);
  const floor = anHourBefore(state.since);
  let last: string | undefined;
  for await (const row of rowsOf(layout, client, expectOk(response, layout.list), layout.list)) {
    if (last === undefined && row.modified < state.since) {
      return { kind: 'doubtful', why: `${layout.list} went back to ${row.modified}, and had ${state.since}` };
    }
    if (last !== undefined && row.modified > last) {
      return { kind: 'doubtful', why: `${layout.list} is not in the order of time at ${row.path}` };
    }
    last = row.modified;
    if (row.modified < floor) break;
    if (seen.has(markOf(row))) known.push(row);
    else if (!rows.has(row.path)) rows.set(row.path, row);
  }
  if (last === undefined) return { kind: 'doubtful', why: `${layout.list} is empty` };
  return rows.size === 0
    ? { kind: 'unchanged' }
    : { kind: 'rows', rows: [...rows.values()], known, list: validatorOf(response) };
}

async function* rowsOf(
  layout: ChangeListLayout,
  client: PublisherClient,
  response: Response,
  url: string,
): AsyncGenerator<ChangedRow> {
  for await (const line of client.lines(response, url, MAX_LIST_BYTES)) {
    const row = line.trim() === '' ? undefined : layout.row(line);
    if (row) yield row;
  }
}

const markOf = ({ modified, path }: ChangedRow): string =>
  createHash('sha256').update(`${modified} ${path}`).digest('base64url').slice(0, 9);

async function readChanges(
  options: ChangeListOptions,
  client: PublisherClient,
  state: State,
  { rows, known, list }: Rows,
): Promise<SourceReading> {
  const fetched = await mapLimit(rows, PARALLEL, (row) => readRecord(options, client, row));
  const files = fetched.filter((one) => one !== undefined);
  const late = rows.filter((_, i) => fetched[i] === undefined).map(({ modified }) => modified);
  const newest = [state.since, ...rows.map(({ modified }) => modified)].sort().at(-1) as string;
  // What is late is looked for again, however long it takes: the next reading starts from there.
  const since = [newest, ...late].sort()[0] as string;
  const seen = [...rows.filter((_, i) => fetched[i] !== undefined), ...known]
    .filter(({ modified }) => modified >= anHourBefore(since))
    .sort((a, b) => (a.modified < b.modified ? 1 : -1))
    .slice(0, MAX_SEEN)
    .map(markOf);
  const next: State = { ...state, since, seen, list: late.length > 0 ? undefined : list };
  const gone = await readDeletions(options, client, state, new Set(files.map(({ record }) => record)));
  const { recordKey } = options.layout;
  if (files.length === 0 && gone.length === 0) return { kind: 'unchanged' };
  return { kind: 'changes', files, gone, recordKey, validator: JSON.stringify(next) };
}

/** `undefined`: it is not there yet, or an older version is. */
async function readRecord(
  { layout }: ChangeListOptions,
  client: PublisherClient,
  row: ChangedRow,
): Promise<ChangedFile | undefined> {
  const url = layout.recordUrl(row);
  const response = await client.ask(url);
  if (response.status === 404) return undefined;
  const bytes = await client.body(expectOk(response, url), url, MAX_RECORD_BYTES);
  const said = layout.inspect?.(bytes, row);
  if (said && said.modified < row.modified) return undefined;
  if (layout.checksumOf) await client.verify(bytes, url, layout.checksumOf(url));
  return { path: row.path, bytes, record: row.record };
}

async function readDeletions(
  { layout }: ChangeListOptions,
  client: PublisherClient,
  { since }: State,
  present: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { deletions } = layout;
  if (deletions === undefined) return [];
  const response = await client.ask(deletions);
  if (response.status === 404) return [];
  const gone: string[] = [];
  for await (const row of rowsOf(layout, client, expectOk(response, deletions), deletions)) {
    if (row.modified < anHourBefore(since)) break;
    if (!present.has(row.record)) gone.push(row.record);
  }
  return gone;
}

/** The whole, from whose age on changes count; `unchanged` where it is the one that was read before. */
async function readArchive(
  options: ChangeListOptions,
  client: PublisherClient,
  state: State | undefined,
): Promise<SourceReading> {
  const { layout, now } = options;
  const newest = await newestChange(layout, client);
  const { url, checksum } = await layout.archive(client);
  const response = await client.ask(url, conditionOf(state?.archive));
  if (response.status === 304) return { kind: 'unchanged' };
  const bytes = await client.body(expectOk(response, url), url);
  if (checksum) await client.verify(bytes, url, checksum);
  const date = Date.parse(response.headers.get('last-modified') ?? '');
  const made = Number.isNaN(date) ? undefined : instantOf(new Date(date).toISOString());
  const since = [newest, made].filter((one) => one !== undefined).sort()[0] ?? instantOf(now().toISOString());
  const next: State = { since, seen: [], archive: validatorOf(response), archiveAt: now().toISOString() };
  return {
    kind: 'files',
    validator: JSON.stringify(next),
    // Without a list there are no changes to ask for.
    isBehind: newest !== undefined,
    files: (async function* () {
      yield { path: new URL(url).pathname, bytes };
    })(),
  };
}

async function newestChange(layout: ChangeListLayout, client: PublisherClient): Promise<string | undefined> {
  const response = await client.ask(layout.list);
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  for await (const row of rowsOf(layout, client, expectOk(response, layout.list), layout.list)) return row.modified;
  return undefined;
}

/** RFC 3339 with any offset and any number of decimals, in a form that sorts as the moments do. @throws AdvisorySourceError */
export function instantOf(text: string): string {
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new AdvisorySourceError('broken', `${text.slice(0, 60)} is no time`);
  return `${new Date(time).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`;
}

const anHourBefore = (instant: string): string =>
  `${new Date(Date.parse(`${instant.slice(0, 19)}Z`) - HOUR_MS).toISOString().slice(0, 19)}${instant.slice(19)}`;
