export { readSqliteTable, SqliteError, type SqliteRow, type SqliteValue } from './read-table.ts';
