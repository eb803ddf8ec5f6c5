import { type PackageUrl, parsePackageUrl } from '../formats/purl/index.ts';
import type { VexProduct } from '../formats/vex/index.ts';
import type { AssessedImage } from './model.ts';

/** What a statement's product means for a finding. */
export type ProductMatch =
  | 'exact'
  /** It names another image of the same repository. */
  | 'sibling'
  | 'none';

export interface MatchSubject {
  readonly image: AssessedImage;
  readonly package: { readonly name: string; readonly version: string; readonly purl?: string | undefined };
  /** The image of the same repository that the statement was attached to, where it is an attestation. */
  readonly home?: string | undefined;
}

/**
 * Whether a product of a statement is what a finding is in: the package itself, or the image with, where it names
 * parts, the package among them. Names that are not understood match nothing: silence is safer than a wrong peace.
 */
export function matchProduct(product: VexProduct, subject: MatchSubject): ProductMatch {
  if (product.subcomponents.length === 0 && namesPackage(product.names, subject.package)) return 'exact';
  const match = matchImage(product.names, subject);
  if (match === 'none' || product.subcomponents.length === 0) return match;
  return product.subcomponents.some((names) => namesPackage(names, subject.package)) ? match : 'none';
}

/**
 * A package URL of a statement names every package that agrees with all it says: a missing version is every version, a
 * missing qualifier every value (OpenVEX specification 0.2.0, "Package URLs as identifiers").
 */
export function namesPackage(names: readonly string[], of: MatchSubject['package']): boolean {
  const purl = of.purl === undefined ? undefined : parsePackageUrl(of.purl);
  if (purl === undefined) return false;
  return names.some((name) => {
    const wanted = parsePackageUrl(name);
    return wanted !== undefined && wanted.type !== 'oci' && covers(wanted, purl);
  });
}

function covers(wanted: PackageUrl, actual: PackageUrl): boolean {
  if (wanted.type !== actual.type || wanted.name !== actual.name || wanted.namespace !== actual.namespace) return false;
  if (wanted.version !== undefined && wanted.version !== actual.version) return false;
  if (wanted.subpath !== undefined && wanted.subpath !== actual.subpath) return false;
  return [...(wanted.qualifiers ?? [])].every(([key, value]) => actual.qualifiers?.get(key) === value);
}

function matchImage(names: readonly string[], subject: MatchSubject): ProductMatch {
  const matches = names.map((name) => matchImageName(name, subject));
  if (matches.includes('exact')) return 'exact';
  return matches.includes('sibling') ? 'sibling' : 'none';
}

const DIGEST = /sha(?:256:[a-f0-9]{64}|512:[a-f0-9]{128})$/;

function matchImageName(name: string, { image, home }: MatchSubject): ProductMatch {
  const purl = parsePackageUrl(name);
  const digest = purl?.type === 'oci' ? purl.version : DIGEST.exec(name)?.[0];
  if (digest !== undefined && digest === image.digest) return 'exact';
  if (digest !== undefined && digest === home) return 'sibling';
  if (purl?.type === 'oci') return matchOci(purl, image);
  return digest === name ? 'none' : matchReference(name, digest, image);
}

/** purl type `oci`: the version is the digest, `repository_url` the registry and repository. */
function matchOci(purl: PackageUrl, image: AssessedImage): ProductMatch {
  const url = purl.qualifiers?.get('repository_url');
  const own = repositoryOf(image);
  // Without a repository anybody's image of that name would be meant: that is too little to silence a finding.
  if (url === undefined || own === undefined) return 'none';
  if (url.replace(/^oci:\/\//, '').toLowerCase() !== own) return 'none';
  return purl.version === undefined ? 'exact' : 'sibling';
}

/** `registry/repository`, with a digest or without; a tag is not resolved, and so names no image. */
function matchReference(name: string, digest: string | undefined, image: AssessedImage): ProductMatch {
  const own = repositoryOf(image);
  if (own === undefined) return 'none';
  const bare = digest === undefined ? name : name.slice(0, -digest.length - 1);
  if (bare.toLowerCase() !== own) return 'none';
  return digest === undefined ? 'exact' : 'sibling';
}

const repositoryOf = ({ registry, repository }: AssessedImage): string | undefined =>
  registry && repository ? `${registry}/${repository}`.toLowerCase() : undefined;
