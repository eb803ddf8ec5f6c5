import { type Digest, digestOf } from '../../lib/core/digest.ts';
import {
  createArtifactManifest,
  createIndex,
  type Descriptor,
  EMPTY_BLOB,
  encodeManifest,
  OCI_IMAGE_CONFIG,
  OCI_LAYER_TAR,
} from '../../lib/formats/oci/index.ts';
import { ensureBlob, type Registry, type RegistryReader, walkClosedGraph } from '../../lib/registry/index.ts';

type Random = () => number;
const below = (random: Random, n: number): number => Math.floor(random() * n);
const bytes = (random: Random, size: number): Uint8Array => Uint8Array.from({ length: size }, () => below(random, 256));
const describe = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });

/**
 * A repository of images that share layers, indexes that share images and nest, and referrers of any of them with
 * referrers of their own; every index and some images have tags.
 *
 * @returns tags with the digest of each
 */
export async function pushRandomRepository(
  registry: Registry,
  repository: string,
  random: Random,
): Promise<ReadonlyMap<string, Digest>> {
  const put = async (mediaType: string, content: Uint8Array): Promise<Descriptor> => {
    const digest = digestOf(content);
    await ensureBlob(registry, { repository, digest, size: content.length, content });
    return { mediaType, digest, size: content.length };
  };
  const pool: Descriptor[] = [];
  for (let i = 0; i < 6; i++) pool.push(await put(OCI_LAYER_TAR, bytes(random, 200 + below(random, 3_000))));
  const tags = new Map<string, Digest>();
  const made: Descriptor[] = [];
  const keep = async (
    { bytes: content, ...manifest }: Descriptor & { readonly bytes: Uint8Array },
    tag?: string,
  ): Promise<Descriptor> => {
    const { mediaType, digest } = manifest;
    await registry.putManifest({ repository, reference: tag ?? digest, mediaType, bytes: content });
    if (tag !== undefined) tags.set(tag, digest);
    made.push(describe(manifest));
    return describe(manifest);
  };
  for (let i = 0; i < 2 + below(random, 4); i++) {
    const layers = pool.filter(() => random() < 0.5);
    const text = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] }, i });
    const config = await put(OCI_IMAGE_CONFIG, new TextEncoder().encode(text));
    await keep(encodeManifest({ config, layers }), random() < 0.4 ? `image-${i}` : undefined);
  }
  for (let i = 0; i < 1 + below(random, 3); i++) {
    const children = made.filter(() => random() < 0.6);
    await keep(createIndex(children, { 'org.example.index': String(i) }), `index-${i}`);
  }
  await put(EMPTY_BLOB.descriptor.mediaType, EMPTY_BLOB.bytes);
  const subjects = [...made];
  for (let i = 0; i < below(random, 7); i++) {
    const subject = subjects[below(random, subjects.length)] as Descriptor;
    const layer = await put('application/vnd.example', bytes(random, 50 + below(random, 400)));
    const referrer = createArtifactManifest({
      artifactType: 'application/vnd.example',
      layers: [layer],
      subject,
      annotations: { i: String(i) },
    });
    await registry.attachReferrer({ repository, mediaType: referrer.mediaType, bytes: referrer.bytes });
    subjects.push(describe(referrer));
  }
  return tags;
}

export interface Closure {
  readonly manifests: ReadonlyMap<Digest, number>;
  readonly blobs: ReadonlyMap<Digest, number>;
  /** What the graph names and the registry does not hold. */
  readonly lacking: readonly Digest[];
}

/** All that belongs to a digest, with sizes, each part asked for. */
export async function closureOf(registry: RegistryReader, repository: string, digest: Digest): Promise<Closure> {
  const graph = await walkClosedGraph(registry, { repository, digest }, { referrerLimit: 1_000 });
  if (graph === undefined) return { manifests: new Map(), blobs: new Map(), lacking: [digest] };
  const lacking = graph.missing.map((one) => one.digest);
  for (const blob of graph.blobs) {
    const head = await registry.headBlob({ repository, digest: blob.digest });
    if (head?.size !== blob.size) lacking.push(blob.digest);
  }
  return {
    manifests: new Map(graph.nodes.map(({ manifest }) => [manifest.digest, manifest.size])),
    blobs: new Map(graph.blobs.map((one) => [one.digest, one.size])),
    lacking,
  };
}
