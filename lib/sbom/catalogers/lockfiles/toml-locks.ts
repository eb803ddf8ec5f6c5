import { type Entry, lockFile } from './lock-file.ts';

/**
 * Lock files are written by programs, one key a line: names and versions of `[[package]]` tables are all that is wanted of
 * them. `skips` tells of keys by which a table is no package from elsewhere.
 */
function* tables(text: string, header: RegExp, skips?: RegExp): Generator<Entry> {
  let table: { name?: string; version?: string; skip?: boolean } | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('[')) {
      const named = header.exec(line.trimEnd());
      // `[package.dependencies]` goes on with the table before.
      if (!named && !/^\[\[/.test(line) && /^\[package[.\]]/.test(line)) continue;
      if (table && !table.skip) yield [table.name, table.version];
      table = named ? { ...(named[1] === undefined ? {} : { name: named[1] }) } : undefined;
      continue;
    }
    if (!table) continue;
    const [, key = '', value] = /^(\w+)\s*=\s*"([^"]*)"/.exec(line) ?? [];
    if (key === 'name') table.name ??= value ?? '';
    if (key === 'version') table.version ??= value ?? '';
    if (skips?.test(line)) table.skip = true;
  }
  if (table && !table.skip) yield [table.name, table.version];
}

/** A crate without a source is of the workspace itself. */
function* cargo(text: string): Generator<Entry> {
  for (const block of text.split(/\n(?=\[\[package\]\])/)) {
    if (/^source\s*=/m.test(block)) yield* tables(block, /^\[\[package\]\]$/);
  }
}

const python = function* (text: string): Generator<Entry> {
  const own = /^source\s*=\s*\{\s*(?:virtual|editable|directory)\s*=/;
  for (const [name, version] of tables(text, /^\[\[package\]\]$/, own)) {
    yield [typeof name === 'string' ? name.replace(/[-_.]+/g, '-').toLowerCase() : name, version];
  }
};

/** Julia's manifest: `[[deps.Name]]`, before 1.6.2 `[[Name]]`; those of the standard library have no version. */
const julia = (text: string): Generator<Entry> => tables(text, /^\[\[(?:deps\.)?(\w+)\]\]$/);

export const tomlLocks = [
  lockFile('cargo', ['Cargo.lock'], cargo),
  lockFile('pypi', ['poetry.lock', 'uv.lock', 'pdm.lock'], python),
  lockFile('julia', ['Manifest.toml', 'JuliaManifest.toml'], julia),
];
