import fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { describe, expect, it } from 'vitest';
import { formatPackageUrl, parsePackageUrl } from '../../../../lib/formats/purl/index.ts';

describe('package URLs', () => {
  it('are written as scanners write them', () => {
    const cases: [Parameters<typeof formatPackageUrl>[0], string][] = [
      [{ type: 'apk', namespace: 'alpine', name: 'musl', version: '1.2.4-r2' }, 'pkg:apk/alpine/musl@1.2.4-r2'],
      [
        {
          type: 'deb',
          namespace: 'debian',
          name: 'libstdc++6',
          version: '1:12.2.0~rc1-14+deb12u1',
          qualifiers: new Map([
            ['upstream', 'gcc-12@12.2.0-14'],
            ['arch', 'amd64'],
            ['empty', ''],
            ['distro', 'debian-12'],
          ]),
        },
        'pkg:deb/debian/libstdc%2B%2B6@1%3A12.2.0~rc1-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14',
      ],
      [{ type: 'npm', namespace: '@babel', name: 'core', version: '7.0.0' }, 'pkg:npm/%40babel/core@7.0.0'],
      [{ type: 'golang', namespace: 'github.com/a', name: 'b', subpath: '/c/./d/' }, 'pkg:golang/github.com/a/b#c/d'],
      [{ type: 'npm', name: "it's(!*)" }, 'pkg:npm/it%27s%28%21%2A%29'],
    ];
    for (const [purl, text] of cases) expect(formatPackageUrl(purl)).toBe(text);
  });

  it('of other hands are read', () => {
    expect(parsePackageUrl('pkg:npm/%40babel/core@7.0.0')).toEqual({
      type: 'npm',
      namespace: '@babel',
      name: 'core',
      version: '7.0.0',
    });
    expect(parsePackageUrl('PKG://Maven/org.a/b@1.0?Type=jar&empty=#sub/../path')).toEqual({
      type: 'maven',
      namespace: 'org.a',
      name: 'b',
      version: '1.0',
      qualifiers: new Map([['type', 'jar']]),
      subpath: 'sub/path',
    });
    expect(parsePackageUrl('pkg:npm/@scope/name')).toEqual({ type: 'npm', namespace: '@scope', name: 'name' });
    expect(parsePackageUrl('pkg:deb/debian/a@1:2.0')).toMatchObject({ version: '1:2.0' });
  });

  it('that are none are undefined', () => {
    for (const text of [
      '',
      'npm/a@1',
      'pkg:npm',
      'pkg:npm/',
      'pkg:n_m/a',
      'pkg:npm/a@%zz',
      'pkg:npm/a?=x',
      'pkg:npm/a?k=1&k=2',
      `pkg:npm/${'a'.repeat(9000)}`,
    ]) {
      expect(parsePackageUrl(text)).toBeUndefined();
    }
  });

  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  const purl = fc.record(
    {
      type: fc.constantFrom('npm', 'deb', 'generic', 'oci'),
      namespace: fc
        .array(
          word.filter((text) => !['.', '..'].includes(text) && !text.includes('/')),
          { minLength: 1, maxLength: 3 },
        )
        .map((p) => p.join('/')),
      name: word.filter((text) => !text.includes('/') && !['.', '..'].includes(text)),
      version: word,
      qualifiers: fc
        .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/), word), {
          minLength: 1,
          maxLength: 3,
          selector: ([key]) => key,
        })
        .map((pairs) => new Map(pairs)),
    },
    { requiredKeys: ['type', 'name'] },
  );

  it('come back as they were', () => {
    fc.assert(
      fc.property(purl, (one) => {
        expect(parsePackageUrl(formatPackageUrl(one))).toEqual(one);
      }),
    );
  });

  it('are read by others as they were meant', () => {
    // packageurl-js trims parts and decodes qualifiers twice, so texts with outer spaces or a percent sign are left out.
    const readable = (text: string): boolean => text.trim() === text && !text.includes('%');
    fc.assert(
      fc.property(purl, (one) => {
        const texts = [
          one.name,
          one.version,
          ...(one.namespace?.split('/') ?? []),
          ...(one.qualifiers?.values() ?? []),
        ];
        fc.pre(one.type === 'generic' && texts.every((text) => text === undefined || readable(text)));
        const theirs = PackageURL.fromString(formatPackageUrl(one));
        expect([theirs.name, theirs.namespace ?? undefined, theirs.version ?? undefined]).toEqual([
          one.name,
          one.namespace,
          one.version,
        ]);
        expect(new Map(Object.entries(theirs.qualifiers ?? {}))).toEqual(one.qualifiers ?? new Map());
      }),
    );
  });

  it('never throw, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePackageUrl(`pkg:${text}`)));
  });
});
