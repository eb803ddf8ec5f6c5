import { type ReadComponent, readBom } from '../formats/cyclonedx/index.ts';
import { type PackageUrl, parsePackageUrl } from '../formats/purl/index.ts';

/** A package out of somebody's SBOM, as far as it can be identified: what matching needs, and no more. */
export interface ListedPackage {
  /** The purl type; `unknown` where the component has no purl that can be read. */
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string | undefined;
  readonly source?: { readonly name: string; readonly version?: string | undefined } | undefined;
  readonly distro?: { readonly id: string; readonly versionId?: string | undefined } | undefined;
  readonly licenses: readonly string[];
  readonly locations?: readonly string[] | undefined;
  /** Digest of the layer that brought it, where the document says so. */
  readonly layer?: string | undefined;
}

export interface ListedSbom {
  readonly packages: readonly ListedPackage[];
  /** From its operating-system component. */
  readonly distro?: { readonly id: string; readonly versionId?: string | undefined } | undefined;
  /** What the document says it is about. */
  readonly subject?: {
    readonly name: string;
    readonly version?: string | undefined;
    readonly purl?: string | undefined;
  };
  /** Components without version or readable purl: they can be listed, and not be matched. */
  readonly unidentified: number;
}

/** Component types that are no packages. */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  'operating-system',
  'file',
  'container',
  'data',
  'cryptographic-asset',
]);

/**
 * Reads the packages of a CycloneDX JSON document, ours or another tool's (Syft, Trivy, cdxgen, BuildKit): identity is
 * taken from the purl, whose qualifiers `distro` and `upstream` tell the release and the source package.
 *
 * @throws LadingError `json-invalid`, `cyclonedx-invalid`; LimitExceededError over 200,000 components
 */
export function fromCycloneDx(document: string | Uint8Array): ListedSbom {
  const bom = readBom(document);
  const distro = bom.components.map(distroOf).find((one) => one !== undefined);
  const listed = bom.components.filter((one) => !OTHER_TYPES.has(one.type)).map((one) => toPackage(one, distro));
  const { subject } = bom;
  return {
    packages: listed.filter((one) => one.version !== ''),
    ...(distro ? { distro } : {}),
    ...(subject ? { subject: { name: subject.name, version: subject.version, purl: subject.purl } } : {}),
    unidentified: listed.filter((one) => one.version === '' || one.type === 'unknown').length,
  };
}

function distroOf(component: ReadComponent): ListedSbom['distro'] {
  if (component.type !== 'operating-system') return undefined;
  const { name, version, properties } = component;
  // Trivy and Syft give ID as the name; ours and Syft's repeat os-release's fields as properties.
  const id = properties.get('lading:distro:id') ?? properties.get('syft:distro:id') ?? name;
  const versionId = properties.get('lading:distro:version-id') ?? properties.get('syft:distro:versionID') ?? version;
  return { id: id.toLowerCase(), versionId };
}

function toPackage(component: ReadComponent, distro: ListedSbom['distro']): ListedPackage {
  const purl = component.purl === undefined ? undefined : parsePackageUrl(component.purl);
  const layer = component.properties.get('lading:package:layer') ?? component.properties.get('syft:location:0:layerID');
  const location =
    component.properties.get('lading:package:location') ?? component.properties.get('syft:location:0:path');
  const common = {
    licenses: component.licenses,
    ...(layer === undefined ? {} : { layer }),
    ...(location === undefined ? {} : { locations: [location] }),
  };
  if (!purl) {
    const name = component.group ? `${component.group}/${component.name}` : component.name;
    const type = component.properties.get('lading:package:type') ?? 'unknown';
    return { type, name, version: component.version ?? '', ...common };
  }
  return {
    type: purl.type,
    name: fullName(purl),
    version: versionOf(purl, component),
    purl: component.purl,
    ...sourceOf(purl, component),
    ...(SYSTEM_TYPES.has(purl.type) ? { distro: distroOfPurl(purl) ?? distro } : {}),
    ...common,
  };
}

/** The epoch of deb and rpm may stand in a qualifier instead (purl specification, type `rpm`; Trivy for both). */
function versionOf({ type, version, qualifiers }: PackageUrl, component: ReadComponent): string {
  const text = version ?? component.version ?? '';
  const epoch = type === 'deb' || type === 'rpm' ? qualifiers?.get('epoch') : undefined;
  return epoch && epoch !== '0' && text !== '' && !text.includes(':') ? `${epoch}:${text}` : text;
}

const SYSTEM_TYPES: ReadonlySet<string> = new Set(['apk', 'deb', 'rpm', 'alpm', 'opkg']);

/** The namespace belongs to the name, but for distributions, whose namespace is the vendor. */
function fullName({ type, namespace, name }: PackageUrl): string {
  if (namespace === undefined || SYSTEM_TYPES.has(type)) return name;
  return type === 'maven' ? `${namespace}:${name}` : `${namespace}/${name}`;
}

function distroOfPurl({ namespace, qualifiers }: PackageUrl): ListedPackage['distro'] {
  const text = qualifiers?.get('distro');
  const dash = text?.lastIndexOf('-') ?? -1;
  if (text !== undefined && dash > 0) return { id: text.slice(0, dash), versionId: text.slice(dash + 1) };
  return namespace !== undefined && text !== undefined ? { id: namespace, versionId: text } : undefined;
}

/** Syft and we write `upstream=name@version`; Trivy has properties of its own. */
function sourceOf({ qualifiers }: PackageUrl, { properties }: ReadComponent): Pick<ListedPackage, 'source'> {
  const upstream = qualifiers?.get('upstream');
  if (upstream !== undefined) {
    const at = upstream.indexOf('@', 1);
    return { source: at < 0 ? { name: upstream } : { name: upstream.slice(0, at), version: upstream.slice(at + 1) } };
  }
  const name = properties.get('aquasecurity:trivy:SrcName');
  if (name === undefined) return {};
  const release = properties.get('aquasecurity:trivy:SrcRelease');
  const epoch = properties.get('aquasecurity:trivy:SrcEpoch');
  const version = properties.get('aquasecurity:trivy:SrcVersion');
  const full = version && `${epoch && epoch !== '0' ? `${epoch}:` : ''}${version}${release ? `-${release}` : ''}`;
  return { source: full ? { name, version: full } : { name } };
}
