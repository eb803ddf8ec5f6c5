import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statusDirectoryFile, statusFile } from '../../../../lib/sbom/catalogers/dpkg/parse-status.ts';
import { fileKinds, matchKind } from '../../../../lib/sbom/catalogers/index.ts';
import { packageJsonFile } from '../../../../lib/sbom/catalogers/npm/parse-package-json.ts';

const kindOf = (path: string): string | undefined => {
  const slash = path.lastIndexOf('/');
  return matchKind(slash < 0 ? '' : path.slice(0, slash), path.slice(slash + 1))?.id;
};

describe('files of interest', () => {
  it('are known by their paths, also in file trees below the root', () => {
    expect(kindOf('lib/apk/db/installed')).toBe('apk-installed');
    expect(kindOf('usr/lib/apk/db/installed')).toBe('apk-installed');
    expect(kindOf('rootfs/lib/apk/db/installed')).toBe('apk-installed');
    expect(kindOf('mylib/apk/db/installed')).toBeUndefined();
    expect(kindOf('var/lib/dpkg/status')).toBe('dpkg-status');
    expect(kindOf('var/lib/dpkg/status-old')).toBeUndefined();
    expect(kindOf('var/lib/dpkg/status.d/libc6')).toBe('dpkg-status-d');
    expect(kindOf('var/lib/dpkg/status.d/libc6.md5sums')).toBe('dpkg-file-list');
    expect(kindOf('var/lib/dpkg/info/bash.list')).toBe('dpkg-file-list');
    expect(kindOf('etc/apt/sources.list')).toBeUndefined();
    expect(kindOf('usr/bin/busybox')).toBe('executable');
    expect(kindOf('etc/status.d/x')).toBeUndefined();
    expect(kindOf('app/node_modules/@a/b/package.json')).toBe('npm-package-json');
    expect(kindOf('package.json')).toBe('npm-package-json');
    expect(kindOf('app/package.json.bak')).toBeUndefined();
    expect(kindOf('etc/os-release')).toBe('os-release');
    expect(kindOf('usr/lib/os.release.d/os-release-server')).toBe('os-release');
    expect(kindOf('etc/debian_version')).toBe('debian-version');
    expect(kindOf('usr/share/debian_version')).toBeUndefined();
    expect(kindOf('installed')).toBeUndefined();
  });

  it('have ids of their own, and parsers that give what their schema says or throw, whatever the bytes', () => {
    expect(new Set(fileKinds.map((kind) => kind.id)).size).toBe(fileKinds.length);
    const line = fc.constantFrom(
      'P:a',
      'V:1',
      'Package: b',
      'Version: 2',
      'Source: s (3)',
      'Depends: x | y',
      'ID=z',
      ' c',
      '{}',
      '',
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
      fc.array(line).map((lines) => Buffer.from(lines.join('\n'))),
      fc
        .json()
        .map((text) =>
          Buffer.from(`{"name":"n","version":"1","license":${text},"dependencies":${text},"author":${text}}`),
        ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...fileKinds), bytes, (kind, content) => {
        let parsed: unknown;
        try {
          parsed = kind.parse(content, 'some/path');
        } catch {
          return;
        }
        if (parsed === undefined) return;
        expect(kind.schema().safeParse(JSON.parse(JSON.stringify(parsed))).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('dpkg status', () => {
  it('lists what is installed, with sources and without what was removed', () => {
    const text = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u1
Depends: libgcc-s1, debconf | debconf-2.0
Pre-Depends: base (>= 1)
Provides: libc
Maintainer: GNU Libc Maintainers <x@y>

Package: removed
Status: deinstall ok config-files
Version: 1

Package: marked
Status: deinstall ok installed
Version: 1

Package: held
Status: hold ok half-configured
Version: 1

Package: no-version
Status: install ok installed
`;
    expect(statusFile.parse(Buffer.from(text), '')).toEqual([
      {
        name: 'libc6',
        version: '2.36-9+deb12u1',
        arch: 'amd64',
        source: { name: 'glibc', version: '2.36-9' },
        maintainer: 'GNU Libc Maintainers <x@y>',
        depends: [['base'], ['libgcc-s1'], ['debconf', 'debconf-2.0']],
        provides: ['libc'],
      },
      { name: 'marked', version: '1', depends: [], provides: [] },
      { name: 'held', version: '1', depends: [], provides: [] },
    ]);
    const distroless = Buffer.from('Package: tzdata\nVersion: 2026b-0\nArchitecture: all');
    expect(statusDirectoryFile.parse(distroless, '')).toMatchObject([
      { name: 'tzdata', version: '2026b-0', arch: 'all' },
    ]);
  });
});

describe('package.json', () => {
  const parse = (manifest: object | string) =>
    packageJsonFile.parse(Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest)), '');
  const known = { name: 'n', version: '1.0.0' };

  it('is a package only with a name; the version of a private one may be missing', () => {
    expect(parse({ type: 'module' })).toBeUndefined();
    expect(parse({ name: 'n' })).toMatchObject({ name: 'n', version: '' });
    expect(parse({ name: 'n', version: 5 })).toMatchObject({ version: '' });
    expect(parse({ name: '', version: '1' })).toBeUndefined();
    expect(parse({ name: 5, version: '1' })).toBeUndefined();
    expect(parse('[]')).toBeUndefined();
    expect(parse('null')).toBeUndefined();
    expect(() => parse('{')).toThrow();
    expect(parse(known)).toEqual({ ...known, licenses: [], requires: [] });
  });

  it('tells licences in all the ways that were ever in use', () => {
    const licenses = (more: object) => parse({ ...known, ...more })?.licenses;
    expect(licenses({ license: 'MIT' })).toEqual(['MIT']);
    expect(licenses({ license: { type: 'ISC', url: 'x' } })).toEqual(['ISC']);
    expect(licenses({ licenses: [{ type: 'MIT' }, 'BSD'] })).toEqual(['MIT', 'BSD']);
    expect(licenses({ license: ['MIT', 'GPL'] })).toEqual(['MIT', 'GPL']);
    expect(licenses({ license: 7 })).toEqual([]);
  });

  it('is read as Node.js reads it: a mark at the start, the last of two equal keys, fields of wrong sorts', () => {
    expect(parse(`\uFEFF${JSON.stringify(known)}`)).toMatchObject(known);
    expect(parse('{"name":"a","name":"b","version":"1"}')).toMatchObject({ name: 'b' });
    const odd = parse({ ...known, author: 5, dependencies: ['x'], optionalDependencies: { y: '1' } });
    expect(odd).toEqual({ ...known, licenses: [], requires: ['y'] });
    expect(parse('{"name":"a","version":"1","dependencies":{"__proto__":"1","b":"1"}}')?.requires).toContain('b');
  });
});
