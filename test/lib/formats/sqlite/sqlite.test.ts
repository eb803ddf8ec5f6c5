import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSqliteTable, SqliteError } from '../../../../lib/formats/sqlite/index.ts';
import { sqliteFile } from './sqlite-builder.ts';

const rowsOf = (file: Buffer, table = 't') => [...(readSqliteTable(file, table) ?? [])];

describe('an SQLite table', () => {
  it('is read as SQLite wrote it: all types, overflow pages, deep trees', () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.constantFrom(0, 1, -1, 2 ** 40, -(2 ** 47), 2 ** 52),
      fc.double({ noNaN: true, noInteger: true }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.nat(20_000).map((length) => Buffer.alloc(length, length % 251)),
    );
    const pageBytes = fc.constantFrom(512, 4096, 65_536);
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 60 }), pageBytes, (values, size) => {
        const file = sqliteFile((database) => {
          database.exec(
            `PRAGMA page_size=${size}; CREATE TABLE other(x); CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)`,
          );
          database.exec('BEGIN');
          const insert = database.prepare('INSERT INTO t(a, b) VALUES (?, ?)');
          for (const [a, b] of values) insert.run(a, b);
          database.exec('COMMIT');
        });
        const expected = values.map(([a, b], i) => ({ rowid: i + 1, values: [null, a, b] }));
        expect(rowsOf(file)).toEqual(expected);
        expect(rowsOf(file, 'other')).toEqual([]);
        expect(readSqliteTable(file, 'absent')).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  it('has rows on three levels of pages', () => {
    const file = sqliteFile((database) => {
      database.exec('PRAGMA page_size=512; CREATE TABLE t(id INTEGER PRIMARY KEY, a)');
      database.exec(
        'INSERT INTO t(a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT hex(i) FROM n',
      );
    });
    const rows = rowsOf(file);
    expect(rows).toHaveLength(20_000);
    expect(rows.every((row, i) => row.rowid === i + 1)).toBe(true);
  });

  it('ends with an error that says so where bytes are damaged, whichever', () => {
    const whole = sqliteFile((database) => {
      database.exec('PRAGMA page_size=512; CREATE TABLE t(id INTEGER PRIMARY KEY, a)');
      const insert = database.prepare('INSERT INTO t(a) VALUES (?)');
      for (let i = 0; i < 40; i++) insert.run(Buffer.alloc(i * 50, i));
    });
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    const near = fc.tuple(fc.nat(Math.min(whole.length, 1200) - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(change, near), { maxLength: 8 }),
        fc.option(fc.nat(whole.length)),
        (changes, length) => {
          const file = Buffer.from(whole.subarray(0, length ?? whole.length));
          for (const [at, byte] of changes) file[at] = byte;
          try {
            rowsOf(file);
          } catch (error) {
            expect(error).toBeInstanceOf(SqliteError);
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(() => rowsOf(Buffer.alloc(0))).toThrow(SqliteError);
    expect(() => rowsOf(Buffer.alloc(4096))).toThrow(SqliteError);
  });
});
