/** Media types of the OCI image specification 1.1 ("Media Types") and of the Docker image format that preceded it. */
export const OCI_IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_IMAGE_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const OCI_LAYER_TAR = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';
/** From release candidates of image specification 1.1; removed before its release, still found in registries. */
export const OCI_ARTIFACT_MANIFEST = 'application/vnd.oci.artifact.manifest.v1+json';

export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_IMAGE_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_LAYER_TAR = 'application/vnd.docker.image.rootfs.diff.tar';
const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

const SCHEMA1 = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);
const INDEXES: ReadonlySet<string> = new Set([OCI_IMAGE_INDEX, DOCKER_MANIFEST_LIST]);
const MANIFESTS: ReadonlySet<string> = new Set([
  OCI_IMAGE_MANIFEST,
  OCI_IMAGE_INDEX,
  OCI_ARTIFACT_MANIFEST,
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
]);
const CONFIGS: ReadonlySet<string> = new Set([OCI_IMAGE_CONFIG, DOCKER_IMAGE_CONFIG]);

export type ManifestMediaType =
  | typeof OCI_IMAGE_MANIFEST
  | typeof OCI_IMAGE_INDEX
  | typeof OCI_ARTIFACT_MANIFEST
  | typeof DOCKER_MANIFEST
  | typeof DOCKER_MANIFEST_LIST;

/** What a client that reads every kind of manifest sends as `Accept`, in order of preference. */
export const MANIFEST_ACCEPT: readonly string[] = [...MANIFESTS];

export const isManifestType = (mediaType: string): mediaType is ManifestMediaType => MANIFESTS.has(mediaType);
export const isIndexType = (mediaType: string): boolean => INDEXES.has(mediaType);
export const isImageConfigType = (mediaType: string): boolean => CONFIGS.has(mediaType);
export const isSchema1Type = (mediaType: string): boolean => SCHEMA1.has(mediaType);

/** How a layer's bytes are packed, or `undefined` where the media type is not that of a file system layer. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

const LAYERS: ReadonlyMap<string, LayerCompression> = new Map([
  [OCI_LAYER_TAR, 'none'],
  [OCI_LAYER_GZIP, 'gzip'],
  [OCI_LAYER_ZSTD, 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'zstd'],
  [DOCKER_LAYER_TAR, 'none'],
  [DOCKER_LAYER_GZIP, 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar', 'none'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
]);

export const layerCompression = (mediaType: string): LayerCompression | undefined => LAYERS.get(mediaType);

/**
 * Layers that their maker did not want to be distributed (Windows bases). Registries need not hold them, and the
 * `urls` that name another place are never fetched: they are an attacker's way into the network.
 */
export const isNonDistributable = (mediaType: string): boolean =>
  mediaType.includes('.nondistributable.') || mediaType.includes('.rootfs.foreign.');

/** `application/json; charset=utf-8` → `application/json` (RFC 9110, section 8.3.1), in lower case. */
export const essenceOf = (contentType: string): string => (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
