import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareVotes, readReport, type ScannerReport, voterOf } from '../../lib/scanners/index.ts';
import type { InteropCheck } from './interop-check.ts';
import { trivyDatabase } from './trivy-database.ts';

const root = join(import.meta.dirname, '..', '..');

/** A program's standard output; what it says otherwise is in the error. */
function run(
  program: string,
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const done = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  });
  assert.equal(done.status, 0, `${program} ${args.join(' ')}: ${done.stderr?.slice(-600)}${done.error ?? ''}`);
  return done.stdout;
}

const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'container', name: 'app', 'bom-ref': 'root' } },
  components: [
    {
      ...{ type: 'operating-system', 'bom-ref': 'os', name: 'debian', version: '12.5' },
      properties: [
        { name: 'aquasecurity:trivy:Type', value: 'debian' },
        { name: 'aquasecurity:trivy:Class', value: 'os-pkgs' },
      ],
    },
    {
      ...{ type: 'library', 'bom-ref': 'ssl', name: 'libssl3', version: '3.0.1-1' },
      purl: 'pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12.5&upstream=openssl',
      properties: [
        { name: 'aquasecurity:trivy:PkgType', value: 'debian' },
        { name: 'aquasecurity:trivy:SrcName', value: 'openssl' },
        { name: 'aquasecurity:trivy:SrcVersion', value: '3.0.1' },
        { name: 'aquasecurity:trivy:SrcRelease', value: '1' },
      ],
    },
    { type: 'library', 'bom-ref': 'left', name: 'left', version: '1.0.0', purl: 'pkg:npm/left@1.0.0' },
  ],
  dependencies: [
    { ref: 'root', dependsOn: ['os', 'left'] },
    { ref: 'os', dependsOn: ['ssl'] },
  ],
};

/** The same two advisories in Trivy's form and in OSV's. */
const trivyAdvisories = [
  {
    Bucket: 'debian 12',
    Package: 'openssl',
    ID: 'CVE-2026-1001',
    Severity: 'HIGH',
    Value: { FixedVersion: '3.0.2-1' },
  },
  {
    ...{ Bucket: 'npm::GitHub Security Advisory npm', Package: 'left', ID: 'CVE-2026-1002', Severity: 'LOW' },
    Value: { PatchedVersions: ['1.0.1'], VulnerableVersions: ['<1.0.1'] },
  },
];
const osv = (id: string, ecosystem: string, name: string, fixed: string, severity: string) => ({
  ...{ id, modified: '2026-01-01T00:00:00Z', database_specific: { severity } },
  affected: [
    { package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] },
  ],
});
const osvAdvisories = [
  osv('CVE-2026-1001', 'Debian:12', 'openssl', '3.0.2-1', 'HIGH'),
  osv('CVE-2026-1002', 'npm', 'left', '1.0.1', 'LOW'),
];

/** Trivy downloads its database by itself; here it gets one that is made from what the test knows. */
function prepare(work: string): {
  readonly trivy: (...args: readonly string[]) => string;
  readonly lading: (...args: readonly string[]) => string;
} {
  const write = (name: string, value: unknown): void => writeFileSync(join(work, name), JSON.stringify(value));
  write('bom.json', bom);
  writeFileSync(join(work, 'osv.jsonl'), osvAdvisories.map((one) => JSON.stringify(one)).join('\n'));
  trivyDatabase(work, join(work, 'cache'), trivyAdvisories);
  const offline = [
    '--cache-dir',
    join(work, 'cache'),
    '--skip-db-update',
    '--skip-java-db-update',
    '--offline-scan',
    '--skip-version-check',
    '--quiet',
  ];
  const env = { LADING_CWD: work, XDG_CACHE_HOME: join(work, 'caches') };
  return {
    trivy: (...args) => run('trivy', ['sbom', 'bom.json', ...offline, ...args], work),
    lading: (...args) =>
      run(
        process.execPath,
        [join(root, 'lib/cli/main.ts'), 'scan', 'bom.json', '--advisories', 'osv.jsonl', ...args],
        work,
        env,
      ),
  };
}

const shown = ({ findings }: Pick<ScannerReport, 'findings'>): readonly string[] =>
  findings
    .map(
      ({ id, package: pkg, severity, fixedVersions }) =>
        `${id} ${pkg.name} ${pkg.version} ${severity} ${fixedVersions.join()}`,
    )
    .sort();

export const checks: readonly InteropCheck[] = [
  {
    name: 'reports of Trivy, as JSON and as SARIF',
    needs: ['trivy', 'go'],
    async run({ work }) {
      const { trivy, lading } = prepare(work);
      const json = readReport(trivy('-f', 'json'));
      const sarif = readReport(trivy('-f', 'sarif'));
      assert.deepEqual(shown(json), [
        'CVE-2026-1001 libssl3 3.0.1-1 high 3.0.2-1',
        'CVE-2026-1002 left 1.0.0 low 1.0.1',
      ]);
      assert.deepEqual(shown(sarif), shown(json));
      assert.deepEqual([voterOf(json), voterOf(sarif)], ['trivy', 'sarif:trivy']);
      const own = JSON.parse(lading('-o', 'json')) as { readonly findings: ScannerReport['findings'] };
      const agreements = compareVotes([
        { voter: 'lading', covers: 'all', findings: own.findings },
        { voter: 'trivy', covers: 'all', findings: json.findings },
        { voter: 'sarif', covers: 'all', findings: sarif.findings },
      ]);
      assert.equal(agreements.length, 2);
      for (const { id, dissent, severityDiffers } of agreements)
        assert.deepEqual({ id, dissent, severityDiffers }, { id, dissent: [], severityDiffers: false });
      return `${agreements.length} findings without dissent between Trivy's two forms and Lading`;
    },
  },
  {
    name: 'VEX that we write, read by Trivy',
    needs: ['trivy', 'go'],
    async run({ work }) {
      const { trivy, lading } = prepare(work);
      const said = {
        ...{
          '@context': 'https://openvex.dev/ns/v0.2.0',
          '@id': 'https://example.com/vex',
          author: 'team',
          version: 1,
        },
        timestamp: '2026-01-01T00:00:00Z',
        statements: [
          {
            vulnerability: { name: 'CVE-2026-1002' },
            products: [{ '@id': 'pkg:npm/left@1.0.0' }],
            status: 'not_affected',
            justification: 'vulnerable_code_not_in_execute_path',
          },
        ],
      };
      writeFileSync(join(work, 'said.json'), JSON.stringify(said));
      writeFileSync(join(work, 'ours.json'), lading('--vex', 'said.json', '-o', 'openvex'));
      const left = readReport(trivy('-f', 'json', '--vex', 'ours.json'));
      assert.deepEqual(shown(left), ['CVE-2026-1001 libssl3 3.0.1-1 high 3.0.2-1']);
      assert.match(readFileSync(join(work, 'ours.json'), 'utf8'), /"status":"under_investigation"/);
      return 'Trivy leaves out what our OpenVEX says is not affected, and nothing else';
    },
  },
];
