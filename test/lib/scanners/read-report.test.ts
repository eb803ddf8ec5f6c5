import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readReport, readReportValue, voterOf } from '../../../lib/scanners/index.ts';
import * as samples from './samples.ts';

const { DIGEST } = samples;
const ssl = (more: object = {}) =>
  expect.objectContaining({
    id: 'CVE-2026-1001',
    severity: 'high',
    fixedVersions: ['3.0.2-1'],
    fixState: 'fixed',
    package: expect.objectContaining({ version: '3.0.1-1', type: 'deb' }),
    ...more,
  });

describe('reports of other scanners', () => {
  it('Trivy', () => {
    const report = readReport(JSON.stringify(samples.trivy));
    expect(report).toMatchObject({
      scanner: { name: 'trivy' },
      image: { digest: DIGEST, reference: 'registry.example/app:1' },
      scannedAt: '2026-05-01T10:00:00.5+02:00',
    });
    expect(report.findings).toEqual([
      ssl({ aliases: ['DSA-1-1'], layer: 'sha256:layer', cvss: expect.objectContaining({ score: 7.5 }) }),
      expect.objectContaining({
        id: 'GHSA-aaaa-bbbb-cccc',
        severity: 'low',
        fixState: 'not-fixed',
        package: { name: '@scope/left', version: '1.0.0', type: 'npm', purl: 'pkg:npm/%40scope/left@1.0.0' },
        locations: ['app/node_modules/@scope/left/package.json'],
      }),
    ]);
  });

  it('Grype, with its database', () => {
    const report = readReport(JSON.stringify(samples.grype));
    expect(report).toMatchObject({
      scanner: { name: 'grype', version: '0.100.0' },
      database: { version: 'schema v6.0.2', builtAt: '2026-04-30T06:00:00Z' },
      image: { digest: DIGEST },
    });
    expect(report.findings).toEqual([
      ssl({ severity: 'medium', locations: ['/var/lib/dpkg/status'] }),
      expect.objectContaining({ id: 'CVE-2026-1002', aliases: ['GHSA-aaaa-bbbb-cccc'], fixState: 'wont-fix' }),
    ]);
  });

  it('Clair v4, whose maps may point at nothing', () => {
    const report = readReport(JSON.stringify(samples.clair));
    expect(report.findings).toEqual([ssl({ layer: 'sha256:layer' })]);
    expect(report.image.digest).toBe(DIGEST);
  });

  it("Docker Scout's SARIF: what it suppressed is not reported", () => {
    const report = readReport(JSON.stringify(samples.scout));
    expect(voterOf(report)).toBe('docker-scout');
    expect(report.findings).toEqual([
      ssl({ package: expect.objectContaining({ name: 'openssl' }) }),
      expect.objectContaining({ id: 'CVE-2026-1002', severity: 'low', fixState: 'not-fixed' }),
    ]);
  });

  it('SARIF of another tool, which tells the package in its message', () => {
    const report = readReport(
      JSON.stringify({
        version: '2.1.0',
        runs: [
          {
            tool: { driver: { name: 'Some Scanner', rules: [{ id: 'CVE-2026-1001-openssl' }] } },
            results: [
              {
                ruleId: 'CVE-2026-1001-openssl',
                level: 'error',
                message: {
                  text: 'Package: openssl\nInstalled Version: 3.0.1-1\nSeverity: HIGH\nFixed Version: 3.0.2-1',
                },
              },
            ],
          },
        ],
      }),
    );
    expect(voterOf(report)).toBe('sarif:some-scanner');
    expect(report.findings).toMatchObject([
      {
        id: 'CVE-2026-1001',
        package: { name: 'openssl', version: '3.0.1-1' },
        severity: 'high',
        fixedVersions: ['3.0.2-1'],
      },
    ]);
  });

  it('Snyk: a vulnerability with several paths is one, applications are read, too', () => {
    const report = readReport(JSON.stringify(samples.snyk));
    expect(report.image.digest).toBe(DIGEST);
    expect(report.findings).toEqual([
      ssl({ aliases: ['SNYK-DEBIAN12-OPENSSL-1'] }),
      expect.objectContaining({ id: 'GHSA-aaaa-bbbb-cccc', package: expect.objectContaining({ type: 'npm' }) }),
    ]);
  });

  it('ECR basic scanning, which looks at packages of the distribution only', () => {
    const report = readReport(JSON.stringify(samples.ecrBasic));
    expect(report).toMatchObject({
      scanner: { name: 'ecr-basic' },
      covers: 'os',
      database: { builtAt: '2026-04-30T23:00:00.000Z' },
      scannedAt: '2026-05-01T08:00:00.000Z',
      findings: [{ id: 'CVE-2026-1001', package: { name: 'openssl' }, cvss: { score: 5 } }],
    });
  });

  it.each([
    ['from events', samples.inspector],
    ['from its list of findings', { findings: samples.inspector.map(({ detail }) => detail) }],
    ["from ECR's answer", samples.ecrEnhanced],
  ])('Inspector %s: closed findings are none', (_how, value) => {
    const report = readReportValue(value);
    expect(report).toMatchObject({ scanner: { name: 'inspector' }, image: { digest: DIGEST }, covers: 'all' });
    expect(report.findings).toEqual([ssl({ fixedVersions: ['0:3.0.2-1'], layer: 'sha256:layer' })]);
  });

  it('Harbor', () => {
    const report = readReport(JSON.stringify(samples.harbor));
    expect(report).toMatchObject({ scanner: { name: 'harbor', label: 'Harbor (Trivy)' }, image: { digest: DIGEST } });
    expect(report.findings).toEqual([ssl({ package: { name: 'libssl3', version: '3.0.1-1', type: 'unknown' } })]);
  });

  it('refuses what is none', () => {
    for (const value of [null, 1, [], {}, { SchemaVersion: 1 }, { findings: [] }, { bomFormat: 'CycloneDX' }]) {
      expect(() => readReportValue(value)).toThrow(expect.objectContaining({ code: 'report-unknown' }));
    }
  });

  it('never gives anything but a report or an error of ours, whatever a tool may be made to write', () => {
    const reports = Object.values(samples).filter((one) => typeof one === 'object');
    fc.assert(
      fc.property(fc.constantFrom(...reports), fc.nat(), fc.jsonValue({ maxDepth: 2 }), (report, place, other) => {
        const damaged = replaceAt(structuredClone(report), place, other);
        try {
          expect(readReportValue(JSON.parse(JSON.stringify(damaged))).schemaVersion).toBe(1);
        } catch (error) {
          expect(error).toMatchObject({ code: 'report-unknown' });
        }
      }),
    );
  });
});

/** Puts something else in place of the nth value of a document. */
function replaceAt(value: unknown, place: number, other: unknown): unknown {
  const spots: (() => void)[] = [];
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    for (const key of Object.keys(node)) {
      const at = node as Record<string, unknown>;
      spots.push(() => {
        at[key] = other;
      });
      visit(at[key]);
    }
  };
  visit(value);
  spots[place % spots.length]?.();
  return value;
}
