import { createHash } from 'node:crypto';
import type { VexJustification, VexStatus } from './model.ts';

/** One vulnerability of a CycloneDX 1.6 document, with the parts that it is in. */
export interface BomVulnerability {
  readonly id: string;
  readonly aliases: readonly string[];
  /** As the source rates it: `critical` … `low`, `info`, `unknown`. */
  readonly severity: 'critical' | 'high' | 'medium' | 'low' | 'info' | 'unknown';
  readonly cvss?: { readonly vector: string; readonly score: number } | undefined;
  /** Who says so. */
  readonly source?: string;
  readonly recommendation?: string;
  /** `bom-ref` of the components. */
  readonly affects: readonly string[];
  readonly analysis?: {
    readonly status: VexStatus;
    readonly justification?: VexJustification | undefined;
    readonly detail?: string | undefined;
  };
}

const states: Readonly<Record<VexStatus, string>> = {
  not_affected: 'not_affected',
  affected: 'exploitable',
  fixed: 'resolved',
  under_investigation: 'in_triage',
};

const justifications: Readonly<Record<VexJustification, string>> = {
  component_not_present: 'code_not_present',
  vulnerable_code_not_present: 'code_not_present',
  vulnerable_code_not_in_execute_path: 'code_not_reachable',
  vulnerable_code_cannot_be_controlled_by_adversary: 'requires_environment',
  inline_mitigations_already_exist: 'protected_by_mitigating_control',
};

/** CycloneDX 1.6, "scoreMethod". */
function methodOf(vector: string, specVersion: unknown): string {
  if (vector.startsWith('CVSS:4.')) return specVersion === '1.4' || specVersion === '1.5' ? 'other' : 'CVSSv4';
  if (vector.startsWith('CVSS:3.1')) return 'CVSSv31';
  if (vector.startsWith('CVSS:3.0')) return 'CVSSv3';
  return 'CVSSv2';
}

/** Puts vulnerabilities into a CycloneDX JSON document of ours. Equal input gives equal bytes, the serial number too. */
export function addVulnerabilities(bom: string, vulnerabilities: readonly BomVulnerability[]): string {
  const document = JSON.parse(bom) as Record<string, unknown>;
  const listed = vulnerabilities.map((one) => toVulnerability(one, document.specVersion));
  const { serialNumber: before, ...rest } = document;
  const hash = createHash('sha256')
    .update(JSON.stringify([before, listed]))
    .digest()
    .subarray(0, 16);
  // A UUID of version 8 (RFC 9562, section 5.8).
  hash[6] = ((hash[6] as number) & 0x0f) | 0x80;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const uuid = hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return JSON.stringify({ ...rest, serialNumber: `urn:uuid:${uuid}`, vulnerabilities: listed });
}

function toVulnerability(one: BomVulnerability, specVersion: unknown): object {
  const { id, aliases, severity, cvss, source, recommendation, affects, analysis } = one;
  const by = source === undefined ? {} : { source: { name: source } };
  return {
    'bom-ref': `${id} ${affects[0] ?? ''}`,
    id,
    ...by,
    ...(aliases.length > 0
      ? { references: aliases.map((alias) => ({ id: alias, source: { name: sourceOf(alias) } })) }
      : {}),
    ratings: [
      {
        ...by,
        ...(cvss ? { score: cvss.score } : {}),
        severity,
        ...(cvss ? { method: methodOf(cvss.vector, specVersion), vector: cvss.vector } : {}),
      },
    ],
    ...(recommendation === undefined ? {} : { recommendation }),
    ...(analysis ? { analysis: toAnalysis(analysis) } : {}),
    affects: affects.map((ref) => ({ ref })),
  };
}

const sourceOf = (id: string): string => (id.startsWith('CVE-') ? 'NVD' : (id.split('-')[0] ?? id));

const toAnalysis = ({ status, justification, detail }: NonNullable<BomVulnerability['analysis']>): object => ({
  state: states[status],
  ...(justification ? { justification: justifications[justification] } : {}),
  ...(detail ? { detail } : {}),
});
