import { LimitExceededError } from '../../core/errors.ts';
import { childrenNamed, childText, readXmlDocument, type XmlElement } from '../xml-document/index.ts';
import { definedOnly, firstOfEachName, invalidBom, type ReadBom, type ReadComponent } from './read-model.ts';

const NAMESPACE = /^http:\/\/cyclonedx\.org\/schema\/bom\/(1\.\d{1,2})$/;

/**
 * Reads a CycloneDX XML document from a stranger. Elements of other namespaces are passed over.
 *
 * @throws LadingError `xml-invalid`, `cyclonedx-invalid`; LimitExceededError over `maxComponents` (default 200,000)
 */
export function readBomXml(input: string | Uint8Array, options: { readonly maxComponents?: number } = {}): ReadBom {
  const { maxComponents = 200_000 } = options;
  const root = withoutPrefix(readXmlDocument(input));
  const specVersion = NAMESPACE.exec(root.attributes.get('xmlns') ?? '')?.[1];
  if (root.name !== 'bom' || specVersion === undefined) throw invalidBom('its root is no element "bom" of CycloneDX');
  const metadata = root.children.find(({ name }) => name === 'metadata');
  const subject = metadata?.children.find(({ name }) => name === 'component');
  const components: ReadComponent[] = [];
  const waiting = [...childrenIn(root, 'components', 'component')].reverse();
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    components.push(readComponent(one));
    if (components.length > maxComponents) {
      throw new LimitExceededError('sbom-components', `over ${maxComponents} components`);
    }
    waiting.push(...[...childrenIn(one, 'components', 'component')].reverse());
  }
  const tools = metadata?.children.find(({ name }) => name === 'tools');
  return {
    specVersion,
    ...definedOnly({
      serialNumber: root.attributes.get('serialNumber'),
      timestamp: childText(metadata, 'timestamp'),
      subject: subject && readComponent(subject),
    }),
    tools: [...childrenNamed(tools, 'tool'), ...childrenIn(tools, 'components', 'component')].map((one) => ({
      name: childText(one, 'name') ?? '',
      ...definedOnly({ version: childText(one, 'version') }),
    })),
    authors: childrenIn(metadata, 'authors', 'author').map((one) =>
      definedOnly({ name: childText(one, 'name'), email: childText(one, 'email') }),
    ),
    properties: firstOfEachName(propertiesOf(metadata)),
    components,
    dependencies: new Map(
      childrenIn(root, 'dependencies', 'dependency').map((one) => [
        refOf(one),
        childrenNamed(one, 'dependency').map(refOf),
      ]),
    ),
    aggregates: childrenIn(root, 'compositions', 'composition').flatMap((one) => childText(one, 'aggregate') ?? []),
  };
}

const refOf = (one: XmlElement): string => one.attributes.get('ref') ?? '';

const childrenIn = (parent: XmlElement | undefined, list: string, name: string): readonly XmlElement[] =>
  childrenNamed(parent, list).flatMap((one) => childrenNamed(one, name));

function propertiesOf(parent: XmlElement | undefined): { readonly name: string; readonly value: string }[] {
  return childrenIn(parent, 'properties', 'property').flatMap((one) => {
    const name = one.attributes.get('name');
    return name === undefined ? [] : [{ name, value: one.text }];
  });
}

function readComponent(one: XmlElement): ReadComponent {
  const name = childText(one, 'name');
  if (name === undefined) throw invalidBom('a component has no name');
  const properties = propertiesOf(one);
  const supplier = one.children.find((child) => child.name === 'supplier');
  return {
    ...definedOnly({
      bomRef: one.attributes.get('bom-ref'),
      group: childText(one, 'group'),
      version: childText(one, 'version'),
      purl: childText(one, 'purl'),
      cpe: childText(one, 'cpe'),
      supplier: childText(supplier, 'name'),
    }),
    type: one.attributes.get('type') ?? '',
    name,
    licenses: childrenNamed(one, 'licenses').flatMap(({ children }) => children.flatMap(licenseText)),
    hashes: childrenIn(one, 'hashes', 'hash').map((hash) => ({
      algorithm: hash.attributes.get('alg') ?? '',
      value: hash.text.trim(),
    })),
    properties: firstOfEachName(properties),
    allProperties: properties,
  };
}

function licenseText(one: XmlElement): readonly string[] {
  const text = one.name === 'expression' ? one.text : (childText(one, 'id') ?? childText(one, 'name'));
  return text === undefined ? [] : [text];
}

/** A document may give its namespace a prefix; elements of any other are none of CycloneDX's. */
function withoutPrefix(root: XmlElement): XmlElement {
  const colon = root.name.indexOf(':');
  if (colon < 0) return root;
  const prefix = root.name.slice(0, colon + 1);
  const strip = (one: XmlElement): XmlElement => ({
    ...one,
    name: one.name.slice(prefix.length),
    children: one.children.filter(({ name }) => name.startsWith(prefix)).map(strip),
  });
  const namespace = root.attributes.get(`xmlns:${prefix.slice(0, -1)}`);
  return { ...strip(root), attributes: new Map([...root.attributes, ['xmlns', namespace ?? '']]) };
}
