import { type PackageUrl, parsePackageUrl } from '../../formats/purl/index.ts';
import type { ListedDistro, ListedPackage } from '../listed-sbom.ts';
import { orderedVersion, readVersion } from '../version-words.ts';

/** What a document says of a package, in whatever form. */
export interface PackageWords {
  readonly name: string;
  readonly version?: string | undefined;
  readonly purl?: string | undefined;
  /** The type where there is no purl. */
  readonly type?: string | undefined;
  readonly source?: ListedPackage['source'];
}

type Identity = Pick<ListedPackage, 'type' | 'name' | 'version' | 'purl' | 'source' | 'distro'>;

const SYSTEM_TYPES: ReadonlySet<string> = new Set(['apk', 'deb', 'rpm', 'alpm', 'opkg']);

/**
 * Takes a package's identity from its purl, whose qualifiers `distro` and `upstream` tell the release and the source
 * package; without one that can be read, from the words of the document.
 *
 * @param distro of the document, for packages of a distribution whose purl does not tell it
 */
export function identifyPackage(words: PackageWords, distro: ListedDistro | undefined): Identity {
  const purl = words.purl === undefined ? undefined : parsePackageUrl(words.purl);
  if (!purl) {
    const { source } = words;
    return {
      type: words.type ?? 'unknown',
      name: words.name,
      version: orderedVersion(words.type ?? '', readVersion(words.version)),
      ...(source === undefined ? {} : { source }),
    };
  }
  const source = sourceOf(purl) ?? words.source;
  return {
    type: purl.type,
    name: fullName(purl),
    version: versionOf(purl, words.version),
    purl: words.purl,
    ...(source === undefined ? {} : { source }),
    ...(SYSTEM_TYPES.has(purl.type) ? { distro: distroOfPurl(purl) ?? distro } : {}),
  };
}

/** The epoch of deb and rpm may stand in a qualifier instead (purl specification, type `rpm`; Trivy for both). */
function versionOf({ type, version, qualifiers }: PackageUrl, otherwise: string | undefined): string {
  const text = orderedVersion(type, version ?? readVersion(otherwise));
  const epoch = type === 'deb' || type === 'rpm' ? qualifiers?.get('epoch') : undefined;
  return epoch && epoch !== '0' && text !== '' && !text.includes(':') ? `${epoch}:${text}` : text;
}

/** The namespace belongs to the name, but for distributions, whose namespace is the vendor, and CPAN, where it is the author. */
function fullName({ type, namespace, name }: PackageUrl): string {
  if (namespace === undefined || SYSTEM_TYPES.has(type) || type === 'cpan') return name;
  return type === 'maven' ? `${namespace}:${name}` : `${namespace}/${name}`;
}

function distroOfPurl({ namespace, qualifiers }: PackageUrl): ListedDistro | undefined {
  const text = qualifiers?.get('distro');
  const dash = text?.lastIndexOf('-') ?? -1;
  if (text !== undefined && dash > 0) return { id: text.slice(0, dash), versionId: text.slice(dash + 1) };
  return namespace !== undefined && text !== undefined ? { id: namespace, versionId: text } : undefined;
}

/** Syft and we write `upstream=name@version`. */
function sourceOf({ qualifiers }: PackageUrl): ListedPackage['source'] {
  const upstream = qualifiers?.get('upstream');
  if (upstream === undefined) return undefined;
  const at = upstream.indexOf('@', 1);
  return at < 0 ? { name: upstream } : { name: upstream.slice(0, at), version: upstream.slice(at + 1) };
}

/** Those that can be looked up, and how many cannot. */
export function splitIdentified(listed: readonly ListedPackage[]): {
  readonly packages: readonly ListedPackage[];
  readonly unidentified: number;
} {
  return {
    packages: listed.filter((one) => one.version !== ''),
    unidentified: listed.filter((one) => one.version === '' || one.type === 'unknown').length,
  };
}
