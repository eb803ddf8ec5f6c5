import { type ReadBom, type ReadComponent, readBom } from '../formats/cyclonedx/index.ts';
import { identifyPackage, splitIdentified } from './formats/identify-package.ts';
import type { ListedDistro, ListedPackage, ListedSbom } from './listed-sbom.ts';
import { originSchema, outcomeSchema } from './model.ts';

/** Component types that are no packages. */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  'operating-system',
  'file',
  'container',
  'data',
  'cryptographic-asset',
]);

/**
 * Reads the packages of a CycloneDX JSON document, ours or another tool's (Syft, Trivy, cdxgen, BuildKit).
 *
 * @throws LadingError `json-invalid`, `cyclonedx-invalid`; LimitExceededError over 200,000 components
 */
export const fromCycloneDx = (document: string | Uint8Array): ListedSbom => listBom(readBom(document));

/** The same for a document that was read already, from JSON or XML. */
export function listBom(bom: ReadBom): ListedSbom {
  const distro = bom.components.map(distroOf).find((one) => one !== undefined);
  const listed = bom.components.filter((one) => !OTHER_TYPES.has(one.type)).map((one) => toPackage(one, distro));
  const { subject } = bom;
  const outcome = outcomeSchema.safeParse(bom.properties.get('lading:sbom:outcome')).data;
  const [tool] = bom.tools;
  return {
    ...splitIdentified(listed),
    ...(distro ? { distro } : {}),
    ...(subject ? { subject: { name: subject.name, version: subject.version, purl: subject.purl } } : {}),
    formatVersion: bom.specVersion,
    ...(tool ? { tool } : {}),
    authors: bom.authors.flatMap(({ name, email }) => email ?? name ?? []),
    ...(bom.timestamp === undefined ? {} : { created: bom.timestamp }),
    dependencies: bom.dependencies,
    ...completenessOf(bom),
    ...(outcome ? { outcome } : {}),
  };
}

function completenessOf({ aggregates }: ReadBom): Pick<ListedSbom, 'completeness'> {
  if (aggregates.some((one) => one.startsWith('incomplete'))) return { completeness: 'incomplete' };
  return aggregates.includes('complete') ? { completeness: 'complete' } : {};
}

function distroOf(component: ReadComponent): ListedDistro | undefined {
  if (component.type !== 'operating-system') return undefined;
  const { name, version, properties } = component;
  // Trivy and Syft give ID as the name; ours and Syft's repeat os-release's fields as properties.
  const id = properties.get('lading:distro:id') ?? properties.get('syft:distro:id') ?? name;
  const versionId = properties.get('lading:distro:version-id') ?? properties.get('syft:distro:versionID') ?? version;
  return { id: id.toLowerCase(), versionId };
}

function toPackage(component: ReadComponent, distro: ListedDistro | undefined): ListedPackage {
  const { properties, supplier, hashes, cpe } = component;
  const layer = properties.get('lading:package:layer') ?? properties.get('syft:location:0:layerID');
  const origin = originSchema.safeParse(properties.get('lading:package:origin')).data;
  const locations = locationsOf(component);
  return {
    ...identifyPackage(
      {
        name: component.group ? `${component.group}/${component.name}` : component.name,
        version: component.version,
        purl: component.purl,
        type: properties.get('lading:package:type'),
        source: sourceOf(component),
      },
      distro,
    ),
    licenses: component.licenses,
    ...(layer === undefined ? {} : { layer }),
    ...(origin === undefined ? {} : { origin }),
    ...(locations.length === 0 ? {} : { locations }),
    ...(component.bomRef === undefined ? {} : { ref: component.bomRef }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(hashes.length === 0 ? {} : { hashes }),
    ...(cpe === undefined ? {} : { cpes: [cpe, ...cpesOf(component)] }),
  };
}

/** Further ones stand in properties: ours, and Syft's. */
const cpesOf = ({ allProperties, cpe }: ReadComponent): readonly string[] =>
  allProperties
    .filter(({ name, value }) => (name === 'lading:package:cpe' || name === 'syft:cpe23') && value !== cpe)
    .map(({ value }) => value);

function locationsOf({ allProperties, properties }: ReadComponent): readonly string[] {
  const ours = allProperties.filter(({ name }) => name === 'lading:package:location').map(({ value }) => value);
  const syfts = properties.get('syft:location:0:path');
  return ours.length > 0 || syfts === undefined ? ours : [syfts];
}

/** Where the purl does not tell: we and Trivy have properties of our own. */
function sourceOf({ properties }: ReadComponent): ListedPackage['source'] {
  const ours = properties.get('lading:package:source:name');
  if (ours !== undefined) return { name: ours, version: properties.get('lading:package:source:version') };
  const name = properties.get('aquasecurity:trivy:SrcName');
  if (name === undefined) return undefined;
  const release = properties.get('aquasecurity:trivy:SrcRelease');
  const epoch = properties.get('aquasecurity:trivy:SrcEpoch');
  const version = properties.get('aquasecurity:trivy:SrcVersion');
  const full = version && `${epoch && epoch !== '0' ? `${epoch}:` : ''}${version}${release ? `-${release}` : ''}`;
  return full ? { name, version: full } : { name };
}
