import { zstdCompressSync } from 'node:zlib';
import tar from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { MatchablePackage } from '../../../lib/vulnerabilities/index.ts';
import { writeZip } from '../formats/zip/write-zip.ts';
import { fileSource, npm, world } from './support.ts';

const file = (path: string, content: unknown) => ({
  path,
  bytes: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
});

/** Findings of packages against one file, as `id name@version → fix or state`. */
async function found(
  packages: readonly MatchablePackage[],
  ...files: readonly { path: string; bytes: Uint8Array }[]
): Promise<string[]> {
  const { sync, match } = world();
  const result = await sync([fileSource(files)]);
  expect(result.sources).toMatchObject([{ state: 'updated', rejected: 0 }]);
  const { findings } = await match(packages);
  return findings.map(
    ({ id, package: pkg, fixedVersions, fixState, severity }) =>
      `${id} ${pkg.name}@${pkg.version} ${fixedVersions.join(',') || fixState} ${severity}`,
  );
}

const deb = (name: string, version: string, versionId = '12', id = 'debian'): MatchablePackage => ({
  ...{ type: 'deb', name, version },
  distro: { id, versionId },
});
const rpm = (name: string, version: string, id: string, versionId: string, more = ''): MatchablePackage => ({
  ...{ type: 'rpm', name, version, purl: `pkg:rpm/${id}/${name}@${version}?distro=${id}-${versionId}${more}` },
  distro: { id, versionId },
});

describe('Debian', () => {
  it('security tracker: by source and release; what was ignored, postponed, never affected', async () => {
    // As https://security-tracker.debian.org/tracker/data/json gives it.
    const tracker = {
      curl: {
        'CVE-2026-1000': {
          scope: 'local',
          releases: {
            bookworm: { status: 'resolved', fixed_version: '7.88.1-10+deb12u5', urgency: 'medium**' },
            bullseye: { status: 'open', urgency: 'not yet assigned', nodsa: 'Minor issue', nodsa_reason: 'ignored' },
            sid: { status: 'resolved', fixed_version: '8.0-1', urgency: 'medium' },
          },
        },
        'CVE-2026-1001': { releases: { bookworm: { status: 'resolved', fixed_version: '0', urgency: 'high' } } },
        'CVE-2026-1002': { releases: { bookworm: { status: 'open', urgency: 'low', nodsa_reason: 'postponed' } } },
        'CVE-2026-1003': { releases: { bookworm: { status: 'open', urgency: 'end-of-life' } } },
      },
    };
    expect(
      await found(
        [deb('curl', '7.88.1-10+deb12u4'), deb('curl', '7.88.1-10+deb12u5'), deb('curl', '7.74.0-1', '11')],
        file('json', tracker),
      ),
    ).toEqual([
      'CVE-2026-1000 curl@7.74.0-1 wont-fix unknown',
      'CVE-2026-1000 curl@7.88.1-10+deb12u4 7.88.1-10+deb12u5 medium',
      'CVE-2026-1002 curl@7.88.1-10+deb12u4 not-fixed low',
      'CVE-2026-1003 curl@7.88.1-10+deb12u4 end-of-life unknown',
      'CVE-2026-1002 curl@7.88.1-10+deb12u5 not-fixed low',
      'CVE-2026-1003 curl@7.88.1-10+deb12u5 end-of-life unknown',
    ]);
  });

  it('lists of DSAs: every CVE of an advisory, the releases that it names, and no others', async () => {
    const list = `[27 Mar 2023] DSA-5379-1 dino-im - security update
\t{CVE-2023-28686 CVE-2023-28687}
\t[bullseye] - dino-im 0.2.0-3+deb11u1
\t[buster] - dino-im <not-affected> (Vulnerable code not present)
\tNOTE: seen in an archive
[01 Feb 2016] DSA-3454-1 virtualbox - security update
\t{CVE-2015-5307}
\t[jessie] - virtualbox <end-of-life>
`;
    expect(
      await found(
        [
          deb('dino-im', '0.2.0-3', '11'),
          deb('dino-im', '0.2.0-3+deb11u1', '11'),
          deb('dino-im', '0.1', '10'),
          deb('virtualbox', '4.3', '8'),
        ],
        file('list.txt', list),
      ),
    ).toEqual([
      'CVE-2023-28686 dino-im@0.2.0-3 0.2.0-3+deb11u1 unknown',
      'CVE-2023-28687 dino-im@0.2.0-3 0.2.0-3+deb11u1 unknown',
      'CVE-2015-5307 virtualbox@4.3 end-of-life unknown',
    ]);
  });
});

it('Ubuntu CVE tracker: the statuses, the priority of the package before that of the CVE, and the NVD’s vector', async () => {
  const text = `Candidate: CVE-2020-1000
PublicDate: 2020-01-01
Priority: low
Priority_linux: high
CVSS:
 nvd: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
Patches_curl:
upstream_curl: released (7.1)
bionic_curl: released (7.58.0-2ubuntu3.9)
xenial_curl: needed
trusty_curl: ignored (reached end-of-life)
trusty/esm_curl: needed
focal_curl: not-affected (7.68.0-1ubuntu2)
bionic_linux: needs-triage
devel_curl: needed
`;
  const ubuntu = (name: string, version: string, release: string) => deb(name, version, release, 'ubuntu');
  const { sync, match } = world();
  await sync([fileSource([file('active.jsonl', { path: 'active/CVE-2020-1000', text })])]);
  const { findings } = await match([
    ubuntu('curl', '7.58.0-2ubuntu3.8', '18.04'),
    ubuntu('curl', '7.58.0-2ubuntu3.9', '18.04'),
    ubuntu('curl', '7.47.0-1', '16.04'),
    ubuntu('curl', '7.35.0-1', '14.04'),
    ubuntu('curl', '7.68.0-1', '20.04'),
    ubuntu('linux', '4.15.0-1.1', '18.04'),
  ]);
  expect(findings.map((one) => [one.package.version, one.fixState, one.severity])).toEqual([
    ['7.35.0-1', 'end-of-life', 'low'],
    ['7.47.0-1', 'not-fixed', 'low'],
    ['7.58.0-2ubuntu3.8', 'fixed', 'low'],
    ['4.15.0-1.1', 'unknown', 'high'],
  ]);
  expect(findings[0]?.ratings).toEqual([
    { by: 'CVE-2020-1000', severity: 'low' },
    { by: 'nvd', severity: 'critical', cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 } },
  ]);
});

describe('distributions by RPM', () => {
  const oval = (criteria: string, platform: string, evr: string) => `<?xml version="1.0"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:red="x"><definitions>
<definition class="patch" id="oval:x:def:1"><metadata><title>t</title>
<affected family="unix"><platform>${platform}</platform></affected>
<reference ref_id="ELSA-2026-1" source="elsa"/><reference ref_id="CVE-2026-1000" source="CVE"/><reference ref_id="CVE-2026-1001" source="CVE"/>
<advisory><severity>IMPORTANT</severity></advisory></metadata>${criteria}</definition></definitions>
<tests><red:rpminfo_test id="t1"><red:object object_ref="o1"/><red:state state_ref="s1"/></red:rpminfo_test>
<red:rpminfo_test id="t2"><red:object object_ref="o2"/><red:state state_ref="s2"/></red:rpminfo_test></tests>
<objects><red:rpminfo_object id="o1"><red:name>oraclelinux-release</red:name></red:rpminfo_object>
<red:rpminfo_object id="o2"><red:name>nodejs</red:name></red:rpminfo_object></objects>
<states><red:rpminfo_state id="s1"><red:version operation="pattern match">^8</red:version></red:rpminfo_state>
<red:rpminfo_state id="s2"><red:evr datatype="evr_string" operation="less than">${evr}</red:evr></red:rpminfo_state></states></oval_definitions>`;

  it('Oracle’s OVAL: platform and package by the criteria, and the module where one is asked for', async () => {
    const criteria = `<criteria operator="AND"><criterion test_ref="t1" comment="Oracle Linux 8 is installed"/>
<criterion test_ref="t9" comment="Module nodejs:18 is enabled"/><criteria operator="OR"><criteria operator="AND">
<criterion test_ref="t2" comment="nodejs is earlier than 1:18.2"/></criteria></criteria></criteria>`;
    const packages = [
      rpm('nodejs', '1:18.1-1.module+el8', 'ol', '8.9', '&rpmmod=nodejs:18:8:a'),
      rpm('nodejs', '1:16.1-1.module+el8', 'ol', '8.9', '&rpmmod=nodejs:16:8:a'),
      rpm('nodejs', '1:10.1-1.el8', 'ol', '8.9'),
      rpm('nodejs', '1:18.1-1.module+el8', 'ol', '9.1', '&rpmmod=nodejs:18:8:a'),
    ];
    expect(await found(packages, file('all.xml', oval(criteria, 'Oracle Linux', '1:18.2-1.module+el8')))).toEqual([
      'CVE-2026-1000 nodejs@1:18.1-1.module+el8 1:18.2-1.module+el8 high',
      'CVE-2026-1001 nodejs@1:18.1-1.module+el8 1:18.2-1.module+el8 high',
    ]);
  });

  it('SUSE’s OVAL: each of the products that an OR names', async () => {
    const criteria = `<criteria operator="AND"><criteria operator="OR">
<criterion test_ref="t1" comment="SUSE Linux Enterprise Server 15 SP4 is installed"/>
<criterion test_ref="t1" comment="SUSE Linux Enterprise Server 15 SP5 is installed"/></criteria>
<criteria operator="OR"><criterion test_ref="t2" comment="nodejs-1 is installed"/></criteria></criteria>`;
    const packages = [
      rpm('nodejs', '17-1', 'sles', '15.4'),
      rpm('nodejs', '18.2-1', 'sles', '15.5'),
      rpm('nodejs', '17-1', 'sles', '15.3'),
    ];
    expect(await found(packages, file('suse.xml', oval(criteria, 'SUSE', '0:18.2-1')))).toEqual([
      'CVE-2026-1000 nodejs@17-1 0:18.2-1 high',
      'CVE-2026-1001 nodejs@17-1 0:18.2-1 high',
    ]);
  });

  it('Ubuntu’s OVAL: the source package and what its comment says of it', async () => {
    const criterion = (name: string, said: string) =>
      `<criterion test_ref="oval:com.ubuntu.jammy:tst:1" comment="${name} package in jammy${said}" />`;
    const criteria = `<criteria operator="OR">
${criterion('subversion', " was vulnerable but has been fixed (note: '1.14.1-3ubuntu0.22.04.1').")}
${criterion('gcc-snapshot', ' is affected, but a decision has been made to ignore this issue.')}
${criterion('gcc-9', ' is affected and needs fixing.')}
${criterion('gcc-10', ' is affected and may need fixing.')}
${criterion('(CVE-2026-1000) gcc-11', ' is affected, but a decision has been made to defer addressing it.')}
${criterion('gcc-12', ", is related to the CVE in some way and has been fixed (note: '1').")}
</criteria>`;
    const deb = (name: string, version: string, versionId = '22.04') =>
      ({ type: 'deb', name, version, distro: { id: 'ubuntu', versionId } }) as const;
    const packages = [
      deb('subversion', '1.14.1-3build4'),
      deb('subversion', '1.14.1-3ubuntu0.22.04.1'),
      deb('subversion', '1.14.1-3build4', '20.04'),
      ...['gcc-snapshot', 'gcc-9', 'gcc-10', 'gcc-11', 'gcc-12'].map((name) => deb(name, '9-1')),
    ];
    const xml = oval(criteria, 'Ubuntu 22.04 LTS', '0:18.2-1')
      .replace('<reference ref_id="ELSA-2026-1" source="elsa"/>', '')
      .replace('<reference ref_id="CVE-2026-1001" source="CVE"/>', '');
    const { sync, match } = world();
    await sync([fileSource([file('com.ubuntu.jammy.cve.oval.xml', xml)])]);
    const { findings } = await match(packages);
    expect(
      findings.map(({ id, package: { name, version }, fixedVersions, fixState }) => [
        id,
        `${name} ${version}`,
        fixedVersions.join(),
        fixState,
      ]),
    ).toEqual([
      ['CVE-2026-1000', 'gcc-10 9-1', '', 'unknown'],
      ['CVE-2026-1000', 'gcc-11 9-1', '', 'not-fixed'],
      ['CVE-2026-1000', 'gcc-9 9-1', '', 'not-fixed'],
      ['CVE-2026-1000', 'gcc-snapshot 9-1', '', 'wont-fix'],
      ['CVE-2026-1000', 'subversion 1.14.1-3build4', '1.14.1-3ubuntu0.22.04.1', 'fixed'],
    ]);
  });

  it('Amazon’s updateinfo', async () => {
    const xml = `<?xml version="1.0" ?><updates><update author="linux-security@amazon.com" from="x" status="final" type="security" version="1.4">
<id>ALAS2023-2026-777</id><title>t</title><issued date="2026-01-01"/><severity>medium</severity>
<references><reference href="https://x/CVE-2026-1000" id="CVE-2026-1000" type="cve"/></references>
<pkglist><collection short="amazon-linux-2023---kernel"><name>Amazon Linux 2023</name>
<package arch="x86_64" epoch="1" name="openssl" release="1.amzn2023.0.5" version="3.0.8"><filename>x.rpm</filename></package></collection></pkglist></update></updates>`;
    const packages = [
      rpm('openssl', '1:3.0.8-1.amzn2023.0.4', 'amzn', '2023'),
      rpm('openssl', '1:3.0.8-1.amzn2023.0.5', 'amzn', '2023'),
      rpm('openssl', '1:1.0.2-1', 'amzn', '2'),
    ];
    expect(await found(packages, file('updateinfo.xml', xml))).toEqual([
      'CVE-2026-1000 openssl@1:3.0.8-1.amzn2023.0.4 1:3.0.8-1.amzn2023.0.5 medium',
    ]);
  });

  it('Red Hat’s CSAF: what is fixed, what will be, what will not', async () => {
    const component = (name: string, version = '') => ({
      category: 'product_version',
      name: `${name}-${version}`,
      product: {
        name,
        product_id: `${name}${version && `-${version}`}`,
        product_identification_helper: { purl: `pkg:rpm/redhat/${name}${version && `@${version}`}?arch=src&epoch=1` },
      },
    });
    const platform = (id: string, cpe: string) => ({
      category: 'product_name',
      name: id,
      product: { name: id, product_id: id, product_identification_helper: { cpe } },
    });
    const related = (part: string, on: string) => ({
      category: 'default_component_of',
      full_product_name: { name: part, product_id: `${on}:${part}` },
      product_reference: part,
      relates_to_product_reference: on,
    });
    const document = {
      document: {
        category: 'csaf_vex',
        tracking: { id: 'CVE-2026-1000', current_release_date: '2026-02-01T00:00:00Z' },
      },
      product_tree: {
        branches: [
          {
            category: 'vendor',
            name: 'Red Hat',
            branches: [
              platform('EL9', 'cpe:/o:redhat:enterprise_linux:9::baseos'),
              platform('EL8', 'cpe:/o:redhat:enterprise_linux:8'),
              platform('EUS', 'cpe:/a:redhat:rhel_eus:9.2::appstream'),
              component('openssl', '3.0.7-5.el9'),
              component('openssl'),
              component('compat-openssl11'),
            ],
          },
        ],
        relationships: [
          related('openssl-3.0.7-5.el9', 'EL9'),
          related('openssl', 'EL8'),
          related('compat-openssl11', 'EL9'),
          related('openssl', 'EUS'),
        ],
      },
      vulnerabilities: [
        {
          cve: 'CVE-2026-1000',
          product_status: {
            fixed: ['EL9:openssl-3.0.7-5.el9'],
            known_affected: ['EL8:openssl', 'EL9:compat-openssl11', 'EUS:openssl'],
          },
          remediations: [
            { category: 'no_fix_planned', details: 'Will not fix', product_ids: ['EL8:openssl'] },
            { category: 'none_available', details: 'Affected', product_ids: ['EL9:compat-openssl11'] },
          ],
          threats: [{ category: 'impact', details: 'Important', product_ids: ['EL8:openssl'] }],
          scores: [{ cvss_v3: { vectorString: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H' }, products: [] }],
        },
      ],
    };
    const packages = [
      rpm('openssl', '1:3.0.7-4.el9', 'rhel', '9.2'),
      rpm('openssl', '1:3.0.7-5.el9', 'rhel', '9.2'),
      rpm('openssl', '1:1.1.1k-9.el8', 'rhel', '8.9'),
      rpm('compat-openssl11', '1:1.1.1k-4.el9', 'rhel', '9.2'),
    ];
    expect(await found(packages, file('cve-2026-1000.json', document))).toEqual([
      'CVE-2026-1000 compat-openssl11@1:1.1.1k-4.el9 not-fixed medium',
      'CVE-2026-1000 openssl@1:1.1.1k-9.el8 wont-fix medium',
      'CVE-2026-1000 openssl@1:3.0.7-4.el9 1:3.0.7-5.el9 medium',
    ]);
  });

  it('Alma’s modules: no other stream, and nothing that is no module', async () => {
    const record = {
      id: 'ALSA-2026:1',
      summary: 'Important: nodejs:20 security update',
      related: ['CVE-2026-1000'],
      affected: [
        {
          package: { ecosystem: 'AlmaLinux:8', name: 'nodejs' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1:20.9-1.module_el8.9.0+3765+a' }] }],
        },
      ],
    };
    const alma = (version: string, stream?: string) =>
      rpm('nodejs', version, 'almalinux', '8.9', stream ? `&rpmmod=nodejs:${stream}:8` : '');
    const packages = [
      alma('1:20.8-1.module_el8.9.0+1+b', '20'),
      alma('1:18.8-1.module_el8.9.0+1+b', '18'),
      alma('1:18.9-1.module_el8.9.0+1+b'),
      alma('1:10.1-1.el8'),
    ];
    expect((await found(packages, file('a.json', record))).map((line) => line.split(' ')[1])).toEqual([
      // Which stream it is of, its SBOM does not say: that is told, and not passed over.
      'nodejs@1:18.9-1.module_el8.9.0+1+b',
      'nodejs@1:20.8-1.module_el8.9.0+1+b',
    ]);
  });

  it('Photon and Arch', async () => {
    const photon = [
      {
        cve_id: 'CVE-2026-1000',
        pkg: 'curl',
        cve_score: 9.8,
        aff_ver: 'all versions before 8.1-3.ph5 are vulnerable',
        res_ver: '8.1-3.ph5',
      },
      { cve_id: 'CVE-2026-1001', pkg: 'curl', cve_score: 5, aff_ver: 'NA', res_ver: 'NA' },
    ];
    const vmware = [rpm('curl', '8.1-2.ph5', 'photon', '5.0'), rpm('curl', '8.1-3.ph5', 'photon', '5.0')];
    expect(await found(vmware, file('cve_data_photon5.0.json', photon))).toEqual([
      'CVE-2026-1000 curl@8.1-2.ph5 8.1-3.ph5 critical',
    ]);
    const avg = (name: string, status: string, fixed: string | null) => ({
      ...{
        name,
        packages: ['openssl', 'lib32-openssl'],
        status,
        severity: 'High',
        type: 'x',
        affected: '3.0-1',
        fixed,
      },
      ...{ ticket: null, issues: [name.replace('AVG', 'CVE-2026')], advisories: [] },
    });
    const arch = (version: string): MatchablePackage => ({
      ...{ type: 'alpm', name: 'openssl', version, distro: { id: 'arch' } },
    });
    const groups = [
      avg('AVG-1000', 'Fixed', '3.1-1'),
      avg('AVG-1001', 'Vulnerable', null),
      avg('AVG-1002', 'Not affected', null),
    ];
    expect(await found([arch('3.0-2'), arch('3.1-1')], file('all.json', groups))).toEqual([
      'CVE-2026-1000 openssl@3.0-2 3.1-1 high',
      'CVE-2026-1001 openssl@3.0-2 not-fixed high',
      'CVE-2026-1001 openssl@3.1-1 not-fixed high',
    ]);
  });
});

describe('databases of languages', () => {
  it('ruby-advisory-db: what is neither patched nor unaffected', async () => {
    const advisory = {
      ...{ gem: 'rack', cve: '2026-1000', ghsa: 'aaaa-bbbb-cccc', url: 'x', title: 't', date: '2026-01-01' },
      ...{ cvss_v3: 7.5, unaffected_versions: ['< 1.5'], patched_versions: ['~> 2.1.4', '>= 2.2.3'] },
    };
    const gem = (version: string): MatchablePackage => ({ type: 'gem', name: 'rack', version });
    expect(
      await found(
        ['1.4', '1.5', '2.1.3', '2.1.4', '2.2.0', '2.2.3'].map(gem),
        file('a.jsonl', { path: 'gems/rack/CVE-2026-1000.yml', advisory }),
      ),
    ).toEqual([
      'CVE-2026-1000 rack@1.5 2.1.4 high',
      'CVE-2026-1000 rack@2.1.3 2.1.4 high',
      'CVE-2026-1000 rack@2.2.0 2.2.3 high',
    ]);
  });

  it('FriendsOfPHP, npm audit, Node.js, retire.js', async () => {
    const php = {
      path: 'a/b/CVE-2026-1000.yaml',
      advisory: {
        ...{ title: 't', link: 'x', cve: 'CVE-2026-1000', reference: 'composer://a/b' },
        branches: { '2.x': { time: 'x', versions: ['>=2', '<2.0.6'] }, '1.x': { time: 'x', versions: ['<1.0.6'] } },
      },
    };
    const audit = {
      advisory: {
        ...{ module_name: 'left', vulnerable_versions: '<1.2.0 || >=2.0.0 <2.0.1', severity: 'moderate', id: 7 },
        ...{ cves: ['CVE-2026-1001'], url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc' },
      },
    };
    const core = {
      path: 'vuln/core/7.json',
      advisory: { cve: ['CVE-2026-1002'], vulnerable: '18.x || 20.x', patched: '^18.9.1 || ^20.1.0', severity: 'high' },
    };
    const retire = {
      jquery: {
        npmname: 'jquery',
        vulnerabilities: [
          { atOrAbove: '1.5.0', below: '1.9.0', severity: 'medium', identifiers: { CVE: ['CVE-2026-1003'] }, info: [] },
        ],
        extractors: {},
      },
    };
    const packages = [
      ...['1.0.5', '1.0.6', '2.0.5'].map((version) => ({ type: 'composer', name: 'a/b', version })),
      ...['1.1.0', '1.2.0', '2.0.0'].map((version) => npm('left', version)),
      ...['18.9.0', '18.9.1', '16.0.0'].map((version) => ({ type: 'generic', name: 'node', version })),
      ...['1.4.0', '1.5.0'].map((version) => npm('jquery', version)),
    ];
    expect(
      await found(packages, file('a.json', php), file('b.jsonl', audit), file('c.jsonl', core), file('d.json', retire)),
    ).toEqual([
      'CVE-2026-1000 a/b@1.0.5 1.0.6 unknown',
      'CVE-2026-1000 a/b@2.0.5 2.0.6 unknown',
      'CVE-2026-1003 jquery@1.5.0 1.9.0 medium',
      'CVE-2026-1001 left@1.1.0 1.2.0 medium',
      'CVE-2026-1001 left@2.0.0 2.0.1 medium',
      'CVE-2026-1002 node@18.9.0 18.9.1 high',
    ]);
  });
});

it('facts: KEV, EPSS, NVD, vulnrichment and the end of a release reach the finding', async () => {
  const { sync, match } = world();
  const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
  const v4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N';
  const result = await sync([
    fileSource(
      [
        file('secdb.json', {
          ...{ distroversion: 'v3.20', reponame: 'main' },
          packages: [{ pkg: { name: 'curl', secfixes: { '8.9-r0': ['CVE-2026-1000'] } } }],
        }),
      ],
      'alpine',
    ),
    fileSource(
      [
        file('kev.json', {
          ...{ title: 'x', catalogVersion: '2026.01.01', count: 1 },
          vulnerabilities: [
            {
              cveID: 'CVE-2026-1000',
              dateAdded: '2026-01-02',
              dueDate: '2026-01-23',
              knownRansomwareCampaignUse: 'Known',
            },
          ],
        }),
      ],
      'kev',
    ),
    fileSource(
      [
        file(
          'epss.csv',
          '#model_version:v2026,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1000,0.97321,0.99876\nCVE-2026-9,2,0.1\n',
        ),
      ],
      'epss',
    ),
    fileSource(
      [
        file('nvd.json', {
          ...{ resultsPerPage: 1, format: 'NVD_CVE', version: '2.0' },
          vulnerabilities: [
            {
              cve: {
                id: 'CVE-2026-1000',
                vulnStatus: 'Analyzed',
                metrics: {
                  cvssMetricV31: [{ source: 'nvd@nist.gov', type: 'Primary', cvssData: { vectorString: vector } }],
                },
              },
            },
          ],
        }),
      ],
      'nvd',
    ),
    fileSource(
      [
        file('cve.json', {
          dataType: 'CVE_RECORD',
          cveMetadata: { cveId: 'CVE-2026-1000' },
          containers: {
            cna: { metrics: [{ cvssV4_0: { vectorString: v4 } }] },
            adp: [
              {
                metrics: [
                  {
                    other: { type: 'ssvc', content: { options: [{ Exploitation: 'active' }, { Automatable: 'yes' }] } },
                  },
                ],
              },
            ],
          },
        }),
      ],
      'cve',
    ),
    fileSource([file('alpine.json', [{ cycle: '3.20', eol: '2026-04-01', latest: '3.20.3' }])], 'end-of-life/alpine'),
  ]);
  expect(result.sources.map(({ problem }) => problem)).toEqual(result.sources.map(() => undefined));
  const { findings, coverage } = await match([
    { type: 'apk', name: 'curl', version: '8.1-r0', distro: { id: 'alpine', versionId: '3.20.3' } },
  ]);
  expect(findings).toMatchObject([
    {
      id: 'CVE-2026-1000',
      // The secdb rates nothing: who assigned the CVE knows it best.
      severity: 'medium',
      cvss: { vector: v4 },
      ratings: [
        { by: 'cna', severity: 'medium' },
        { by: 'nvd', severity: 'critical', cvss: { vector, score: 9.8 } },
      ],
      knownExploited: { added: '2026-01-02', due: '2026-01-23', ransomware: true },
      epss: { score: 0.973, percentile: 0.999 },
      exploitation: 'active',
    },
  ]);
  expect(coverage.ecosystems).toEqual([
    { name: 'Alpine:v3.20', packages: 1, data: 'complete', endOfLife: '2026-04-01' },
  ]);
});

it('Go: the symbols that have to be reached', async () => {
  const { sync, match } = world();
  const affected = [
    {
      package: { ecosystem: 'Go', name: 'example.org/m' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.2.0' }] }],
      ecosystem_specific: {
        imports: [{ path: 'example.org/m/p', symbols: ['Get', 'T.Do'] }, { path: 'example.org/m/q' }],
      },
    },
  ];
  await sync([fileSource([file('go.json', { id: 'GO-2026-1', aliases: ['CVE-2026-1000'], affected })])]);
  const { findings } = await match([{ type: 'golang', name: 'example.org/m', version: 'v1.1.0' }]);
  expect(findings).toMatchObject([
    { id: 'CVE-2026-1000', symbols: ['example.org/m/p.Get', 'example.org/m/p.T.Do', 'example.org/m/q'] },
  ]);
});

describe('what a distribution packages', () => {
  const gem = (locations: string[], version = '2.2.22'): MatchablePackage => ({
    type: 'gem',
    name: 'rack',
    version,
    locations,
  });
  const owned = ['/usr/share/rubygems-integration/all/specifications/rack-2.2.22.gemspec'];
  const packages = (...gems: MatchablePackage[]) => [deb('ruby-rack', '2.2.22-0+deb12u1'), ...gems];
  const records = [
    {
      id: 'GHSA-x',
      affected: [
        {
          package: { ecosystem: 'RubyGems', name: 'rack' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
        },
      ],
    },
  ];
  const debian = [
    {
      id: 'DSA-1',
      affected: [
        {
          package: { ecosystem: 'Debian:12', name: 'other' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
        },
      ],
    },
  ];
  const count = async (list: readonly MatchablePackage[], ...all: object[]) => {
    const { sync, match } = world();
    await sync([fileSource([file('a.json', all)])]);
    const { findings, coverage } = await match(list);
    return [findings.length, coverage.owned ?? 0];
  };

  it('counts as the distribution’s, once, where the distribution’s advisories are known', async () => {
    expect(await count(packages(gem(owned)), ...records, ...debian)).toEqual([0, 1]);
    // Without them, what the language's advisories say is all that is known.
    expect(await count(packages(gem(owned)), ...records)).toEqual([1, 0]);
  });
  it('is told from what somebody installed beside it', async () => {
    expect(await count(packages(gem(['/usr/local/lib/ruby/gems/rack.gemspec'])), ...records, ...debian)).toEqual([
      1, 0,
    ]);
    expect(await count(packages(gem(owned, '2.2.21')), ...records, ...debian)).toEqual([1, 0]);
    expect(await count([gem(owned)], ...records, ...debian)).toEqual([1, 0]);
    expect(await count(packages({ ...gem(owned), locations: [] }), ...records, ...debian)).toEqual([1, 0]);
  });
});

describe('archives', () => {
  it('are read as what their bytes say they are: a tar of documents in zstd, a zip with XML in it', async () => {
    const left = { id: 'X-1', affected: [{ package: { ecosystem: 'npm', name: 'left' }, versions: ['1.0.0'] }] };
    const archive = tar.pack();
    archive.entry({ name: 'osv/X-1.json' }, JSON.stringify(left));
    archive.entry({ name: 'README.md' }, 'not this');
    archive.finalize();
    const parts: Uint8Array[] = [];
    for await (const part of archive) parts.push(part as Uint8Array);
    const packed = { path: 'all', bytes: zstdCompressSync(Buffer.concat(parts)) };
    const list = 'cve,epss,percentile\nCVE-2026-1000,0.5,0.5\n';
    const zip = writeZip([
      { name: 'x/epss.csv', content: Buffer.from(list) },
      { name: 'x/left.json', content: Buffer.from(JSON.stringify({ ...left, id: 'X-2' })) },
    ]);
    expect(await found([npm('left', '1.0.0')], packed, { path: 'more', bytes: zip })).toEqual([
      'X-1 left@1.0.0 unknown unknown',
      'X-2 left@1.0.0 unknown unknown',
    ]);
  });

  it('of a format that nobody knows are malformed, with a message that says so', async () => {
    const { sync } = world();
    const bad = (path: string, content: string) =>
      sync([fileSource([file(path, content)])]).then(({ sources }) => sources[0]?.problem);
    expect(await bad('notes.txt', '1.0 < 2.0\n')).toMatchObject({ kind: 'malformed' });
    const inner = writeZip([{ name: 'a.json', content: Buffer.from('{}') }]);
    const nested = { path: 'a.zip', bytes: writeZip([{ name: 'b.json', content: inner }]) };
    expect((await sync([fileSource([nested])])).sources[0]?.problem).toMatchObject({ kind: 'broken' });
    expect(await bad('a.xml', '<rss><item/></rss>')).toMatchObject({ kind: 'broken' });
    expect(await bad('a.xml', '<!DOCTYPE x [<!ENTITY a "b">]><oval_definitions/>')).toMatchObject({ kind: 'broken' });
    expect(await bad('a.xml', '<oval_definitions><definitions>')).toMatchObject({ kind: 'broken' });
  });
});
