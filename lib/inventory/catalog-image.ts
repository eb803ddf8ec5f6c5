import type { Clock } from '../core/clock.ts';
import { isLadingError } from '../core/errors.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, imageCataloged } from '../events/index.ts';
import {
  artifactClassOf,
  blobsOf,
  chainIdsOf,
  formatPlatform,
  type ImageConfig,
  type Manifest,
  parseImageConfig,
  parseManifest,
} from '../formats/oci/index.ts';
import type { Registry } from '../registry/index.ts';
import type { CatalogEntry } from './model.ts';
import type { ImageCatalog, ReplicaLookup } from './ports.ts';

/** A config over this size is not read; the image is catalogued without platform, labels and date. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
const MAX_LABELS = 200;

export interface CatalogPorts {
  readonly catalog: ImageCatalog;
  readonly replicas: ReplicaLookup;
  readonly registry: Pick<Registry, 'getManifest' | 'openBlob'>;
  readonly clock: Clock;
}

/**
 * Reads the manifest of a pushed digest and enters it with its relations. Only the manifest is believed: what the
 * event said of media type or artifact type is the sender's word.
 *
 * @returns the events that follow; `undefined` when the image is not there
 */
export async function catalogImage(
  ports: CatalogPorts,
  pushed: ImageLocation & {
    readonly tags: readonly string[];
    readonly pushedAt: string;
    /** The registry that another copied it from, where that is one of ours. */
    readonly copiedFrom?: string | undefined;
  },
): Promise<readonly EventDraft[] | undefined> {
  const { registry, repository, digest } = pushed;
  const found = await ports.registry.getManifest({ repository, reference: digest });
  if (!found) {
    await ports.catalog.markDeleted(pushed, ports.clock.now().toISOString());
    return undefined;
  }
  const manifest = parseManifest(found.bytes, found.mediaType, { digest });
  const config = await readConfig(ports.registry, repository, manifest);
  const replicaOf = (await ports.replicas.sourceOf({ registry, repository, digest })) ?? pushed.copiedFrom;
  const entry = toEntry(pushed, manifest, config, replicaOf, ports.clock.now());
  await ports.catalog.enter(entry);
  const subject: ImageSubject = {
    registry,
    repository,
    digest,
    mediaType: entry.mediaType,
    tags: [...pushed.tags],
    ...(entry.platform === undefined ? {} : { platform: entry.platform }),
  };
  return [
    draftEvent(imageCataloged, {
      subject,
      artifactClass: entry.artifactClass,
      artifactType: entry.artifactType,
      predicateType: manifest.annotations['dev.sigstore.bundle.predicateType'],
      referrerOf: entry.referrerOf,
      replicaOf: entry.replicaOf,
      children: entry.children.map(({ size: _size, ...child }) => child),
      layers: entry.layers.length,
      sizeBytes: entry.sizeBytes,
      pushedAt: entry.pushedAt,
    }),
  ];
}

async function readConfig(
  registry: CatalogPorts['registry'],
  repository: string,
  manifest: Manifest,
): Promise<ImageConfig | undefined> {
  if (manifest.kind !== 'image' || manifest.config.size > MAX_CONFIG_BYTES) return undefined;
  const { digest, size } = manifest.config;
  const chunks: Uint8Array[] = [];
  for await (const chunk of registry.openBlob({ repository, digest, size })) chunks.push(chunk);
  try {
    return parseImageConfig(Buffer.concat(chunks));
  } catch (error) {
    // A config that cannot be read makes the image unusual, not invisible: it is catalogued with what is known.
    if (isLadingError(error)) return undefined;
    throw error;
  }
}

function toEntry(
  pushed: ImageLocation & { readonly pushedAt: string },
  manifest: Manifest,
  config: ImageConfig | undefined,
  replicaOf: string | undefined,
  now: Date,
): CatalogEntry {
  const layers = manifest.kind === 'index' ? [] : manifest.layers;
  const own = manifest.kind === 'index' ? undefined : manifest.config;
  const chainId =
    artifactClassOf(manifest) === 'image' && config?.diffIds.length === layers.length
      ? chainIdsOf(config.diffIds).at(-1)
      : undefined;
  const platform = config?.os ? formatPlatform(config) : undefined;
  const artifactType = manifest.artifactType ?? (manifest.kind === 'artifact' ? own?.mediaType : undefined);
  return {
    registry: pushed.registry,
    repository: pushed.repository,
    digest: pushed.digest,
    mediaType: manifest.mediaType,
    artifactClass: artifactClassOf(manifest),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform }),
    ...(manifest.subject === undefined ? {} : { referrerOf: manifest.subject.digest }),
    ...(replicaOf === undefined ? {} : { replicaOf }),
    children:
      manifest.kind === 'index'
        ? manifest.manifests.map((child) => ({
            digest: child.digest,
            mediaType: child.mediaType,
            size: child.size,
            ...(child.platform === undefined ? {} : { platform: formatPlatform(child.platform) }),
          }))
        : [],
    layers: layers.map(({ digest, mediaType, size }) => ({ digest, mediaType, size })),
    ...(own === undefined ? {} : { config: { digest: own.digest, mediaType: own.mediaType, size: own.size } }),
    ...(chainId === undefined ? {} : { chainId }),
    sizeBytes: blobsOf(manifest).reduce((sum, blob) => sum + blob.size, manifest.size),
    ...(config?.created === undefined ? {} : { created: config.created }),
    labels: Object.fromEntries(Object.entries(config?.labels ?? {}).slice(0, MAX_LABELS)),
    pushedAt: pushed.pushedAt,
    firstSeenAt: now.toISOString(),
  };
}
