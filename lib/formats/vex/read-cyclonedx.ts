import { z } from 'zod';
import { firstOf, NO_TIME, statementList, text, toInstant, vexInvalid } from './common.ts';
import type { VexDocument, VexJustification, VexNames, VexProduct, VexStatus } from './model.ts';

/** CycloneDX 1.6, "impactAnalysisState". */
const states: Readonly<Record<string, VexStatus>> = {
  resolved: 'fixed',
  resolved_with_pedigree: 'fixed',
  exploitable: 'affected',
  in_triage: 'under_investigation',
  false_positive: 'not_affected',
  not_affected: 'not_affected',
};

/** CycloneDX 1.6, "impactAnalysisJustification", in the nearest of the five words that VEX has. */
const justifications: Readonly<Record<string, VexJustification>> = {
  code_not_present: 'vulnerable_code_not_present',
  code_not_reachable: 'vulnerable_code_not_in_execute_path',
  requires_configuration: 'vulnerable_code_cannot_be_controlled_by_adversary',
  requires_dependency: 'vulnerable_code_cannot_be_controlled_by_adversary',
  requires_environment: 'vulnerable_code_cannot_be_controlled_by_adversary',
  protected_by_compiler: 'inline_mitigations_already_exist',
  protected_at_runtime: 'inline_mitigations_already_exist',
  protected_at_perimeter: 'inline_mitigations_already_exist',
  protected_by_mitigating_control: 'inline_mitigations_already_exist',
};

const component = z.object({
  'bom-ref': text.optional(),
  purl: text.optional(),
  hashes: z.array(z.object({ alg: text, content: text })).optional(),
  components: z.array(z.unknown()).optional(),
});
const analysis = z.object({
  state: z.enum(Object.keys(states) as [string, ...string[]]),
  justification: text.optional(),
  detail: text.optional(),
  response: z.array(text).optional(),
  firstIssued: text.optional(),
  lastUpdated: text.optional(),
});
const vulnerability = z.object({
  id: text,
  references: z
    .array(z.object({ id: text }))
    .max(1000)
    .optional(),
  recommendation: text.optional(),
  updated: text.optional(),
  analysis,
  affects: z
    .array(z.object({ ref: text }))
    .max(100_000)
    .optional(),
});
const document = z.object({
  bomFormat: z.literal('CycloneDX'),
  serialNumber: text.optional(),
  version: z.number().optional(),
  metadata: z
    .object({
      timestamp: text.optional(),
      component: z.unknown().optional(),
      authors: z.array(z.object({ name: text.optional() })).optional(),
      supplier: z.object({ name: text.optional() }).optional(),
      manufacture: z.object({ name: text.optional() }).optional(),
    })
    .optional(),
  components: z.array(z.unknown()).optional(),
  vulnerabilities: z.array(z.unknown()),
});

export const isCycloneDxVex = (value: object): boolean =>
  'bomFormat' in value && value.bomFormat === 'CycloneDX' && 'vulnerabilities' in value;

/** Reads the analyses of a CycloneDX document; a vulnerability without one is a scanner's finding and says nothing. */
export function readCycloneDxVex(value: unknown): VexDocument {
  const parsed = document.safeParse(value);
  if (!parsed.success) throw vexInvalid('CycloneDX VEX document', z.prettifyError(parsed.error));
  const { metadata = {}, serialNumber, version = 1, components = [], vulnerabilities } = parsed.data;
  const names = namesByRef(components, metadata.component);
  const subject = metadata.component === undefined ? undefined : namesOf(component.safeParse(metadata.component).data);
  const { all, add } = statementList();
  let skipped = 0;
  for (const one of vulnerabilities) {
    const read = vulnerability.safeParse(one);
    const status = read.success ? states[read.data.analysis.state] : undefined;
    if (!read.success || status === undefined) {
      skipped++;
      continue;
    }
    const { id, references = [], analysis: said, affects = [], recommendation, updated } = read.data;
    add({
      ids: [...new Set([id, ...references.map((reference) => reference.id)])],
      status,
      justification: Object.hasOwn(justifications, said.justification ?? '')
        ? justifications[said.justification as string]
        : undefined,
      detail: firstOf(said.detail, said.justification?.replaceAll('_', ' ')),
      action: firstOf(recommendation, said.response?.join(', ').replaceAll('_', ' ')),
      time: toInstant(said.lastUpdated ?? said.firstIssued ?? updated, toInstant(metadata.timestamp, NO_TIME)),
      products: affects.map(({ ref }) => toProduct(namesOfRef(ref, names), subject)),
    });
  }
  const author = metadata.authors?.[0]?.name ?? metadata.supplier?.name ?? metadata.manufacture?.name ?? 'unknown';
  return {
    format: 'cyclonedx',
    id: `${serialNumber ?? 'urn:cyclonedx:unnamed'}/${version}`,
    author,
    statements: all,
    skipped,
  };
}

/** A part is spoken of as a part of what the document is about, so that another image with it is not meant. */
function toProduct(affected: VexNames, subject: VexNames | undefined): VexProduct {
  const isWhole = subject === undefined || subject.length === 0 || affected.some((name) => subject.includes(name));
  return isWhole ? { names: affected, subcomponents: [] } : { names: subject, subcomponents: [affected] };
}

/** `urn:cdx:serial/version#bom-ref` (CycloneDX BOM-Link) points into another document, whose refs mostly are purls. */
function namesOfRef(ref: string, names: ReadonlyMap<string, VexNames>): VexNames {
  const hash = ref.startsWith('urn:cdx:') ? ref.indexOf('#') : -1;
  const local = hash < 0 ? ref : decode(ref.slice(hash + 1));
  return names.get(local) ?? [local];
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function namesByRef(components: readonly unknown[], subject: unknown): ReadonlyMap<string, VexNames> {
  const names = new Map<string, VexNames>();
  const waiting: unknown[] = [...components, ...(subject === undefined ? [] : [subject])];
  // The depth is bounded by the parser, and every component is taken once.
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const read = component.safeParse(one).data;
    if (!read) continue;
    if (read['bom-ref'] !== undefined) names.set(read['bom-ref'], namesOf(read));
    for (const child of read.components ?? []) waiting.push(child);
  }
  return names;
}

function namesOf(given: z.infer<typeof component> | undefined): VexNames {
  const hashes = (given?.hashes ?? []).flatMap(({ alg, content }) =>
    alg === 'SHA-256' || alg === 'SHA-512' ? [`${alg.toLowerCase().replace('-', '')}:${content.toLowerCase()}`] : [],
  );
  return [...new Set([given?.purl, given?.['bom-ref'], ...hashes].filter((name) => name !== undefined))];
}
