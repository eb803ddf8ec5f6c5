/**
 * Debian's short names of licences ("Machine-readable debian/copyright file", section 7.1) as SPDX identifiers. What is not
 * here, or in no such form, stays as it is.
 */
const IDS: ReadonlyMap<string, string> = new Map([
  ['agpl-3', 'AGPL-3.0-only'],
  ['agpl-3+', 'AGPL-3.0-or-later'],
  ['apache-2', 'Apache-2.0'],
  ['apache-2.0', 'Apache-2.0'],
  ['artistic', 'Artistic-1.0-Perl'],
  ['artistic-2', 'Artistic-2.0'],
  ['artistic-2.0', 'Artistic-2.0'],
  ['beerware', 'Beerware'],
  ['bsd-2-clause', 'BSD-2-Clause'],
  ['bsd-3-clause', 'BSD-3-Clause'],
  ['bsd-4-clause', 'BSD-4-Clause'],
  ['bsd-4-clause-uc', 'BSD-4-Clause-UC'],
  ['bsl-1.0', 'BSL-1.0'],
  ['cc0', 'CC0-1.0'],
  ['cc0-1.0', 'CC0-1.0'],
  ['expat', 'MIT'],
  ['fsfap', 'FSFAP'],
  ['fsful', 'FSFUL'],
  ['fsfullr', 'FSFULLR'],
  ['gpl', 'GPL-1.0-or-later'],
  ['isc', 'ISC'],
  ['lgpl', 'LGPL-2.0-or-later'],
  ['mit', 'MIT'],
  ['mpl-1.1', 'MPL-1.1'],
  ['mpl-2', 'MPL-2.0'],
  ['mpl-2.0', 'MPL-2.0'],
  ['openssl', 'OpenSSL'],
  ['perl', '(Artistic-1.0-Perl OR GPL-1.0-or-later)'],
  ['psf-2', 'Python-2.0'],
  ['w3c', 'W3C'],
  ['x11', 'X11'],
  ['zlib', 'Zlib'],
]);

const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['autoconf', 'Autoconf-exception-generic'],
  ['bison', 'Bison-exception-2.2'],
  ['classpath', 'Classpath-exception-2.0'],
  ['font', 'Font-exception-2.0'],
  ['gcc', 'GCC-exception-3.1'],
  ['libtool', 'Libtool-exception'],
  ['linux-syscall-note', 'Linux-syscall-note'],
  ['texinfo', 'Texinfo-exception'],
]);

/** `GPL-2+` and `LGPL-2.1`, `GFDL-NIV-1.3+`: names with versions that follow one another. */
function gnu(name: string): string | undefined {
  const [, family = '', version = '', plus] = /^(gpl|lgpl|gfdl|gfdl-niv)-(\d(?:\.\d)?)(\+)?$/.exec(name) ?? [];
  if (family === '') return undefined;
  const full = version.includes('.') ? version : `${version}.0`;
  const base = family === 'gfdl-niv' ? 'GFDL' : family.toUpperCase();
  const invariants = family === 'gfdl-niv' ? '-no-invariants' : '';
  return `${base}-${full}${invariants}-${plus ? 'or-later' : 'only'}`;
}

/** One name, with `with … exception` behind it where the licence has one. */
function toId(text: string): string | undefined {
  const [name = '', exception] = text.toLowerCase().split(/\s+with\s+/, 2);
  const id = gnu(name) ?? IDS.get(name);
  if (id === undefined || exception === undefined) return id;
  const known = EXCEPTIONS.get(exception.replace(/\s+exceptions?$/, ''));
  return known && `${id} WITH ${known}`;
}

/** The short name or formula of a copyright file as an SPDX expression; undefined where a part of it has no identifier. */
export function toSpdxExpression(text: string): string | undefined {
  const words = text.trim().split(/\s*,?\s+(and|or)\s+/i);
  const parts = words.map((word, i) => (i % 2 === 1 ? word.toUpperCase() : toId(word.trim())));
  if (parts.some((part) => part === undefined)) return undefined;
  // Debian's `and` binds closer than its `or`, as SPDX's does.
  return parts.join(' ');
}
