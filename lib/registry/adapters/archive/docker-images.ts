import { z } from 'zod';
import { createDigester, type Digest, digestOf } from '../../../core/digest.ts';
import { describeError, isLadingError } from '../../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../../core/json.ts';
import {
  type Descriptor,
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_MANIFEST,
  OCI_LAYER_GZIP,
  OCI_LAYER_TAR,
  OCI_LAYER_ZSTD,
  parseImageConfig,
} from '../../../formats/oci/index.ts';
import { registryError } from '../../errors.ts';
import { type LayoutFiles, readWhole } from '../layout/files.ts';
import { compressionOf } from './tar-files.ts';

/** One image of a `docker save` archive, with the manifest that was made for it. */
export interface DockerImage {
  readonly tags: readonly string[];
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array };
  /** Where the content of each blob lies in the archive. */
  readonly files: ReadonlyMap<Digest, { readonly path: string; readonly size: number }>;
}

const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
const MAX_IMAGES = 1_000;

const manifestSchema = z
  .array(
    z.object({
      Config: z.string().max(4096),
      RepoTags: z.array(z.string().max(512)).nullish(),
      Layers: z.array(z.string().max(4096)).max(1_000),
    }),
  )
  .max(MAX_IMAGES);

type ArchiveEntry = z.infer<typeof manifestSchema>[number];

/**
 * Makes OCI manifests for the images of a `docker save` archive, which has none (moby, "Docker Image Specification
 * v1.2", "Combined Image JSON + Filesystem Changeset Format"). The same archive content gives the same digests: the
 * configuration is taken as it is, layers as they are packed, keys are sorted.
 *
 * @throws LadingError `source-invalid`
 */
export async function readDockerImages(files: LayoutFiles): Promise<readonly DockerImage[]> {
  try {
    const bytes = await readWhole(files, 'manifest.json', MAX_MANIFEST_BYTES);
    if (bytes === undefined) throw invalid(files, 'it has no manifest.json');
    const entries = manifestSchema.parse(parseJsonStrict(bytes, { what: 'manifest.json' }));
    const images: DockerImage[] = [];
    for (const entry of entries) images.push(await readImage(files, entry));
    return images;
  } catch (error) {
    if (isLadingError(error, 'source-invalid') || isLadingError(error, 'limit-exceeded')) throw error;
    throw invalid(
      files,
      error instanceof z.ZodError ? 'manifest.json has an unexpected form' : describeError(error),
      error,
    );
  }
}

const invalid = (files: LayoutFiles, why: string, cause?: unknown) =>
  registryError('source-invalid', `${files.name} is not a docker archive: ${why}`, { cause });

async function readImage(files: LayoutFiles, entry: ArchiveEntry): Promise<DockerImage> {
  const configBytes = await readWhole(files, entry.Config, MAX_CONFIG_BYTES);
  if (configBytes === undefined)
    throw invalid(files, `it names the configuration ${entry.Config} and does not hold it`);
  const config: Descriptor = {
    mediaType: OCI_IMAGE_CONFIG,
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  const { diffIds } = parseImageConfig(configBytes);
  if (diffIds.length !== entry.Layers.length) {
    throw invalid(files, `${entry.Config} tells of ${diffIds.length} layers, manifest.json of ${entry.Layers.length}`);
  }
  const places = new Map([[config.digest, { path: entry.Config, size: config.size }]]);
  const layers: Descriptor[] = [];
  for (const [i, path] of entry.Layers.entries()) {
    const layer = await readLayer(files, path, diffIds[i] as Digest);
    layers.push(layer);
    places.set(layer.digest, { path, size: layer.size });
  }
  const bytes = new TextEncoder().encode(
    canonicalJson({ schemaVersion: 2, mediaType: OCI_IMAGE_MANIFEST, config, layers }),
  );
  return {
    tags: entry.RepoTags ?? [],
    manifest: { digest: digestOf(bytes), mediaType: OCI_IMAGE_MANIFEST, bytes },
    files: places,
  };
}

/** An unpacked layer's digest is its diff id, which is checked when it is read; a packed one must be hashed first. */
async function readLayer(files: LayoutFiles, path: string, diffId: Digest): Promise<Descriptor> {
  const size = await files.sizeOf(path);
  if (size === undefined) throw invalid(files, `it names the layer ${path} and does not hold it`);
  const compression = compressionOf(await firstBytes(files, path));
  if (compression === 'none') return { mediaType: OCI_LAYER_TAR, digest: diffId, size };
  const digester = createDigester();
  for await (const chunk of files.open(path)) digester.update(chunk);
  return { mediaType: compression === 'gzip' ? OCI_LAYER_GZIP : OCI_LAYER_ZSTD, digest: digester.digest(), size };
}

async function firstBytes(files: LayoutFiles, path: string): Promise<Uint8Array> {
  for await (const chunk of files.open(path, { range: { start: 0, end: 3 } })) return chunk;
  return new Uint8Array();
}
