import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { publisherSource } from '../../../lib/vulnerabilities/adapters/publisher-source.ts';
import type { MatchablePackage } from '../../../lib/vulnerabilities/index.ts';
import { publisherNames, publisherSources } from '../../../lib/vulnerabilities/publishers.ts';
import { type MockPublisher, mockPublisher } from '../../support/mock-publisher.ts';
import { affects, npm, recordSource, world } from './support.ts';

let publisher: MockPublisher;
beforeAll(async () => {
  publisher = await mockPublisher();
});
afterAll(() => publisher.close());

const clock = manualClock('2026-06-01T00:00:00Z');
const pauses: number[] = [];
const ports = {
  fetch: ((...args) => publisher.fetch(...args)) as typeof fetch,
  now: clock.now,
  pause: async (ms: number) => void pauses.push(ms),
};
const sourcesOf = (name: string) => (publisherSources(name) ?? []).map((one) => publisherSource(one, ports));
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const json = JSON.stringify;

const linux = (type: string, name: string, version: string, id: string, versionId: string): MatchablePackage => ({
  ...{ type, name, version, purl: `pkg:${type}/${id}/${name}@${version}?distro=${id}-${versionId}` },
  distro: { id, versionId },
});
const deb = (...[name, version, id, versionId]: [string, string, string, string]) =>
  linux('deb', name, version, id, versionId);
const rpm = (...[name, version, id, versionId]: [string, string, string, string]) =>
  linux('rpm', name, version, id, versionId);
const apk = (...[name, version, id, versionId]: [string, string, string, string]) =>
  linux('apk', name, version, id, versionId);

const secdb = (more: object, fixed = '1.2.3-r1') => ({
  ...{ apkurl: '{{urlprefix}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk', archs: ['x86_64'] },
  ...{ packages: [{ pkg: { name: 'zlib', secfixes: { [fixed]: ['CVE-2026-1000'] } } }], ...more },
});

const oval = (platform: string, criterion: string, evr: string) => `<?xml version="1.0"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><definitions>
<definition class="patch" id="oval:x:def:1"><metadata><affected family="unix"><platform>${platform}</platform></affected>
<reference ref_id="CVE-2026-1000" source="CVE"/><advisory><severity>Important</severity></advisory></metadata>
<criteria operator="AND">${criterion}<criterion test_ref="t" comment="zlib is earlier than ${evr}"/></criteria></definition></definitions>
<tests><rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/></rpminfo_test></tests>
<objects><rpminfo_object id="o"><name>zlib</name></rpminfo_object></objects>
<states><rpminfo_state id="s"><evr operation="less than">${evr}</evr></rpminfo_state></states></oval_definitions>`;
const installed = (what: string): string => `<criterion test_ref="x" comment="${what} is installed"/>`;

const updateinfo = (
  id: string,
  release: string,
) => `<?xml version="1.0"?><updates><update type="security"><id>${id}</id>
<severity>Important</severity><references><reference id="CVE-2026-1000" type="cve"/></references><pkglist><collection short="x">
<package arch="x86_64" epoch="0" name="zlib" release="${release}" version="1.2.3"/></collection></pkglist></update></updates>`;

/** As createrepo writes it. */
function putRepository(folder: string, content: Uint8Array, checksum = sha256(content)): void {
  const href = `repodata/${checksum}-updateinfo.xml.gz`;
  publisher.put(
    `${folder}repodata/repomd.xml`,
    `<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo">
<data type="primary"><checksum type="sha256">${sha256('primary')}</checksum><location href="repodata/primary.xml.gz"/></data>
<data type="updateinfo"><checksum type="sha256">${checksum}</checksum><open-checksum type="sha256">${sha256('x')}</open-checksum>
<location href="${href}"/></data></repomd>`,
  );
  publisher.put(folder + href, content);
}

async function tarOf(files: Record<string, unknown>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, content] of Object.entries(files)) pack.entry({ name }, json(content));
  pack.finalize();
  const parts: Buffer[] = [];
  for await (const part of pack) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const csaf = {
  document: {
    category: 'csaf_security_advisory',
    tracking: { id: 'SUSE-SU-2026:1-1', current_release_date: '2026-01-01T00:00:00Z' },
  },
  product_tree: {
    branches: [
      {
        category: 'product_name',
        name: 'SLES',
        product: {
          product_id: 'SLES',
          name: 'SLES',
          product_identification_helper: { cpe: 'cpe:/o:suse:sles:15:sp6' },
        },
      },
      {
        category: 'product_version',
        name: 'z',
        product: {
          product_id: 'z',
          name: 'z',
          product_identification_helper: { purl: 'pkg:rpm/suse/zlib@1.2.3-1?arch=x86_64' },
        },
      },
    ],
    relationships: [
      {
        category: 'default_component_of',
        product_reference: 'z',
        relates_to_product_reference: 'SLES',
        full_product_name: { product_id: 'SLES:z', name: 'z' },
      },
    ],
  },
  vulnerabilities: [{ cve: 'CVE-2026-1000', product_status: { recommended: [], fixed: ['SLES:z'] } }],
};

const SUSE = 'https://ftp.suse.com/pub/projects/security';
const RED_HAT = 'https://security.access.redhat.com/data/csaf/v2';
const kevEntry = {
  cveID: 'CVE-2026-1000',
  dateAdded: '2026-02-01',
  dueDate: '2026-02-22',
  knownRansomwareCampaignUse: 'Known',
};
const nvdCve = (id: string, score: string, status = 'Analyzed') => ({
  cve: {
    id,
    vulnStatus: status,
    metrics: {
      cvssMetricV31: [
        { source: 'nvd@nist.gov', cvssData: { vectorString: `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:${score}` } },
      ],
    },
  },
});

/** Each publisher at the address that is built in: what it serves, in the shape that it documents, and what that says of zlib. */
const cases: readonly (readonly [
  name: string,
  serve: () => void | Promise<void>,
  old: MatchablePackage,
  mended: MatchablePackage,
])[] = [
  [
    'alpine/v3.20',
    () => {
      publisher.put(
        'https://secdb.alpinelinux.org/v3.20/main.json',
        json(secdb({ distroversion: 'v3.20', reponame: 'main' })),
      );
      publisher.put(
        'https://secdb.alpinelinux.org/v3.20/community.json',
        json(
          secdb({
            distroversion: 'v3.20',
            reponame: 'community',
            packages: [{ pkg: { name: 'other', secfixes: { '1-r0': ['CVE-2026-2'] } } }],
          }),
        ),
      );
    },
    apk('zlib', '1.2.3-r0', 'alpine', '3.20.3'),
    apk('zlib', '1.2.3-r1', 'alpine', '3.20.3'),
  ],
  [
    'wolfi',
    () =>
      publisher.put(
        'https://packages.wolfi.dev/os/security.json',
        json(secdb({ reponame: 'os', urlprefix: 'https://packages.wolfi.dev' })),
      ),
    apk('zlib', '1.2.3-r0', 'wolfi', '20230201'),
    apk('zlib', '1.2.3-r1', 'wolfi', '20230201'),
  ],
  [
    'chainguard',
    () =>
      publisher.put(
        'https://packages.cgr.dev/chainguard/security.json',
        json(secdb({ reponame: 'chainguard', urlprefix: 'https://packages.cgr.dev' })),
      ),
    apk('zlib', '1.2.3-r0', 'chainguard', '20230214'),
    apk('zlib', '1.2.3-r1', 'chainguard', '20230214'),
  ],
  [
    'debian',
    () =>
      publisher.put(
        'https://security-tracker.debian.org/tracker/data/json',
        json({
          zlib: {
            'CVE-2026-1000': {
              releases: { bookworm: { status: 'resolved', fixed_version: '1.2.3-1', urgency: 'high' } },
            },
          },
        }),
      ),
    deb('zlib', '1.2.2-1', 'debian', '12'),
    deb('zlib', '1.2.3-1', 'debian', '12'),
  ],
  [
    'ubuntu/noble',
    () =>
      publisher.put(
        'https://security-metadata.canonical.com/oval/com.ubuntu.noble.cve.oval.xml.bz2',
        oval(
          'Ubuntu 24.04 LTS',
          `<criterion test_ref="x" comment="zlib package in noble was vulnerable but has been fixed (note: '1.2.3-1ubuntu1')."/>`,
          '0:9',
        ).replace('<criterion test_ref="t"', '<criterion test_ref="none"'),
      ),
    deb('zlib', '1.2.3-1', 'ubuntu', '24.04'),
    deb('zlib', '1.2.3-1ubuntu1', 'ubuntu', '24.04'),
  ],
  [
    'suse/server.15',
    () =>
      publisher.put(
        `${SUSE}/oval/suse.linux.enterprise.server.15.xml.gz`,
        gzipSync(oval('SUSE', installed('SUSE Linux Enterprise Server 15 SP6'), '0:1.2.3-1')),
      ),
    rpm('zlib', '1.2.2-1', 'sles', '15.6'),
    rpm('zlib', '1.2.3-1', 'sles', '15.6'),
  ],
  [
    'suse/leap.15.6',
    () =>
      publisher.put(`${SUSE}/oval/opensuse.leap.15.6.xml.gz`, gzipSync(oval('openSUSE Leap 15.6', '', '0:1.2.3-1'))),
    rpm('zlib', '1.2.2-1', 'opensuse-leap', '15.6'),
    rpm('zlib', '1.2.3-1', 'opensuse-leap', '15.6'),
  ],
  [
    'suse-csaf',
    async () => {
      publisher.put(`${SUSE}/csaf.tar.bz2`, {
        content: await tarOf({ 'csaf/suse-su-2026_1-1.json': csaf }),
        modified: '2026-05-30T00:00:00Z',
      });
      publisher.put(`${SUSE}/csaf/changes.csv`, '"suse-su-2026_1-1.json","2026-05-01T00:00:00Z"\n');
    },
    rpm('zlib', '1.2.2-1', 'sles', '15.6'),
    rpm('zlib', '1.2.3-1', 'sles', '15.6'),
  ],
  [
    'red-hat/advisories',
    async () => {
      const advisory = JSON.parse(
        json(csaf)
          .replaceAll('cpe:/o:suse:sles:15:sp6', 'cpe:/o:redhat:enterprise_linux:9')
          .replace('SUSE-SU-2026:1-1', 'RHSA-2026:1'),
      );
      const archive = gzipSync(await tarOf({ '2026/rhsa-2026_1.json': advisory }));
      publisher.put(`${RED_HAT}/advisories/archive_latest.txt`, 'csaf_advisories_2026-05-30.tar.zst');
      publisher.put(`${RED_HAT}/advisories/csaf_advisories_2026-05-30.tar.zst`, archive);
      publisher.put(
        `${RED_HAT}/advisories/csaf_advisories_2026-05-30.tar.zst.sha256`,
        `${sha256(archive)}  csaf_advisories_2026-05-30.tar.zst`,
      );
      publisher.put(`${RED_HAT}/advisories/changes.csv`, '"2026/rhsa-2026_1.json","2026-05-01T00:00:00+00:00"\n');
    },
    rpm('zlib', '1.2.2-1', 'rhel', '9.4'),
    rpm('zlib', '1.2.3-1', 'rhel', '9.4'),
  ],
  [
    'arch',
    () =>
      publisher.put(
        'https://security.archlinux.org/all.json',
        json([
          {
            name: 'AVG-1',
            packages: ['zlib'],
            status: 'Fixed',
            severity: 'High',
            type: 'x',
            affected: '1.2.2-1',
            fixed: '1.2.3-1',
            ticket: null,
            issues: ['CVE-2026-1000'],
            advisories: [],
          },
        ]),
      ),
    linux('alpm', 'zlib', '1.2.2-1', 'arch', ''),
    linux('alpm', 'zlib', '1.2.3-1', 'arch', ''),
  ],
  [
    'amazon/2023',
    () => {
      publisher.put(
        'https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list',
        'https://cdn.amazonlinux.com/al2023/core/guids/abc/x86_64/\n',
      );
      putRepository(
        'https://cdn.amazonlinux.com/al2023/core/guids/abc/x86_64/',
        gzipSync(updateinfo('ALAS2023-2026-001', '1.amzn2023')),
      );
    },
    rpm('zlib', '1.2.2-1.amzn2023', 'amzn', '2023'),
    rpm('zlib', '1.2.3-1.amzn2023', 'amzn', '2023'),
  ],
  [
    'amazon/2',
    () => {
      publisher.put(
        'https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list',
        'https://gone.example/x\nhttp://cdn.amazonlinux.com/2/core/2.0/x86_64/abc\n',
      );
      putRepository(
        'https://cdn.amazonlinux.com/2/core/2.0/x86_64/abc/',
        gzipSync(updateinfo('ALAS2-2026-001', '1.amzn2')),
      );
    },
    rpm('zlib', '1.2.2-1.amzn2', 'amzn', '2'),
    rpm('zlib', '1.2.3-1.amzn2', 'amzn', '2'),
  ],
  [
    'rocky/9',
    () => {
      putRepository(
        'https://download.rockylinux.org/pub/rocky/9/BaseOS/x86_64/os/',
        gzipSync(updateinfo('RLSA-2026:1', '1.el9')),
      );
      putRepository(
        'https://download.rockylinux.org/pub/rocky/9/AppStream/x86_64/os/',
        gzipSync(updateinfo('RLSA-2026:2', '0.el9').replace('zlib', 'other')),
      );
    },
    rpm('zlib', '1.2.2-1.el9', 'rocky', '9.4'),
    rpm('zlib', '1.2.3-1.el9', 'rocky', '9.4'),
  ],
  [
    'oracle/2026',
    () =>
      publisher.put(
        'https://linux.oracle.com/security/oval/com.oracle.elsa-2026.xml.bz2',
        oval('Oracle Linux 9', installed('Oracle Linux 9'), '0:1.2.3-1.el9'),
      ),
    rpm('zlib', '1.2.2-1.el9', 'ol', '9.4'),
    rpm('zlib', '1.2.3-1.el9', 'ol', '9.4'),
  ],
  [
    'azure-linux/3.0',
    () =>
      publisher.put(
        'https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/azurelinux-3.0-oval.xml',
        oval('Azure Linux', '', '0:1.2.3-1.azl3'),
      ),
    rpm('zlib', '1.2.2-1.azl3', 'azurelinux', '3.0'),
    rpm('zlib', '1.2.3-1.azl3', 'azurelinux', '3.0'),
  ],
  [
    'photon/5.0',
    () =>
      publisher.put(
        'https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon5.0.json',
        json([
          {
            cve_id: 'CVE-2026-1000',
            pkg: 'zlib',
            cve_score: 7.5,
            aff_ver: 'all versions before 1.2.3-1.ph5 are vulnerable',
            res_ver: '1.2.3-1.ph5',
          },
        ]),
      ),
    rpm('zlib', '1.2.2-1.ph5', 'photon', '5.0'),
    rpm('zlib', '1.2.3-1.ph5', 'photon', '5.0'),
  ],
  [
    'bitnami',
    async () =>
      publisher.put(
        'https://codeload.github.com/bitnami/vulndb/tar.gz/refs/heads/main',
        gzipSync(
          await tarOf({
            'vulndb-main/data/zlib/BIT-zlib-2026-1000.json': {
              schema_version: '1.5.0',
              id: 'BIT-zlib-2026-1000',
              modified: '2026-01-01T00:00:00Z',
              aliases: ['CVE-2026-1000'],
              affected: [
                {
                  package: { ecosystem: 'Bitnami', name: 'zlib', purl: 'pkg:bitnami/zlib' },
                  ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.2.3' }] }],
                },
              ],
            },
          }),
        ),
      ),
    { type: 'bitnami', name: 'zlib', version: '1.2.2' },
    { type: 'bitnami', name: 'zlib', version: '1.2.3' },
  ],
];

describe('a publisher that is built in', () => {
  it.each(cases)(
    '%s: is read, then asked whether anything is new; what breaks leaves it in force',
    async (name, serve, old, mended) => {
      await serve();
      const { sync, match } = world();
      const sources = sourcesOf(name);
      const first = await sync(sources);
      expect(
        first.sources.filter(({ state }) => state !== 'updated'),
        json(first.sources),
      ).toEqual([]);
      const ids = async () =>
        (await match([old, mended])).findings.map(({ id, package: { version } }) => `${id} ${version}`);
      expect(await ids()).toEqual([`CVE-2026-1000 ${old.version}`]);
      publisher.asked();
      const again = await sync(sources);
      expect(again.sources.map(({ state }) => state)).toEqual(sources.map(() => 'unchanged'));
      const large = publisher
        .asked()
        .filter(({ status, url }) => status === 200 && !/mirror\.list|repomd\.xml/.test(url));
      expect(large.map(({ url }) => url).filter((url) => !url.endsWith('changes.csv'))).toEqual([]);
      for (const { url } of publisherSources(name) ?? []) {
        publisher.put(url, '<html>maintenance</html>');
        for (const file of ['repodata/repomd.xml', 'changes.csv'])
          publisher.put(url + file, '<html>maintenance</html>');
      }
      const broken = await sync(sources);
      expect(
        broken.sources.map(({ problem }) => problem?.kind),
        json(broken.sources),
      ).toEqual(sources.map(() => 'broken'));
      expect(await ids()).toEqual([`CVE-2026-1000 ${old.version}`]);
    },
  );

  it('facts: KEV, EPSS, a year of the NVD with its checksum, ends of life', async () => {
    const year = gzipSync(json({ format: 'NVD_CVE', vulnerabilities: [nvdCve('CVE-2026-1000', 'H')] }));
    publisher.put(
      'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
      json({ catalogVersion: '2026.05.01', vulnerabilities: [kevEntry] }),
    );
    publisher.put(
      'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz',
      gzipSync(
        '#model_version:v2025.03.14,score_date:2026-05-01T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1000,0.91,0.99\n',
      ),
    );
    publisher.put('https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2026.json.gz', year);
    publisher.put(
      'https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2026.meta',
      `lastModifiedDate:2026-05-01T03:00:00-05:00\r\nsize:1\r\nsha256:${sha256(json({ format: 'NVD_CVE', vulnerabilities: [nvdCve('CVE-2026-1000', 'H')] })).toUpperCase()}\r\n`,
    );
    publisher.put(
      'https://endoflife.date/api/v1/products/full',
      json({
        schema_version: '1.2.0',
        total: 1,
        result: [{ name: 'alpine-linux', releases: [{ name: '3.20', eolFrom: '2026-04-01' }] }],
      }),
    );
    const { sync, match } = world();
    const { sources } = await sync([
      recordSource([affects('CVE-2026-1000', 'Alpine:v3.20', 'zlib', '0..9')]),
      ...['kev', 'epss', 'nvd/2026', 'end-of-life/all'].flatMap(sourcesOf),
    ]);
    expect(sources.filter(({ problem }) => problem)).toEqual([]);
    const { findings, coverage } = await match([apk('zlib', '1.2', 'alpine', '3.20.1')]);
    expect(findings).toMatchObject([
      { severity: 'critical', epss: { score: 0.91 }, knownExploited: { added: '2026-02-01', ransomware: true } },
    ]);
    expect(coverage.ecosystems).toMatchObject([{ name: 'Alpine:v3.20', endOfLife: '2026-04-01' }]);
  });

  it('has a case here, or in the tests of lists of changes and of interfaces that are asked', () => {
    const tried = new Set([
      ...cases.map(([name]) => name.split('/')[0]),
      'osv',
      'github',
      'kev',
      'epss',
      'nvd',
      'end-of-life',
    ]);
    expect(publisherNames.map((name) => name.split('/')[0]).filter((name) => !tried.has(name))).toEqual([]);
    for (const name of publisherNames) {
      for (const { url } of publisherSources(name) ?? []) expect(new URL(url).protocol, name).toBe('https:');
    }
  });
});

describe('a repository of RPM packages', () => {
  const folder = 'https://download.rockylinux.org/pub/rocky/8/BaseOS/x86_64/os/';
  const read = async () => {
    const [source] = sourcesOf('rocky/8');
    return (await world().sync(source ? [source] : [])).sources[0]?.problem?.kind;
  };
  it('whose file has another checksum than its index names is not taken', async () => {
    putRepository(folder, gzipSync(updateinfo('RLSA-2026:1', '1.el8')), sha256('another'));
    expect(await read()).toBe('broken');
  });
  it.each(['../../../etc/passwd', 'https://evil.example/x', '//evil.example/x'])('is not left for %s', async (href) => {
    publisher.put(
      `${folder}repodata/repomd.xml`,
      `<repomd><data type="updateinfo"><checksum type="sha256">${sha256('x')}</checksum><location href="${href}"/></data></repomd>`,
    );
    expect(await read()).toBe('refused');
  });
  it('without updateinfo, or of an odd form, says so', async () => {
    publisher.put(`${folder}repodata/repomd.xml`, '<repomd><data type="primary"/></repomd>');
    expect(await read()).toBe('broken');
    publisher.put(`${folder}repodata/repomd.xml`, '<repomd><data');
    expect(await read()).toBe('broken');
  });
});

describe('the NVD’s interface', () => {
  const served: ReturnType<typeof nvdCve>[] = [];
  let lie: ((page: { startIndex: number; totalResults: number; vulnerabilities: unknown[] }) => unknown) | undefined;
  const windows: string[] = [];
  beforeAll(() =>
    publisher.route((url) => {
      if (url.host !== 'services.nvd.nist.gov') return undefined;
      const query = url.searchParams;
      const start = Number(query.get('startIndex'));
      windows.push(`${query.get('lastModStartDate')} ${query.get('lastModEndDate')} ${start}`);
      const vulnerabilities = served.slice(start, start + Number(query.get('resultsPerPage')));
      const page = {
        resultsPerPage: vulnerabilities.length,
        startIndex: start,
        totalResults: served.length,
        format: 'NVD_CVE',
        version: '2.0',
        vulnerabilities,
      };
      return { content: json(lie ? lie(page) : page) };
    }),
  );
  const about = async (match: ReturnType<typeof world>['match']) =>
    (await match([npm('left', '1.0.0')])).findings.map(({ id, severity, cvss }) => `${id} ${severity} ${cvss?.score}`);
  const left = recordSource(
    [affects('CVE-2026-1000', 'npm', 'left', '0'), affects('CVE-2026-1001', 'npm', 'left', '0')],
    'osv',
  );

  it('is asked page by page for what was modified, and what it changes replaces what it said', async () => {
    const { sync, match } = world();
    served.push(
      ...Array.from({ length: 2500 }, (_, i) => nvdCve(`CVE-2025-${10_000 + i}`, 'L')),
      nvdCve('CVE-2026-1000', 'H'),
      nvdCve('CVE-2026-1001', 'H'),
    );
    const sources = [left, ...sourcesOf('nvd/api')];
    expect((await sync(sources)).sources).toMatchObject([{}, { state: 'updated', advisories: 2502 }]);
    expect(windows).toEqual([
      '2026-05-24T00:00:00.000Z 2026-06-01T00:00:00.000Z 0',
      '2026-05-24T00:00:00.000Z 2026-06-01T00:00:00.000Z 2000',
    ]);
    expect(pauses).toEqual([6000]);
    expect(await about(match)).toEqual(['CVE-2026-1000 critical 9.8', 'CVE-2026-1001 critical 9.8']);
    served.splice(0, served.length, nvdCve('CVE-2026-1000', 'N'), nvdCve('CVE-2026-1001', 'H', 'Rejected'));
    windows.splice(0);
    clock.advance(3_600_000);
    expect((await sync(sources)).sources).toMatchObject([{}, { state: 'updated', advisories: 2501 }]);
    expect(windows).toEqual(['2026-06-01T00:00:00.000Z 2026-06-01T01:00:00.000Z 0']);
    expect(await about(match)).toEqual(['CVE-2026-1000 critical 9.1', 'CVE-2026-1001 unknown undefined']);
  });

  it.each([
    ['a page that breaks off', () => 'half', 'broken'],
    ['fewer than it counted', (page: object) => ({ ...page, totalResults: 9 }), 'broken'],
    ['another page', (page: object) => ({ ...page, startIndex: 2000 }), 'broken'],
    [
      'pages without end',
      (page: object) => ({
        ...page,
        totalResults: 1e9,
        startIndex: Number(windows.at(-1)?.split(' ')[2]),
        vulnerabilities: [nvdCve('CVE-2026-1', 'H')],
      }),
      'too-large',
    ],
  ])('that gives %s is not taken over', async (_what, tamper, kind) => {
    lie = tamper as typeof lie;
    expect((await world().sync(sourcesOf('nvd/api'))).sources).toMatchObject([{ problem: { kind } }]);
    lie = undefined;
  });
});

describe('GitHub’s advisories', () => {
  const archive = 'https://codeload.github.com/github/advisory-database/tar.gz/refs/heads/main';
  const path = (id: string) => `advisory-database-main/advisories/github-reviewed/2026/01/${id}/${id}.json`;
  const osv = (id: string, fixed: string) =>
    affects(id, 'npm', 'left', `0..${fixed}`, { aliases: ['CVE-2026-1000'], modified: '2026-05-01T00:00:00Z' });
  const rest = (id: string, more: object = {}) => ({
    ghsa_id: id,
    cve_id: 'CVE-2026-1000',
    type: 'reviewed',
    severity: 'high',
    updated_at: '2026-06-01T10:00:00Z',
    withdrawn_at: null,
    cvss_severities: {
      cvss_v3: { vector_string: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 },
      cvss_v4: { vector_string: null, score: 0 },
    },
    vulnerabilities: [
      {
        package: { ecosystem: 'npm', name: 'left' },
        vulnerable_version_range: '>= 1.0.0, < 1.5.0',
        first_patched_version: '1.5.0',
        vulnerable_functions: ['pad'],
      },
    ],
    ...more,
  });
  const pages: { content: string; link?: string }[] = [];
  const queries: URLSearchParams[] = [];
  beforeAll(() =>
    publisher.route((url) => {
      if (url.host !== 'api.github.com') return undefined;
      queries.push(url.searchParams);
      const page = pages[Number(url.searchParams.get('after') ?? 0)];
      return page && { content: page.content, ...(page.link ? { headers: { link: page.link } } : {}) };
    }),
  );
  const next = (n: number) => `<https://api.github.com/advisories?per_page=100&after=${n}>; rel="next"`;

  it('are the archive once, then what was modified, in the form of the interface', async () => {
    publisher.put(
      archive,
      gzipSync(await tarOf({ [path('GHSA-aaaa-aaaa-aaaa')]: osv('GHSA-aaaa-aaaa-aaaa', '2.0.0') })),
    );
    const { sync, match } = world();
    const found = async () =>
      (await match([npm('left', '0.9.0'), npm('left', '1.4.0')])).findings.map(
        ({ package: { version }, severity, fixedVersions, aliases, symbols }) => [
          version,
          severity,
          fixedVersions.join(),
          aliases.join(),
          symbols?.join(),
        ],
      );
    expect((await sync(sourcesOf('github'))).sources).toMatchObject([{ state: 'updated', advisories: 1 }]);
    expect(await found()).toEqual([
      ['0.9.0', 'unknown', '2.0.0', 'GHSA-aaaa-aaaa-aaaa', undefined],
      ['1.4.0', 'unknown', '2.0.0', 'GHSA-aaaa-aaaa-aaaa', undefined],
    ]);
    queries.splice(0);
    pages.push(
      { content: json([rest('GHSA-aaaa-aaaa-aaaa')]), link: next(1) },
      { content: json([rest('GHSA-bbbb-bbbb-bbbb', { withdrawn_at: '2026-06-01T00:00:00Z' })]) },
    );
    expect((await sync(sourcesOf('github'))).sources).toMatchObject([{ state: 'updated' }]);
    expect(queries.map((query) => [query.get('modified'), query.get('after')])).toEqual([
      ['>2026-05-31T01:00:00Z', null],
      [null, '1'],
    ]);
    expect(await found()).toEqual([['1.4.0', 'critical', '1.5.0', 'GHSA-aaaa-aaaa-aaaa', 'pad']]);
    pages.splice(0, pages.length, { content: '[]' });
    queries.splice(0);
    expect((await sync(sourcesOf('github'))).sources).toMatchObject([{ state: 'unchanged' }]);
    expect(queries[0]?.get('modified')).toBe('>2026-06-01T10:00:00Z');
  });

  it.each([
    ['= 0.2.0', undefined, ['0.2.0'], ['0.1.9', '0.2.1']],
    ['<= 1.0.8', undefined, ['1.0.8', '0.1.0'], ['1.0.9']],
    ['<= 1.0.8', '1.1.0', ['1.0.9'], ['1.1.0']],
    ['< 0.1.11', undefined, ['0.1.10'], ['0.1.11']],
    ['>= 4.3.0, < 4.3.5', undefined, ['4.3.0', '4.3.4'], ['4.2.9', '4.3.5']],
    ['>= 0.0.1', undefined, ['0.0.1', '99.0.0'], ['0.0.0']],
  ])('say of %s (patched in %s) what is affected', async (range, patched, affected, safe) => {
    const vulnerability = {
      package: { ecosystem: 'npm', name: 'left' },
      vulnerable_version_range: range,
      first_patched_version: patched ? { identifier: patched } : null,
    };
    const { sync, match } = world();
    await sync([recordSource([rest('GHSA-aaaa-aaaa-aaaa', { vulnerabilities: [vulnerability] })])]);
    const { findings } = await match([...affected, ...safe].map((version) => npm('left', version)));
    expect(findings.map(({ package: { version } }) => version).sort()).toEqual([...affected].sort());
  });

  it.each([
    ['leads to another address', { content: '[]', link: '<https://evil.example/advisories?x>; rel="next"' }, 'refused'],
    ['is no list', { content: '{"message":"API rate limit exceeded"}' }, 'broken'],
  ])('whose interface %s keep what they said', async (_what, page, kind) => {
    publisher.put(
      archive,
      gzipSync(await tarOf({ [path('GHSA-aaaa-aaaa-aaaa')]: osv('GHSA-aaaa-aaaa-aaaa', '2.0.0') })),
    );
    const { sync } = world();
    await sync(sourcesOf('github'));
    pages.splice(0, pages.length, page);
    expect((await sync(sourcesOf('github'))).sources).toMatchObject([{ advisories: 1, problem: { kind } }]);
  });
});
