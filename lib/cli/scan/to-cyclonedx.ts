import { readBom, writeBom } from '../../formats/cyclonedx/index.ts';
import { addVulnerabilities, type BomVulnerability } from '../../formats/vex/index.ts';
import { packageRef, remedyOf } from './describe-finding.ts';
import type { ScanTarget } from './read-target.ts';
import type { ReportedFinding, ScanReport } from './scan-target.ts';

/** The SBOM of the target with its vulnerabilities, and what VEX says of them as their analysis. */
export function toCycloneDxReport(
  report: ScanReport,
  target: ScanTarget,
  about: { version: string; time: Date },
): string {
  const given = target.cycloneDx;
  // Older versions of the specification have no place for vulnerabilities.
  const bom = given && !/^1\.[0-3]$/.test(readBom(given).specVersion) ? given : bomOf(target, about);
  const refs = refsOf(bom);
  const grouped = new Map<string, ReportedFinding[]>();
  for (const finding of [...report.findings, ...report.suppressed]) {
    const { id, vex, fixedVersions, package: pkg } = finding;
    const key = JSON.stringify([id, vex?.status, vex?.justification, vex?.detail, pkg.name, fixedVersions]);
    grouped.set(key, [...(grouped.get(key) ?? []), finding]);
  }
  return addVulnerabilities(
    bom,
    [...grouped.values()].map((own) => toVulnerability(own, refs)),
  );
}

function toVulnerability(
  own: readonly ReportedFinding[],
  refs: ReadonlyMap<string, readonly string[]>,
): BomVulnerability {
  const [first] = own as [ReportedFinding];
  const { id, aliases, severity, cvss, sources, vex } = first;
  const source = sources[0]?.source;
  return {
    id,
    aliases,
    severity: severity === 'negligible' ? 'info' : severity,
    ...(cvss ? { cvss } : {}),
    ...(source === undefined ? {} : { source }),
    recommendation: remedyOf(first),
    affects: [
      ...new Set(own.flatMap((one) => refs.get(packageRef(one)) ?? refs.get(nameAndVersion(one.package)) ?? [])),
    ],
    ...(vex ? { analysis: { status: vex.status, justification: vex.justification, detail: vex.detail } } : {}),
  };
}

const nameAndVersion = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  `${name}@${version}`;

/** How the document itself refers to its components: by purl, else by name and version. */
function refsOf(bom: string): ReadonlyMap<string, readonly string[]> {
  const refs = new Map<string, string[]>();
  const enter = (key: string, ref: string): void => void refs.set(key, [...(refs.get(key) ?? []), ref]);
  for (const { bomRef, purl, group, name, version = '' } of readBom(bom).components) {
    if (bomRef === undefined) continue;
    if (purl !== undefined) enter(purl, bomRef);
    enter(nameAndVersion({ name, version }), bomRef);
    if (group !== undefined) enter(nameAndVersion({ name: `${group}/${name}`, version }), bomRef);
  }
  return refs;
}

/** For a target that came in another form than CycloneDX. */
function bomOf({ name, image, packages, outcome }: ScanTarget, about: { version: string; time: Date }): string {
  const components = new Map(
    packages.map((one) => {
      const bomRef = one.purl ?? `${one.type}:${one.name}@${one.version}`;
      const component = { bomRef, type: 'library', name: one.name, version: one.version } as const;
      return [bomRef, one.purl ? { ...component, purl: one.purl } : component];
    }),
  );
  return writeBom({
    metadata: {
      timestamp: about.time.toISOString(),
      tool: { name: 'lading', version: about.version },
      component: { bomRef: image ?? name, type: 'container', name, ...(image ? { version: image } : {}) },
    },
    components: [...components.values()],
    dependencies: new Map([[image ?? name, [...components.keys()]]]),
    completeness: outcome === 'complete' ? 'complete' : 'incomplete',
  });
}
