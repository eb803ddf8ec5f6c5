import { readSqliteTable } from '../sqlite/index.ts';
import { berkeleyDbBlobs, isBerkeleyDb } from './berkeley-db.ts';
import { RpmDatabaseError } from './errors.ts';
import { type RpmHeader, readRpmHeader } from './header.ts';
import { isNdb, ndbBlobs } from './ndb.ts';

export { RpmDatabaseError } from './errors.ts';
export type { RpmHeader } from './header.ts';

/** More packages than any distribution has. */
const MAX_PACKAGES = 200_000;

/**
 * Reads the installed packages out of an RPM database in any of its forms, told apart by their first bytes: SQLite
 * (rpm 4.16 and later), ndb (SUSE), Berkeley DB hash (before 4.16).
 *
 * @throws RpmDatabaseError, SqliteError where it is none of them, or damaged
 */
export function readRpmDatabase(file: Buffer): RpmHeader[] {
  const packages: RpmHeader[] = [];
  for (const blob of blobsOf(file)) {
    const header = readRpmHeader(blob);
    if (!header) continue;
    if (packages.length >= MAX_PACKAGES) throw new RpmDatabaseError(`it has over ${MAX_PACKAGES} packages`);
    packages.push(header);
  }
  return packages;
}

function blobsOf(file: Buffer): Iterable<Buffer> {
  if (isNdb(file)) return ndbBlobs(file);
  if (isBerkeleyDb(file)) return berkeleyDbBlobs(file);
  return sqliteBlobs(file);
}

/** `CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`, lib/backend/sqlite.c of rpm. */
function* sqliteBlobs(file: Buffer): Generator<Buffer> {
  const rows = readSqliteTable(file, 'Packages');
  if (!rows) throw new RpmDatabaseError('it has no table of packages');
  for (const { values } of rows) {
    const blob = values[1];
    if (!Buffer.isBuffer(blob)) throw new RpmDatabaseError('a row of the packages holds no header');
    yield blob;
  }
}
