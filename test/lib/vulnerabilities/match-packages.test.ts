import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affects, findingsFor, npm, recordSource, world } from './support.ts';

const distro = { id: 'debian', versionId: '12' } as const;

describe('matching', () => {
  it('finds distribution packages by source package, its version and the release', async () => {
    const records = [
      affects('CVE-2026-1000', 'Debian:12', 'openssl', '0..3.0.11-1~deb12u2'),
      affects('CVE-2026-1001', 'Debian:11', 'openssl', '0..9'),
    ];
    const libssl = {
      type: 'deb',
      name: 'libssl3',
      version: '3.0.11-1~deb12u1+b1',
      source: { name: 'openssl', version: '3.0.11-1~deb12u1' },
      distro,
    };
    expect(await findingsFor([libssl], ...records)).toEqual(['CVE-2026-1000 libssl3@3.0.11-1~deb12u1+b1']);
    // A binary rebuild has a newer version than its source; only the source's counts.
    const rebuilt = { ...libssl, version: '9:9-9', source: { name: 'openssl', version: '3.0.11-1~deb12u2' } };
    expect(await findingsFor([rebuilt], ...records)).toEqual([]);
  });

  it.each([
    ['apk', { id: 'alpine', versionId: '3.18.9' }, 'Alpine:v3.18'],
    ['apk', { id: 'alpine', versionId: '3.22.0_alpha20250108' }, 'Alpine:edge'],
    ['apk', { id: 'wolfi', versionId: '20230201' }, 'Wolfi'],
    ['deb', { id: 'ubuntu', versionId: '22.04' }, 'Ubuntu:22.04:LTS'],
    ['rpm', { id: 'almalinux', versionId: '9.4' }, 'AlmaLinux:9'],
    ['rpm', { id: 'rocky', versionId: '8.9' }, 'Rocky Linux:8'],
  ])('finds %s packages of %o in %s', async (type, release, ecosystem) => {
    const found = await findingsFor(
      [{ type, name: 'zlib', version: '1.2-r0', distro: release }],
      affects('CVE-2026-1', ecosystem, 'zlib', '0..1.3-r0'),
    );
    expect(found).toHaveLength(1);
  });

  it('reads release and source package out of the purl where the package does not say', async () => {
    const purl = 'pkg:apk/alpine/libcrypto3@3.1.7-r0?arch=x86_64&distro=alpine-3.18.9&upstream=openssl';
    const found = await findingsFor(
      [{ type: 'apk', name: 'libcrypto3', version: '3.1.7-r0', purl }],
      affects('CVE-2026-1000', 'Alpine:v3.18', 'openssl', '0..3.1.8-r0'),
    );
    expect(found).toEqual(['CVE-2026-1000 libcrypto3@3.1.7-r0']);
  });

  it('puts the epoch of an rpm back into its version', async () => {
    const purl = 'pkg:rpm/almalinux/bind@9.16-1.el9?epoch=32&distro=almalinux-9.4';
    const record = affects('ALSA-1', 'AlmaLinux:9', 'bind', '0..32:9.16-2.el9');
    expect(await findingsFor([{ type: 'rpm', name: 'bind', version: '9.16-1.el9', purl }], record)).toHaveLength(1);
    expect(await findingsFor([{ type: 'rpm', name: 'bind', version: '9.16-2.el9', purl }], record)).toHaveLength(0);
  });

  it.each([
    ['pypi', 'Zope.Interface', 'PyPI', 'zope-interface'],
    ['nuget', 'Newtonsoft.Json', 'NuGet', 'newtonsoft.JSON'],
    ['composer', 'Symfony/Http-Kernel', 'Packagist', 'symfony/http-kernel'],
    ['swift', 'https://github.com/Apple/Swift-NIO.git', 'SwiftURL', 'github.com/apple/swift-nio'],
  ])('knows the spellings of one %s name', async (type, name, ecosystem, advised) => {
    expect(
      await findingsFor([{ type, name, version: '1.0.0' }], affects('CVE-2026-1000', ecosystem, advised, '0..2.0.0')),
    ).toHaveLength(1);
  });

  it('tells npm names apart that differ in case or scope', async () => {
    const record = affects('CVE-2026-1000', 'npm', '@scope/left', '0..2.0.0');
    expect(await findingsFor([npm('left', '1.0.0'), npm('@Scope/left', '1.0.0')], record)).toEqual([]);
    expect(await findingsFor([npm('@scope/left', '1.0.0')], record)).toHaveLength(1);
  });

  it('takes group and artifact of Maven from the purl, and the case of a Go module from the name', async () => {
    const jar = {
      type: 'maven',
      name: 'log4j-core',
      version: '2.14.1',
      purl: 'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1',
    };
    expect(
      await findingsFor(
        [jar],
        affects('CVE-2021-44228', 'Maven', 'org.apache.logging.log4j:log4j-core', '2.13.0..2.15.0'),
      ),
    ).toHaveLength(1);
    const module = {
      type: 'golang',
      name: 'github.com/Masterminds/goutils',
      version: 'v1.1.0',
      purl: 'pkg:golang/github.com/masterminds/goutils@v1.1.0',
    };
    expect(
      await findingsFor([module], affects('GO-1', 'Go', 'github.com/Masterminds/goutils', '0..1.1.1')),
    ).toHaveLength(1);
  });

  it('unites what several records and sources say of one vulnerability', async () => {
    const { sync, match } = world();
    await sync([
      recordSource(
        [
          affects('GHSA-aaaa-bbbb-cccc', 'npm', 'left', '0..1.2.3', {
            aliases: ['CVE-2026-1000'],
            database_specific: { severity: 'MODERATE' },
          }),
        ],
        'ghsa',
      ),
      recordSource(
        [
          affects('VENDOR-7', 'npm', 'left', '0..1.2.4', {
            aliases: ['GHSA-aaaa-bbbb-cccc'],
            severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
          }),
          affects('CVE-2026-2000', 'npm', 'left', '0..2.0.0'),
        ],
        'vendor',
      ),
    ]);
    const { findings } = await match([npm('left', '1.0.0')]);
    expect(findings).toEqual([
      {
        id: 'CVE-2026-1000',
        aliases: ['GHSA-aaaa-bbbb-cccc', 'VENDOR-7'],
        package: { name: 'left', version: '1.0.0', type: 'npm' },
        severity: 'critical',
        cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 },
        fixedVersions: ['1.2.3', '1.2.4'],
        fixState: 'fixed',
        ratings: [
          { by: 'GHSA-aaaa-bbbb-cccc', severity: 'medium' },
          {
            by: 'VENDOR-7',
            severity: 'critical',
            cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 },
          },
        ],
        locations: [],
        sources: [
          { source: 'ghsa', record: 'GHSA-aaaa-bbbb-cccc' },
          { source: 'vendor', record: 'VENDOR-7' },
        ],
      },
      expect.objectContaining({ id: 'CVE-2026-2000', severity: 'unknown' }),
    ]);
  });

  it('counts each vulnerability of a distribution’s bundle, united with other records of it', async () => {
    const rpm = { type: 'rpm', name: 'firefox', version: '1-1', distro: { id: 'almalinux', versionId: '9' } };
    const found = await findingsFor(
      [rpm],
      affects('ALSA-2026:1', 'AlmaLinux:9', 'firefox', '0..2-1', {
        related: ['CVE-2026-1000', 'CVE-2026-1001', 'OTHER-1'],
      }),
      affects('ALSA-2026:2', 'AlmaLinux:9', 'firefox', '0..3-1', { upstream: ['CVE-2026-1001', 'CVE-2026-1002'] }),
    );
    expect(found).toEqual(['CVE-2026-1000 firefox@1-1', 'CVE-2026-1001 firefox@1-1', 'CVE-2026-1002 firefox@1-1']);
    // Elsewhere "related" only says that something is similar.
    expect(
      await findingsFor(
        [npm('left', '1.0.0')],
        affects('GHSA-1', 'npm', 'left', '0', { related: ['CVE-2026-1', 'CVE-2026-2'] }),
      ),
    ).toEqual(['GHSA-1 left@1.0.0']);
  });

  it('lets a withdrawn record unite nothing', async () => {
    const aliases = ['CVE-2026-1000', 'CVE-2026-1001'];
    const found = await findingsFor(
      [npm('left', '1.0.0')],
      affects('X-1', 'npm', 'left', '0', { withdrawn: '2026-01-02T00:00:00Z', aliases }),
      ...aliases.map((id) => affects(id, 'npm', 'left', '0')),
    );
    expect(found).toEqual(['CVE-2026-1000 left@1.0.0', 'CVE-2026-1001 left@1.0.0']);
  });

  it('matches no withdrawn record, and listed versions beside ranges', async () => {
    expect(
      await findingsFor(
        [npm('left', '1.0.0')],
        affects('X-1', 'npm', 'left', '0', { withdrawn: '2026-01-02T00:00:00Z' }),
      ),
    ).toEqual([]);
    const listed = {
      ...affects('X-1', 'PyPI', 'left', '2.0..3.0'),
      affected: [
        {
          package: { ecosystem: 'PyPI', name: 'left' },
          versions: ['1.0', '2.5'],
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '2.0' }, { fixed: '3.0' }] }],
        },
      ],
    };
    const python = (version: string) => ({ type: 'pypi', name: 'left', version });
    expect(await findingsFor([python('1.0.0'), python('1.1'), python('2.1'), python('3.0')], listed)).toEqual([
      'X-1 left@1.0.0',
      'X-1 left@2.1',
    ]);
  });

  it.each([
    ['0..1.2.3', {}, 'fixed', ['1.2.3']],
    ['0', {}, 'not-fixed', []],
    [
      '0',
      {
        affected: [
          {
            package: { ecosystem: 'npm', name: 'left' },
            ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { last_affected: '1.2.0' }] }],
          },
        ],
      },
      'unknown',
      [],
    ],
    ['0', { affected: [{ package: { ecosystem: 'npm', name: 'left' }, versions: ['1.0.0'] }] }, 'unknown', []],
    [
      '0',
      {
        affected: [
          {
            package: { ecosystem: 'npm', name: 'left' },
            ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
            ecosystem_specific: { urgency: 'end-of-life' },
          },
        ],
      },
      'end-of-life',
      [],
    ],
  ])('tells the state of a fix (%#)', async (range, more, fixState, fixedVersions) => {
    const { sync, match } = world();
    await sync([recordSource([affects('X-1', 'npm', 'left', range, more)])]);
    expect((await match([npm('left', '1.0.0')])).findings).toMatchObject([{ fixState, fixedVersions }]);
  });

  it('says who brought the package, where its SBOM does', async () => {
    const { sync, match } = world();
    await sync([recordSource([affects('X-1', 'npm', 'left', '0')])]);
    const { findings } = await match([
      npm('left', '1.0.0', { layer: 'sha256:1', origin: 'base' }),
      npm('left', '1.0.1', { layer: 'sha256:2', origin: 'own' }),
      npm('left', '1.0.2', { layer: 'sha256:2' }),
    ]);
    expect(findings.map(({ layer, origin }) => [layer, origin])).toEqual([
      ['sha256:1', 'base'],
      ['sha256:2', 'own'],
      ['sha256:2', undefined],
    ]);
  });

  it('names places and layers, once for each layer', async () => {
    const { sync, match } = world();
    await sync([recordSource([affects('X-1', 'npm', 'left', '0')])]);
    const at = (path: string, layer: string) => npm('left', '1.0.0', { locations: [path], layer });
    const { findings, coverage } = await match([
      at('b', 'sha256:1'),
      at('a', 'sha256:1'),
      at('c', 'sha256:2'),
      at('a', 'sha256:1'),
    ]);
    expect(findings.map(({ layer, locations }) => [layer, locations])).toEqual([
      ['sha256:1', ['a', 'b']],
      ['sha256:2', ['c']],
    ]);
    expect(coverage.packages).toBe(2);
  });
});

describe('coverage', () => {
  it('of programs of no ecosystem is known one by one', async () => {
    const { sync, match } = world();
    await sync([recordSource([affects('X-1', 'generic', 'node', '0..2.0.0')])]);
    const generic = (name: string) => ({ type: 'generic', name, version: '3.0.0' });
    const { coverage } = await match([generic('node'), generic('busybox')]);
    expect(coverage).toMatchObject({ packages: 2, uncovered: 1, ecosystems: [{ name: 'generic', data: 'excerpt' }] });
  });

  it('tells what is not known from what is clean', async () => {
    const { sync, match } = world();
    await sync([
      recordSource([affects('X-1', 'npm', 'other', '0')], 'full'),
      recordSource([affects('Y-1', 'PyPI', 'other', '0')], 'part', 'excerpt'),
    ]);
    const { findings, coverage } = await match([
      npm('left', '1.0.0'),
      { type: 'pypi', name: 'left', version: '1' },
      { type: 'gem', name: 'left', version: '1' },
      { type: 'rpm', name: 'left', version: '1', distro: { id: 'fedora', versionId: '40' } },
      { type: 'generic', name: 'busybox', version: '1' },
    ]);
    expect(findings).toEqual([]);
    expect(coverage).toEqual({
      packages: 5,
      uncovered: 3,
      ecosystems: [
        { name: 'Fedora:40', packages: 1, data: 'none' },
        { name: 'PyPI', packages: 1, data: 'excerpt' },
        { name: 'RubyGems', packages: 1, data: 'none' },
        { name: 'generic', packages: 1, data: 'none' },
        { name: 'npm', packages: 1, data: 'complete' },
      ],
      undecided: { count: 0, examples: [] },
    });
  });

  it('reports an advisory that cannot be compared instead of passing over it', async () => {
    const { sync, match } = world();
    await sync([
      recordSource([affects('X-1', 'npm', 'left', '1.0.0..2.0.0'), affects('Y-1', 'ConanCenter', 'left', '1..2')]),
    ]);
    const { findings, coverage } = await match([
      npm('left', 'git+ssh://somewhere'),
      { type: 'conan', name: 'left', version: '1.5' },
    ]);
    expect(findings).toEqual([]);
    expect(coverage.undecided).toEqual({
      count: 2,
      examples: [
        { package: 'left', version: '1.5', record: 'Y-1' },
        { package: 'left', version: 'git+ssh://somewhere', record: 'X-1' },
      ],
    });
  });
});

describe('hostile names', () => {
  it('are data and nothing else', async () => {
    const names = ['__proto__', 'constructor', 'toString', '..', '\u0000', 'a'.repeat(900)];
    const records = names.map((name, i) => affects(`X-${i}`, 'npm', name, '0..2.0.0'));
    expect(
      await findingsFor(
        names.map((name) => npm(name, '1.0.0')),
        ...records,
      ),
    ).toHaveLength(names.length);
    const proto = affects('X-1', '__proto__', '__proto__', '0');
    expect(await findingsFor([npm('__proto__', '1.0.0')], proto, affects('X-2', 'npm', 'a', '0'))).toEqual([]);
  });
});

describe('the result', () => {
  it('does not depend on the order of packages or records', async () => {
    const records = [
      affects('GHSA-1', 'npm', 'left', '0..1.5.0', { aliases: ['CVE-2026-1000'] }),
      affects('GHSA-2', 'npm', 'left', '0..1.6.0', { aliases: ['GHSA-1', 'OTHER-1'] }),
      affects('GHSA-3', 'npm', 'right', '1.0.0..3.0.0', {
        aliases: ['CVE-2026-1001'],
        database_specific: { severity: 'LOW' },
      }),
      affects('PYSEC-1', 'PyPI', 'left', '0'),
    ];
    const packages = [
      npm('left', '1.0.0'),
      npm('left', '1.5.0'),
      npm('right', '2.0.0'),
      { type: 'pypi', name: 'left', version: '9' },
    ];
    const reference = await resultOf(records, packages);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(records, { minLength: records.length }),
        fc.shuffledSubarray(packages, { minLength: packages.length }),
        async (someRecords, somePackages) => {
          expect(await resultOf(someRecords, somePackages)).toEqual(reference);
        },
      ),
      { numRuns: 60 },
    );
  });
});

async function resultOf(records: readonly unknown[], packages: Parameters<ReturnType<typeof world>['match']>[0]) {
  const { sync, match } = world();
  const { snapshot } = await sync([recordSource(records)]);
  return { id: snapshot?.id, ...(await match(packages)) };
}

describe('a record that two sources carry', () => {
  it('speaks by the copy that was modified last', async () => {
    const { sync, match } = world();
    const copy = (range: string, modified: string) => affects('PYSEC-1', 'PyPI', 'left', range, { modified });
    const old = recordSource([copy('0..2.0', '2025-01-01T00:00:00Z')], 'copy');
    await sync([old, recordSource([copy('1.5..2.0', '2026-01-01T00:00:00Z')], 'origin')]);
    const at = async (version: string) => (await match([{ type: 'pypi', name: 'left', version }])).findings;
    expect(await at('1.0')).toEqual([]);
    expect(await at('1.6')).toMatchObject([{ id: 'PYSEC-1', sources: [{ source: 'origin' }] }]);
    // Withdrawn there, it is withdrawn.
    const withdrawn = affects('PYSEC-1', 'PyPI', 'left', '0', {
      ...{ modified: '2026-02-01T00:00:00Z', withdrawn: '2026-02-01T00:00:00Z' },
    });
    await sync([old, recordSource([withdrawn], 'origin')]);
    expect(await at('1.0')).toEqual([]);
  });
});
