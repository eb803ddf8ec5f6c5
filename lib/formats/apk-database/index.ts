/** A package as `lib/apk/db/installed` records it. Fields that are empty there are left out. */
export interface ApkRecord {
  readonly name: string;
  readonly version: string;
  readonly arch?: string | undefined;
  /** The aports package it was built from; security fixes are named after that. */
  readonly origin?: string | undefined;
  readonly license?: string | undefined;
  readonly maintainer?: string | undefined;
  /** Commit of the aports tree. */
  readonly commit?: string | undefined;
  /** As written: `musl>=1.2`, `so:libc.musl-x86_64.so.1`, `/bin/sh`, `!conflict`. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  /** Paths of its files, of those that were asked for. */
  readonly files?: readonly string[] | undefined;
}

/**
 * Reads apk's database of installed packages: a letter, a colon and a value on each line, records parted by empty lines
 * (Alpine wiki, "Apk spec"; apk-tools `src/database.c`). Of the lines of owned files, directories (F) and names (R) are
 * read, the others (a, Z, M) are passed over. A record without name or version is left out.
 *
 * @param wantedFile decides by the name which files a record lists
 */
export function* parseApkDatabase(
  text: string,
  wantedFile: (name: string) => boolean = () => false,
): Generator<ApkRecord> {
  let fields = new Map<string, string>();
  let files: string[] = [];
  let directory = '';
  for (let at = 0; at <= text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (end === at) {
      const record = toRecord(fields, files);
      if (record) yield record;
      fields = new Map();
      files = [];
      directory = '';
    } else if (text.charCodeAt(at + 1) === 0x3a) {
      const key = text[at] as string;
      if (WANTED.has(key) && end > at + 2) fields.set(key, text.slice(at + 2, end).trim());
      else if (key === 'F') directory = text.slice(at + 2, end);
      else if (key === 'R') {
        const name = text.slice(at + 2, end);
        if (wantedFile(name)) files.push(directory === '' ? name : `${directory}/${name}`);
      }
    }
    at = end + 1;
  }
  const record = toRecord(fields, files);
  if (record) yield record;
}

const WANTED: ReadonlySet<string> = new Set(['P', 'V', 'A', 'o', 'L', 'm', 'c', 'D', 'p']);

function toRecord(fields: ReadonlyMap<string, string>, files: readonly string[]): ApkRecord | undefined {
  const name = fields.get('P');
  const version = fields.get('V');
  if (!name || !version) return undefined;
  const optional = { arch: 'A', origin: 'o', license: 'L', maintainer: 'm', commit: 'c' } as const;
  const entries = Object.entries(optional).flatMap(([field, key]) => {
    const value = fields.get(key);
    return value ? [[field, value] as const] : [];
  });
  return {
    name,
    version,
    ...Object.fromEntries(entries),
    depends: list(fields.get('D')),
    provides: list(fields.get('p')),
    ...(files.length > 0 ? { files } : {}),
  };
}

const list = (value: string | undefined): string[] => (value ? value.split(' ').filter((part) => part !== '') : []);

/** The name in a dependency or provision: `so:libz.so.1=1.2.13` is `so:libz.so.1`; a conflict (`!name`) has none. */
export function apkDependencyName(text: string): string | undefined {
  if (text.startsWith('!')) return undefined;
  const end = text.search(/[<>=~@]/);
  return end < 0 ? text : text.slice(0, end);
}
