export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
/** Of a release candidate of image-spec 1.1; early ORAS clients still push it. */
export const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

export type ManifestKind = 'image' | 'index' | 'artifact';

const KINDS: ReadonlyMap<string, ManifestKind> = new Map([
  [OCI_MANIFEST, 'image'],
  [DOCKER_MANIFEST, 'image'],
  [OCI_INDEX, 'index'],
  [DOCKER_LIST, 'index'],
  [OCI_ARTIFACT, 'artifact'],
]);

const SCHEMA1: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/** Layers that a licence keeps from being pushed: image-spec 1.1 "Non-distributable layers", Docker's foreign layers. */
const NON_DISTRIBUTABLE =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.foreign\.diff\.tar(?:\.gzip)?)$/;

export const manifestKind = (mediaType: string): ManifestKind | undefined => KINDS.get(mediaType);
export const isSchema1 = (mediaType: string): boolean => SCHEMA1.has(mediaType);
export const isNonDistributable = (mediaType: string): boolean => NON_DISTRIBUTABLE.test(mediaType);

/** A header's media type without its parameters, in lower case. */
export function bareMediaType(header: string | undefined): string | undefined {
  const bare = header?.split(';', 1)[0]?.trim().toLowerCase();
  return bare === '' ? undefined : bare;
}

/**
 * Whether a client that sent this `Accept` can take the type. Every manifest is JSON, so `application/json` takes all.
 * A client that asked for other types is told "unknown" as the reference implementation does: serving an index to a
 * client that reads it as an image is the confusion of CVE-2021-41190.
 */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some((part) => {
    const wanted = bareMediaType(part);
    return wanted === '*/*' || wanted === 'application/*' || wanted === 'application/json' || wanted === mediaType;
  });
}
