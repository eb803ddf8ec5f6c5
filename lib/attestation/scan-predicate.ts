import type { ScanDocument } from '../vulnerabilities/index.ts';

/**
 * A scan as in-toto's vulnerabilities v0.2. "No data" must not read as "no vulnerabilities", so what the scan could not
 * cover stands beside the list (members that a consumer does not know are ignored; in-toto, "Parsing rules").
 *
 * @param times when the scan was told of, and when its advisories were put together
 */
export function scanPredicate(
  scan: ScanDocument,
  times: { readonly scannedAt: string; readonly advisoriesAt?: string | undefined },
): unknown {
  const { scannedAt, advisoriesAt = scannedAt } = times;
  return {
    scanner: {
      uri: 'urn:lading:matcher',
      version: scan.matcher,
      db: {
        uri: 'urn:lading:advisories',
        ...(scan.snapshot === undefined ? {} : { version: scan.snapshot }),
        lastUpdate: advisoriesAt,
      },
      result: scan.findings.map((finding) => ({
        id: finding.id,
        severity: [
          { method: 'lading', score: finding.severity },
          ...(finding.cvss === undefined ? [] : [{ method: 'cvss_score', score: String(finding.cvss.score) }]),
        ],
        annotations: [
          { package: finding.package.purl ?? `${finding.package.name} ${finding.package.version}` },
          ...(finding.fixedVersions.length === 0 ? [] : [{ fixed: finding.fixedVersions.join(', ') }]),
        ],
      })),
    },
    metadata: { scanStartedOn: scannedAt, scanFinishedOn: scannedAt },
    'urn:lading:coverage:v1': {
      sbom: scan.sbom,
      packages: scan.coverage.packages,
      uncovered: scan.coverage.uncovered,
      undecided: scan.coverage.undecided.count,
    },
  };
}
