import { beforeAll, describe, expect, it } from 'vitest';
import { directorySource } from '../../../lib/vulnerabilities/adapters/directory-source.ts';
import { corpora, corpusFile, expectedPackages, world } from './support.ts';

const FILES = [
  'alpine-secdb.jsonl.zst',
  'ghsa-selected.osv.jsonl.zst',
  'ghsa-from-fixtures.osv.jsonl.zst',
  'crates-rustsec.osv.jsonl.zst',
  'pypi-pypa.osv.jsonl.zst',
];

describe.skipIf(!corpora)('real images against real advisories (needs LADING_CORPORA)', () => {
  const { sync, match } = world();
  beforeAll(async () => {
    const { sources } = await sync(FILES.map((file) => directorySource(file, corpusFile('advisories', file))));
    expect(sources.map(({ state, rejected }) => [state, rejected])).toEqual(FILES.map(() => ['updated', 0]));
  });
  const found = async (ref: string) =>
    (await match(expectedPackages(ref))).findings.map(({ id, package: pkg }) => `${pkg.name} ${pkg.version} ${id}`);

  it('gives exactly the matches that were planted in alpine-3.10-set-back', async () => {
    expect(await found('alpine-3.10-set-back.linux-amd64')).toEqual([
      'busybox 1.30.1-r1 CVE-2019-5747',
      'libcrypto1.1 1.1.1c-r0 CVE-2019-1547',
      'libcrypto1.1 1.1.1c-r0 CVE-2019-1549',
      'libcrypto1.1 1.1.1c-r0 CVE-2019-1563',
      'libssl1.1 1.1.1c-r0 CVE-2019-1547',
      'libssl1.1 1.1.1c-r0 CVE-2019-1549',
      'libssl1.1 1.1.1c-r0 CVE-2019-1563',
      'musl 1.1.22-r2 CVE-2019-14697',
      'musl-utils 1.1.22-r2 CVE-2019-14697',
      'ssl_client 1.30.1-r1 CVE-2019-5747',
    ]);
  });

  it.each(['alpine-3.10.9.linux-amd64', 'alpine-3.10.4.linux-amd64'])(
    'finds nothing in %s, and says that it looked',
    async (ref) => {
      const { findings, coverage } = await match(expectedPackages(ref));
      expect(findings).toEqual([]);
      expect(coverage).toMatchObject({ packages: 14, uncovered: 0, undecided: { count: 0 } });
    },
  );

  it('calls no Alpine of which there are no advisories clean', async () => {
    const { coverage } = await match(expectedPackages('alpine-3.20.3.linux-amd64'));
    expect(coverage).toMatchObject({
      packages: 14,
      uncovered: 14,
      ecosystems: [{ name: 'Alpine:v3.20', data: 'none' }],
    });
  });

  it('finds in node-app what the selected npm records say', async () => {
    expect(await found('node-app.linux-amd64')).toEqual([
      'axios 0.21.0 CVE-2020-28168',
      'axios 0.21.0 CVE-2021-3749',
      'jsonwebtoken 8.5.1 CVE-2022-23540',
      'lodash 4.17.4 CVE-2019-10744',
      'lodash 4.17.4 CVE-2021-23337',
      'minimist 1.2.0 CVE-2020-7598',
      'minimist 1.2.0 CVE-2021-44906',
      'node-fetch 2.6.0 CVE-2020-15168',
      'node-fetch 2.6.0 CVE-2022-0235',
      'qs 6.5.1 CVE-2022-24999',
    ]);
    const patched = await found('node-app-patched.linux-amd64');
    expect(patched.filter((line) => /^(minimist|node-fetch) /.test(line))).toEqual([]);
    expect(patched).toHaveLength(6);
  });

  it('finds in rust-app what RustSec and GHSA say, each once', async () => {
    expect(await found('rust-app.linux-amd64')).toEqual([
      'chrono 0.4.19 RUSTSEC-2020-0159',
      'regex 1.5.4 CVE-2022-24713',
      'smallvec 1.6.0 CVE-2021-25900',
      'time 0.1.43 CVE-2020-26235',
    ]);
  });

  it('finds Log4Shell in java-app, and Django’s vulnerabilities in python-app', async () => {
    expect(await found('java-app.linux-amd64')).toContain('log4j-core 2.14.1 CVE-2021-44228');
    const python = await match(expectedPackages('python-app.linux-amd64'));
    const django = python.findings.filter(({ package: pkg }) => pkg.name.toLowerCase() === 'django');
    expect(django.length).toBeGreaterThan(20);
    expect(django.every(({ id, fixState }) => id.startsWith('CVE-') && fixState === 'fixed')).toBe(true);
    expect(python.coverage.undecided.count).toBe(0);
  });
});

/** Worked out by hand from the text of the advisories; what is not in them is not expected, either. */
describe.skipIf(!corpora)('the advisories of distributions, by their own text (needs LADING_CORPORA)', () => {
  const { sync, match } = world();
  const FILES = [
    'debian-dsa-list.txt.zst',
    'debian-dla-list.txt.zst',
    'debian-12-changelog-fixes.jsonl.zst',
    'cbl-mariner-2.0-oval.xml.zst',
    'azurelinux-3.0-oval.xml.zst',
    'ubuntu-cve-tracker-2017-2020.jsonl.zst',
    'alpine-secdb.jsonl.zst',
    'cisa-kev.jsonl.zst',
    'cve-severity-vulnrichment.jsonl.zst',
  ];
  beforeAll(async () => {
    const { sources } = await sync(FILES.map((file) => directorySource(file, corpusFile('advisories', file))));
    expect(sources.map(({ state, rejected }) => [state, rejected])).toEqual(FILES.map(() => ['updated', 0]));
  }, 60_000);
  const deb = (name: string, version: string, source: string, release: string) => ({
    ...{ type: 'deb', name, version, source: { name: source } },
    distro: { id: 'debian', versionId: release },
  });
  const ids = async (...packages: Parameters<typeof match>[0]) =>
    (await match(packages)).findings.map(({ id, fixedVersions }) => `${id} ${fixedVersions.join(',')}`);

  it('DSA-5103-1 and DSA-5139-1 about openssl: by source package, release and Debian revision', async () => {
    // "[bullseye] - openssl 1.1.1k-1+deb11u2" for CVE-2021-4160 and CVE-2022-0778.
    const fixed = await ids(deb('libssl1.1', '1.1.1k-1+deb11u2', 'openssl', '11'));
    expect(fixed.some((line) => /CVE-2021-4160|CVE-2022-0778/.test(line))).toBe(false);
    // "[bullseye] - openssl 1.1.1n-0+deb11u2" for CVE-2022-1292.
    expect(fixed).toContain('CVE-2022-1292 1.1.1n-0+deb11u2');
    const older = await ids(deb('libssl1.1', '1.1.1k-1+deb11u1', 'openssl', '11'));
    expect(older).toContain('CVE-2021-4160 1.1.1k-1+deb11u2');
    expect(older).toContain('CVE-2022-0778 1.1.1k-1+deb11u2');
    // The backport to buster has a lower version, and is a fix there: "[buster] - openssl 1.1.1d-0+deb10u8".
    const buster = await ids(deb('libssl1.1', '1.1.1d-0+deb10u8', 'openssl', '10'));
    expect(buster.some((line) => /CVE-2021-4160|CVE-2022-0778/.test(line))).toBe(false);
    // A package of that name that is built from another source is not meant.
    expect(await ids(deb('openssl', '1.0.0-1', 'something-else', '11'))).toEqual([]);
  });

  it('finds the 27 entries that apply to dpkg-debian-11-set-back, and no others', async () => {
    const { findings, coverage } = await match(expectedPackages('dpkg-debian-11-set-back.linux-amd64'));
    const records = new Set(findings.flatMap(({ sources }) => sources.map(({ record }) => record)));
    expect(records.size).toBe(27);
    expect(new Set(findings.map(({ id }) => id).filter((id) => id.startsWith('CVE-'))).size).toBe(67);
    expect(coverage).toMatchObject({ uncovered: 0, undecided: { count: 0 } });
  });

  it('CBL-Mariner’s OVAL: "less than 0:7.82.0-1.cm2", "less than or equal", and the release by the suffix', async () => {
    const curl = (version: string, id = 'mariner', versionId = '2.0') => ({
      ...{ type: 'rpm', name: 'curl-libs', version, source: { name: 'curl', version } },
      distro: { id, versionId },
    });
    expect(await ids(curl('7.76.0-6.cm2'))).toContain('CVE-2021-22945 0:7.82.0-1.cm2');
    expect((await ids(curl('7.82.0-1.cm2'))).some((line) => line.startsWith('CVE-2021-22945 '))).toBe(false);
    expect((await ids(curl('7.76.0-6', 'azurelinux', '3.0'))).some((line) => line.includes('.cm2'))).toBe(false);
    const { findings } = await match(expectedPackages('rpm-sqlite-mariner2.linux-amd64'));
    expect(findings.find(({ id, package: pkg }) => id === 'CVE-2010-4226' && pkg.name === 'cpio')).toMatchObject({
      ...{ fixedVersions: [], fixState: 'not-fixed', severity: 'medium' },
    });
  });

  it('Ubuntu’s open statuses, counted in the tracker’s text by hand: 173 to be fixed, 48 not looked at, 16 ignored', async () => {
    const { findings } = await match(expectedPackages('dpkg-ubuntu-18.04.linux-amd64'));
    const open = new Map<string, string>();
    for (const { id, package: pkg, fixState } of findings) {
      const upstream = /upstream=([^&]+)/.exec(pkg.purl ?? '')?.[1];
      const source = decodeURIComponent(upstream ?? pkg.name).split('@')[0];
      open.set(`${source} ${id}`, fixState);
    }
    const count = (state: string): number => [...open.values()].filter((one) => one === state).length;
    expect([count('not-fixed'), count('unknown'), count('wont-fix'), count('fixed')]).toEqual([173, 48, 16, 0]);
  });

  it('rates what the lists do not by who knows the CVE, and says what is known to be exploited', async () => {
    // CVE-2021-4034 (polkit's pkexec) is in CISA's catalogue since 27 June 2022; DSA-5373-1 is rated by the CNA at 8.1.
    const { findings } = await match([
      deb('libpolkit-gobject-1-0', '0.105-31', 'policykit-1', '11'),
      deb('node-sqlite3', '5.0.0+ds1-1', 'node-sqlite3', '11'),
    ]);
    expect(findings).toMatchObject([
      { id: 'CVE-2021-4034', knownExploited: { added: '2022-06-27' } },
      { id: 'CVE-2022-43441', severity: 'high', cvss: { score: 8.1 }, exploitation: 'none' },
    ]);
    expect(findings[1]?.knownExploited).toBeUndefined();
  });
});
