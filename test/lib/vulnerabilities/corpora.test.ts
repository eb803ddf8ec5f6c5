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
