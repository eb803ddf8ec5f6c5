import { finding, indexEntry, type memoryConsole } from './support.ts';

const CVES = [
  finding('CVE-2019-10744', 'critical', 'lodash', '4.17.4', '4.17.12'),
  finding('CVE-2021-44906', 'critical', 'minimist', '1.2.0', '1.2.6'),
  finding('CVE-2021-3749', 'high', 'axios', '0.21.0', '0.21.2'),
  finding('CVE-2022-24999', 'high', 'qs', '6.5.1', '6.5.3'),
  finding('CVE-2022-0235', 'high', 'node-fetch', '2.6.0', '2.6.7'),
  finding('CVE-2023-45857', 'medium', 'axios', '0.21.0', '0.28.0'),
  finding('CVE-2020-28500', 'medium', 'lodash', '4.17.4', '4.17.21'),
  finding('CVE-2024-47764', 'low', 'cookie', '0.3.1', '0.7.0'),
  finding('CVE-2026-0001', 'unknown', 'left-pad', '1.0.0'),
];

/** Texts that would be markup, script or another line if anything let them. */
export const HOSTILE = {
  tag: '"><script>alert(1)</script>',
  repository: "team/x' onmouseover='alert(2)",
  label: '</dd><script>alert(3)</script>',
  override: 'gnp.\u202etxt.exe',
  finding: '<img src=x onerror=alert(4)>',
} as const;

/** A dozen images of every kind and state that the pages have to show. */
export async function putVariedImages(into: Pick<ReturnType<typeof memoryConsole>, 'put' | 'tell'>): Promise<void> {
  const { put, tell } = into;
  await put({ repository: 'charts/ingress', tags: ['4.11.2'], entry: { artifactClass: 'chart', platform: undefined } });
  await put({ repository: 'tools/scratch', tags: ['1'], packages: 0, entry: { sizeBytes: 512, layers: [] } });
  await put({
    ...{ repository: 'legacy/reports', tags: ['2019-11'], packages: 412, uncovered: 412, findings: [] },
    warnings: ['no advisories are known for 412 packages of CentOS:6 (412)'],
  });
  const amd64 = await put({ repository: 'web/frontend', seed: 'amd64', packages: 118 });
  const arm64 = await put({
    ...{ repository: 'web/frontend', seed: 'arm64', packages: 117, entry: { platform: 'linux/arm64/v8' } },
  });
  await put({
    ...{ repository: 'web/frontend', tags: ['1.18.0', '1.18', 'latest'], packages: 235, replicas: 2 },
    ...{ findings: CVES.slice(5, 8), entry: indexEntry([amd64, arm64]) },
  });
  const signed = await put({
    ...{ repository: 'team/payments-api', tags: ['v2.4.1'], packages: 204, replicas: 3, findings: CVES.slice(5) },
    entry: {
      created: '2026-11-23T18:20:00Z',
      labels: { 'org.opencontainers.image.source': 'https://git.example/payments-api', maintainer: 'payments@example' },
    },
  });
  await put({
    ...{ repository: 'team/payments-api', seed: 'signature' },
    entry: { artifactClass: 'signature', referrerOf: signed.digest, platform: undefined, layers: [], sizeBytes: 1_200 },
  });
  await put({
    ...{ repository: 'demo/node', tags: ['v1'], decision: 'deny', findings: CVES, uncovered: 15 },
    reasons: [
      'CVE-2019-10744 (critical) in lodash 4.17.4, fixed in 4.17.12',
      'CVE-2021-44906 (critical) in minimist 1.2.0, fixed in 1.2.6',
    ],
    warnings: CVES.slice(2).map(({ id, severity, package: pkg }) => `${id} (${severity}) in ${pkg}`),
  });
  await put({
    ...{ repository: 'vendor/appliance', tags: ['7.0'], decision: 'quarantine', outcome: 'limit-exceeded' },
    ...{
      packages: 1_893,
      reasons: ['the SBOM is incomplete: a layer unpacks to over 64 GiB'],
      findings: CVES.slice(2, 4),
    },
  });
  await put({
    repository: `platform/${'very-long-team-name/'.repeat(8)}service-with-a-name-that-does-not-end`,
    tags: [`feature-${'abcdefgh-'.repeat(13)}1`, 'a', 'b', 'c', 'd'],
    findings: Array.from({ length: 1_234 }, (_, i) =>
      finding(`CVE-2025-${i}`, 'high', `package-${i}`, '1.0.0', '1.0.1'),
    ),
    packages: 12_345,
  });
  await put({
    ...{ repository: HOSTILE.repository, tags: [HOSTILE.tag, HOSTILE.override], reasons: [HOSTILE.finding] },
    decision: 'deny',
    entry: { labels: { [HOSTILE.label]: HOSTILE.label, [HOSTILE.override]: HOSTILE.override } },
    findings: [
      { ...finding(HOSTILE.finding, 'critical', HOSTILE.tag, HOSTILE.override), location: HOSTILE.label },
      { ...finding('CVE-2026-1', HOSTILE.finding, 'x', '1'), fixState: HOSTILE.finding },
    ],
  });
  await put({ repository: 'build/worker', tags: ['pr-182'], stopsAt: { stage: 'match', attempts: 2 } });
  await put({ repository: 'build/worker', tags: ['pr-183'], stopsAt: { stage: 'sbom', attempts: 0 } });
  tell('Advisories Updated', undefined);
  tell('Retention Planned', `${HOSTILE.repository} plan`);
}
