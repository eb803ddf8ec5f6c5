import { formatPackageUrl } from '../../formats/purl/index.ts';
import { type VexStatement, writeOpenVex } from '../../formats/vex/index.ts';
import { packageRef, remedyOf } from './describe-finding.ts';
import type { ScanTarget } from './read-target.ts';
import type { ReportedFinding, ScanReport } from './scan-target.ts';

/**
 * The findings as an OpenVEX document: what VEX said already stays as it was said; of the rest a scanner knows only that
 * somebody has to look at it. `undefined` where there is no finding: a document without a statement is none.
 */
export function toOpenVex(
  report: ScanReport,
  target: ScanTarget,
  about: { readonly version: string; readonly time: Date; readonly author: string },
): string | undefined {
  const all = [...report.findings, ...report.suppressed];
  if (all.length === 0) return undefined;
  const product = productOf(target);
  const statements = new Map<string, VexStatement>();
  for (const finding of all) {
    const statement = toStatement(finding, product, about.time);
    statements.set(JSON.stringify({ ...statement, time: '' }), statement);
  }
  return writeOpenVex({
    author: about.author,
    timestamp: about.time.toISOString(),
    tooling: `lading ${about.version}`,
    statements: [...statements.values()],
  });
}

function toStatement(finding: ReportedFinding, product: string | undefined, now: Date): VexStatement {
  const { id, aliases, vex } = finding;
  const about = {
    ids: [id, ...aliases],
    // Of what is no known image, each package is a product: others find it by its purl.
    products: product
      ? [{ names: [product], subcomponents: [[packageRef(finding)]] }]
      : [{ names: [packageRef(finding)], subcomponents: [] }],
  };
  if (vex === undefined) {
    return { ...about, status: 'under_investigation', detail: remedyOf(finding), time: now.toISOString() };
  }
  const { status, justification, detail, action = remedyOf(finding), time } = vex;
  return { ...about, status, justification, detail, action, time };
}

/** purl type `oci`: only a digest names an image for good. */
function productOf({ image, registry, repository }: ScanTarget): string | undefined {
  if (image === undefined) return undefined;
  const path = repository ?? 'image';
  const url = registry && repository ? [['repository_url', `${registry}/${repository}`] as const] : [];
  const last = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return formatPackageUrl({ type: 'oci', name: last, version: image, qualifiers: new Map(url) });
}
