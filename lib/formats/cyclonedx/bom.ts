import { createHash } from 'node:crypto';

/** The part of a CycloneDX 1.6 document that is written here (ECMA-424; `bom-1.6.schema.json`). */
export interface Bom {
  readonly metadata: {
    /** ISO 8601 in UTC. */
    readonly timestamp: string;
    readonly tool: { readonly name: string; readonly version: string };
    readonly component: BomComponent;
    readonly properties?: readonly BomProperty[];
  };
  readonly components: readonly BomComponent[];
  /** By `bom-ref`. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** What is known to be missing makes the list `incomplete`. */
  readonly completeness: 'complete' | 'incomplete';
}

export interface BomComponent {
  readonly bomRef: string;
  readonly type: 'library' | 'application' | 'container' | 'operating-system' | 'file';
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly supplier?: string;
  /** In hexadecimal digits. */
  readonly hashes?: readonly { readonly algorithm: 'SHA-1' | 'SHA-256' | 'SHA-512'; readonly value: string }[];
  readonly purl?: string;
  readonly cpe?: string;
  readonly licenses?: readonly BomLicense[];
  readonly properties?: readonly BomProperty[];
}

/** An SPDX id, an SPDX expression, or words that are neither. */
export type BomLicense =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'expression'; readonly expression: string }
  | { readonly kind: 'name'; readonly name: string };

export interface BomProperty {
  readonly name: string;
  readonly value: string;
}

/**
 * Writes the document as JSON. The same `Bom` gives the same bytes: components, dependencies and properties are sorted,
 * and the serial number is derived from all but the time, so that making an SBOM again does not make a new document.
 */
export function writeBom(bom: Bom): string {
  const components = bom.components.toSorted((a, b) => compare(a.bomRef, b.bomRef)).map(component);
  const dependencies = [...bom.dependencies]
    .map(([ref, dependsOn]) => ({ ref, dependsOn: [...new Set(dependsOn)].toSorted(compare) }))
    .filter((one) => one.dependsOn.length > 0)
    .toSorted((a, b) => compare(a.ref, b.ref));
  const { timestamp, tool, ...metadata } = bom.metadata;
  const about = {
    tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
    component: component(metadata.component),
    ...withProperties(metadata.properties),
  };
  const compositions = [{ aggregate: bom.completeness, assemblies: [metadata.component.bomRef] }];
  const content = { components, dependencies, compositions };
  return JSON.stringify({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([about, content]))}`,
    version: 1,
    metadata: { timestamp, ...about },
    ...content,
  });
}

function component(one: BomComponent): object {
  return {
    type: one.type,
    'bom-ref': one.bomRef,
    ...(one.supplier === undefined ? {} : { supplier: { name: one.supplier } }),
    ...(one.group === undefined ? {} : { group: one.group }),
    name: one.name,
    ...(one.version === undefined ? {} : { version: one.version }),
    ...(one.hashes?.length
      ? { hashes: one.hashes.map(({ algorithm, value }) => ({ alg: algorithm, content: value })) }
      : {}),
    ...(one.licenses?.length ? { licenses: licenseChoice(one.licenses) } : {}),
    ...(one.cpe === undefined ? {} : { cpe: one.cpe }),
    ...(one.purl === undefined ? {} : { purl: one.purl }),
    ...withProperties(one.properties),
  };
}

/** The schema takes either a list of licences or a single expression; an expression among others stands as a name. */
function licenseChoice(licenses: readonly BomLicense[]): object[] {
  const [only] = licenses;
  if (licenses.length === 1 && only?.kind === 'expression') return [{ expression: only.expression }];
  return licenses.map((one) => {
    if (one.kind === 'id') return { license: { id: one.id } };
    return { license: { name: one.kind === 'expression' ? one.expression : one.name } };
  });
}

function withProperties(properties: readonly BomProperty[] | undefined): object {
  if (!properties?.length) return {};
  return { properties: properties.toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value)) };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A UUID of version 8 (RFC 9562, section 5.8) out of the SHA-256 of the content. */
function uuidOf(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
