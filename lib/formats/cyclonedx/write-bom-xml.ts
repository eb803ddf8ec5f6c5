import { element, writeXml, type XmlNode } from '../xml-document/index.ts';
import type { Bom, BomComponent, BomLicense, BomProperty, BomVersion } from './bom.ts';
import { licensesFor, prepareBom } from './prepare-bom.ts';

/**
 * Writes the document as XML (`bom-1.6.xsd`, `bom-1.7.xsd`; the order of elements is theirs). Characters that XML cannot
 * hold become U+FFFD.
 */
export function writeBomXml(bom: Bom, version: BomVersion = '1.6'): string {
  const { serialNumber, metadata, components, dependencies, completeness } = prepareBom(bom);
  const { timestamp, tool, component: subject, properties } = metadata;
  const maker = { bomRef: '', type: 'application', name: tool.name, version: tool.version } as const;
  return writeXml(
    element(
      'bom',
      { xmlns: `http://cyclonedx.org/schema/bom/${version}`, version: '1', serialNumber },
      element(
        'metadata',
        {},
        element('timestamp', {}, timestamp),
        element('lifecycles', {}, element('lifecycle', {}, element('phase', {}, 'post-build'))),
        element('tools', {}, element('components', {}, component(maker, version))),
        component(subject, version),
        withProperties(properties),
      ),
      element('components', {}, ...components.map((one) => component(one, version))),
      element('dependencies', {}, ...dependencies.map(dependency)),
      element(
        'compositions',
        {},
        element(
          'composition',
          {},
          element('aggregate', {}, completeness),
          element('assemblies', {}, element('assembly', { ref: subject.bomRef })),
        ),
      ),
    ),
  );
}

const dependency = ({ ref, dependsOn }: { readonly ref: string; readonly dependsOn: readonly string[] }): XmlNode =>
  element('dependency', { ref }, ...dependsOn.map((one) => element('dependency', { ref: one })));

function component(one: BomComponent, version: BomVersion): XmlNode {
  const licenses = licensesFor(one.licenses, version);
  const text = (name: string, value: string | undefined): XmlNode => value !== undefined && element(name, {}, value);
  return element(
    'component',
    { type: one.type, 'bom-ref': one.bomRef === '' ? undefined : one.bomRef },
    one.supplier !== undefined && element('supplier', {}, element('name', {}, one.supplier)),
    text('group', one.group),
    element('name', {}, one.name),
    text('version', one.version),
    one.hashes?.length
      ? element('hashes', {}, ...one.hashes.map(({ algorithm, value }) => element('hash', { alg: algorithm }, value)))
      : undefined,
    licenses.length > 0 && element('licenses', {}, ...licenses.map(license)),
    text('cpe', one.cpe),
    text('purl', one.purl),
    withProperties(one.properties),
  );
}

function license(one: BomLicense): XmlNode {
  switch (one.kind) {
    case 'id':
      return element('license', {}, element('id', {}, one.id));
    case 'name':
      return element('license', {}, element('name', {}, one.name));
    case 'expression':
      return element('expression', {}, one.expression);
  }
}

const withProperties = (properties: readonly BomProperty[] | undefined): XmlNode =>
  properties?.length
    ? element('properties', {}, ...properties.map(({ name, value }) => element('property', { name }, value)))
    : undefined;
