import { canonicalJson } from '../core/json.ts';
import type { Statement } from '../formats/intoto/index.ts';

/** Predicates that are SBOMs (in-toto/attestation, spec/predicates; cosign's words for older ones). */
const SBOM_PREDICATE =
  /^https:\/\/(?:spdx\.dev\/Document(?:\/v[\d.]+)?|cyclonedx\.org\/(?:bom|schema)(?:\/v?[\d.]+)?|syft\.dev\/bom)$/;

export const isSbomPredicate = (type: string): boolean => SBOM_PREDICATE.test(type);

/** The SBOM in a statement as a document by itself; undefined where the predicate is something else. */
export function sbomOfStatement({ predicateType, predicate }: Statement): Uint8Array | undefined {
  if (!isSbomPredicate(predicateType)) return undefined;
  const inner = isObject(predicate) && 'Data' in predicate ? predicate['Data'] : predicate;
  return Buffer.from(typeof inner === 'string' ? inner : canonicalJson(inner));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
