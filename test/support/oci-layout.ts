import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '../../lib/core/digest.ts';
import {
  type Descriptor,
  descriptorSchema,
  formatPlatform,
  type Manifest,
  parseManifest,
} from '../../lib/formats/oci/index.ts';

const indexSchema = z.object({ manifests: z.array(descriptorSchema) });
const REF_NAME = 'org.opencontainers.image.ref.name';

/** One runnable image of a layout, reached through any indexes on the way. */
export interface LayoutImage {
  readonly digest: Digest;
  /** By the index entry, else by the image configuration: `linux/arm64/v8`. */
  readonly platform: string;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
}

/** Reads an OCI image layout of a test's own disk (image specification 1.1, "Image Layout"). It is trusted. */
export function openOciLayout(folder: string) {
  const blobPath = (digest: Digest): string => join(folder, 'blobs', digestAlgorithm(digest), digestHex(digest));
  const readBlob = (digest: Digest): Buffer => readFileSync(blobPath(digest));
  const entries = indexSchema.parse(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))).manifests;

  const manifest = (digest: Digest): Manifest => parseManifest(readBlob(digest), undefined, { digest });
  const descriptorOf = (ref: string): Descriptor => {
    const entry = entries.find((one) => one.annotations?.[REF_NAME] === ref);
    if (!entry) throw new Error(`the layout ${folder} has no ref ${ref}`);
    return entry;
  };

  /** All images under a ref; entries of indexes for the platform unknown/unknown (attestations) are left out. */
  function images(ref: string): LayoutImage[] {
    const found: LayoutImage[] = [];
    const visit = (descriptor: Descriptor): void => {
      const one = manifest(descriptor.digest);
      if (one.kind === 'index') {
        for (const child of one.manifests) if (child.platform?.os !== 'unknown') visit(child);
      } else if (one.kind === 'image') {
        const config = z
          .object({
            os: z.string().default(''),
            architecture: z.string().default(''),
            variant: z.string().optional(),
            rootfs: z.object({ diff_ids: z.array(z.custom<Digest>(isDigest)) }).default({ diff_ids: [] }),
          })
          .parse(JSON.parse(readBlob(one.config.digest).toString('utf8')));
        found.push({
          digest: one.digest,
          platform: formatPlatform(descriptor.platform ?? config),
          layers: one.layers,
          diffIds: config.rootfs.diff_ids,
        });
      }
    };
    visit(descriptorOf(ref));
    return found;
  }

  return {
    refs: (): string[] => entries.flatMap((entry) => entry.annotations?.[REF_NAME] ?? []),
    descriptorOf,
    manifest,
    images,
    readBlob,
    open: (blob: { readonly digest: Digest }): AsyncIterable<Uint8Array> =>
      createReadStream(blobPath(blob.digest), { highWaterMark: 64 * 1024 }),
  };
}
