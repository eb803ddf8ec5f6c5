import { readVarint, SqliteError, SqlitePages } from './pages.ts';

export { SqliteError };

export type SqliteValue = null | number | string | Buffer;

export interface SqliteRow {
  readonly rowid: number;
  /** In the order of the columns; an `INTEGER PRIMARY KEY` is null here, since it is the row id. */
  readonly values: readonly SqliteValue[];
}

/** Columns a record may have: SQLite's own cap ("Limits In SQLite", section 2). */
const MAX_COLUMNS = 32_767;

/**
 * Reads all rows of one table of an SQLite database in memory, without a query. What stands in a write-ahead log beside
 * the database is not seen. Values over 2^53 lose precision.
 *
 * @returns undefined where there is no such table
 * @throws SqliteError where the bytes are no database, or are damaged
 * @see https://www.sqlite.org/fileformat2.html
 */
export function readSqliteTable(file: Buffer, table: string): Iterable<SqliteRow> | undefined {
  const pages = new SqlitePages(file);
  for (const { payload } of pages.cells(1)) {
    const [type, name, , root] = readRecord(payload);
    if (type === 'table' && name === table && typeof root === 'number') return rows(pages, root);
  }
  return undefined;
}

function* rows(pages: SqlitePages, root: number): Generator<SqliteRow> {
  for (const { rowid, payload } of pages.cells(root)) yield { rowid, values: readRecord(payload) };
}

/** Section 2.1, "Record Format". */
function readRecord(payload: Buffer): SqliteValue[] {
  const header = readVarint(payload, 0);
  if (header.value > payload.length) throw new SqliteError('the header of a record is longer than the record');
  const values: SqliteValue[] = [];
  let body = header.value;
  for (let at = header.end; at < header.value; ) {
    const type = readVarint(payload, at);
    const length = lengthOf(type.value);
    if (body + length > payload.length) throw new SqliteError('a value lies outside its record');
    if (values.length >= MAX_COLUMNS) throw new SqliteError('a record has too many columns');
    values.push(readValue(type.value, payload.subarray(body, body + length)));
    body += length;
    at = type.end;
  }
  return values;
}

function lengthOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? badType(type);
}

function readValue(type: number, bytes: Buffer): SqliteValue {
  if (type >= 12) return type % 2 === 0 ? bytes : bytes.toString('utf8');
  switch (type) {
    case 0:
      return null;
    case 6:
      return Number(bytes.readBigInt64BE(0));
    case 7:
      return bytes.readDoubleBE(0);
    case 8:
      return 0;
    case 9:
      return 1;
    default:
      return bytes.readIntBE(0, bytes.length);
  }
}

function badType(type: number): never {
  throw new SqliteError(`a value of type ${type} is reserved`);
}
