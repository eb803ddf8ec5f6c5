import type { Bom, BomComponent, BomLicense, BomProperty, BomVersion } from './bom.ts';
import { licensesFor, prepareBom } from './prepare-bom.ts';

/** Writes the document as JSON. The same `Bom` gives the same bytes. */
export function writeBom(bom: Bom, version: BomVersion = '1.6'): string {
  const { serialNumber, metadata, components, dependencies, completeness } = prepareBom(bom);
  const { timestamp, tool, component: subject, properties } = metadata;
  return JSON.stringify({
    $schema: `http://cyclonedx.org/schema/bom-${version}.schema.json`,
    bomFormat: 'CycloneDX',
    specVersion: version,
    serialNumber,
    version: 1,
    metadata: {
      timestamp,
      // An image is analysed after it was built.
      lifecycles: [{ phase: 'post-build' }],
      tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
      component: component(subject, version),
      ...withProperties(properties),
    },
    components: components.map((one) => component(one, version)),
    dependencies,
    compositions: [{ aggregate: completeness, assemblies: [subject.bomRef] }],
  });
}

function component(one: BomComponent, version: BomVersion): object {
  const licenses = licensesFor(one.licenses, version);
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
    ...(licenses.length > 0 ? { licenses: licenses.map(license) } : {}),
    ...(one.cpe === undefined ? {} : { cpe: one.cpe }),
    ...(one.purl === undefined ? {} : { purl: one.purl }),
    ...withProperties(one.properties),
  };
}

function license(one: BomLicense): object {
  switch (one.kind) {
    case 'id':
      return { license: { id: one.id } };
    case 'name':
      return { license: { name: one.name } };
    case 'expression':
      return { expression: one.expression };
  }
}

const withProperties = (properties: readonly BomProperty[] | undefined): object =>
  properties?.length ? { properties } : {};
