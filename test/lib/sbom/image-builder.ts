import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import type { Descriptor } from '../../../lib/formats/oci/index.ts';
import {
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCI_LAYER_TAR,
} from '../../../lib/formats/oci/index.ts';
import { memoryImageSource } from '../../../lib/sbom/adapters/memory.ts';
import { type TarEntryInput, tarArchive } from '../../support/tar-writer.ts';

export interface BuiltLayer {
  readonly blob: Buffer;
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

export function buildLayer(
  content: readonly TarEntryInput[] | Buffer,
  packing: 'gzip' | 'zstd' | 'none' = 'none',
): BuiltLayer {
  const archive = Buffer.isBuffer(content) ? content : tarArchive(content);
  const blob = packing === 'gzip' ? gzipSync(archive) : packing === 'zstd' ? zstdCompressSync(archive) : archive;
  const mediaType = packing === 'none' ? OCI_LAYER_TAR : `${OCI_LAYER_TAR}+${packing}`;
  return {
    blob,
    descriptor: { mediaType, digest: digestOf(blob), size: blob.length },
    diffId: digestOf(archive),
  };
}

export interface BuiltImage {
  readonly layers: readonly BuiltLayer[];
  readonly manifest: Buffer;
  readonly descriptor: Descriptor;
  readonly blobs: readonly Buffer[];
}

/** An image of the layers, lowest first, with configuration and manifest. */
export function buildImage(
  layers: readonly (BuiltLayer | readonly TarEntryInput[])[],
  platform: { readonly os: string; readonly architecture: string; readonly variant?: string } = {
    os: 'linux',
    architecture: 'amd64',
  },
  more: { readonly annotations?: Readonly<Record<string, string>>; readonly config?: object } = {},
): BuiltImage {
  const built = layers.map((layer) => ('blob' in layer ? layer : buildLayer(layer)));
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      rootfs: { type: 'layers', diff_ids: built.map((layer) => layer.diffId) },
      ...more.config,
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      config: { mediaType: OCI_IMAGE_CONFIG, digest: digestOf(config), size: config.length },
      layers: built.map((layer) => layer.descriptor),
      ...(more.annotations ? { annotations: more.annotations } : {}),
    }),
  );
  const descriptor = { mediaType: OCI_IMAGE_MANIFEST, digest: digestOf(manifest), size: manifest.length, platform };
  return { layers: built, manifest, descriptor, blobs: [config, manifest, ...built.map((layer) => layer.blob)] };
}

export function buildIndex(manifests: readonly Descriptor[]): {
  readonly blob: Buffer;
  readonly descriptor: Descriptor;
} {
  const blob = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests }));
  return { blob, descriptor: { mediaType: OCI_IMAGE_INDEX, digest: digestOf(blob), size: blob.length } };
}

export const sourceOf = (...images: readonly (BuiltImage | Buffer)[]) =>
  memoryImageSource(images.flatMap((one) => (Buffer.isBuffer(one) ? [one] : one.blobs)));

export const osRelease = (id: string, versionId: string): TarEntryInput => ({
  path: 'etc/os-release',
  content: `ID=${id}\nVERSION_ID="${versionId}"\n`,
});

export const apkDatabase = (
  ...packages: readonly (readonly [name: string, version: string, origin?: string])[]
): TarEntryInput => ({
  path: 'lib/apk/db/installed',
  content: packages
    .map(([name, version, origin]) => `P:${name}\nV:${version}\nA:x86_64\n${origin ? `o:${origin}\n` : ''}L:MIT\n\n`)
    .join(''),
});

export const dpkgStatus = (...packages: readonly (readonly [name: string, version: string])[]): TarEntryInput => ({
  path: 'var/lib/dpkg/status',
  content: packages
    .map(
      ([name, version]) => `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\n`,
    )
    .join('\n'),
});

export const packageJson = (path: string, name: string, version: string): TarEntryInput => ({
  path: `${path}/package.json`,
  content: JSON.stringify({ name, version, license: 'MIT' }),
});
