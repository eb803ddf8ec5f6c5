import { createHash } from 'node:crypto';
import { isCpe } from '../cpe/index.ts';
import type { Bom, BomComponent, BomLicense, BomVersion } from './bom.ts';

/** A document in the order in which it is written, whatever the encoding. */
export interface PreparedBom {
  readonly serialNumber: string;
  readonly metadata: Bom['metadata'];
  readonly components: readonly BomComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly completeness: Bom['completeness'];
}

/**
 * Puts all in order, so that the same `Bom` gives the same bytes. The serial number is derived from all but the time:
 * making an SBOM again does not make a new document, and each version and encoding of one SBOM has the same.
 */
export function prepareBom(bom: Bom): PreparedBom {
  const components = bom.components.toSorted((a, b) => compare(a.bomRef, b.bomRef)).map(sorted);
  const dependencies = [...bom.dependencies]
    .map(([ref, dependsOn]) => ({ ref, dependsOn: [...new Set(dependsOn)].toSorted(compare) }))
    .filter((one) => one.dependsOn.length > 0)
    .toSorted((a, b) => compare(a.ref, b.ref));
  const { timestamp, ...about } = bom.metadata;
  const metadata = { ...about, component: sorted(about.component), properties: inOrder(about.properties) };
  const { completeness } = bom;
  const content = JSON.stringify([metadata, components, dependencies, completeness]);
  return {
    serialNumber: `urn:uuid:${uuidOf(content)}`,
    metadata: { timestamp, ...metadata },
    components,
    dependencies,
    completeness,
  };
}

/** What the schemas refuse is left out: an identifier that is none helps nobody. */
const sorted = ({ cpe, ...one }: BomComponent): BomComponent => ({
  ...one,
  ...(cpe !== undefined && isCpe(cpe) ? { cpe } : {}),
  properties: inOrder(one.properties),
});

const inOrder = (properties: BomComponent['properties'] = []): NonNullable<BomComponent['properties']> =>
  properties.toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value));

/**
 * Version 1.6 takes either a list of licences or a single expression, and an expression among others stands as a name;
 * version 1.7 takes any of them together.
 */
export function licensesFor(licenses: readonly BomLicense[] | undefined, version: BomVersion): readonly BomLicense[] {
  if (!licenses || licenses.length < 2 || version !== '1.6') return licenses ?? [];
  return licenses.map((one) => (one.kind === 'expression' ? { kind: 'name', name: one.expression } : one));
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A UUID of version 8 (RFC 9562, section 5.8) out of the SHA-256 of the content. */
function uuidOf(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
