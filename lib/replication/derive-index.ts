import { type Digest, digestOf } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import { canonicalJson } from '../core/json.ts';
import {
  createArtifactManifest,
  createIndex,
  type Descriptor,
  EMPTY_BLOB,
  type EncodedManifest,
  type ImageIndex,
  isUnknownPlatform,
  parseManifest,
} from '../formats/oci/index.ts';
import type { RegistryReader } from '../registry/index.ts';

/** What an index was made of that holds only some platforms of another: a referrer of the new one. */
export const DERIVATION_TYPE = 'application/vnd.lading.derivation.v1+json';

const DERIVED_FROM = 'dev.lading.derived.from';
/** BuildKit's attestations name the image that they are about in their descriptor. */
const REFERENCE = 'vnd.docker.reference.digest';

export interface DerivedIndex {
  readonly digest: Digest;
  /** The registry of the original, in which the new index and its record seem to lie, and its tags to be on it. */
  readonly reader: RegistryReader;
}

/**
 * The index with only the images for some platforms. Its digest is another one, so what signs the original does not sign
 * it: a record says what it was made of, and it is signed at its target (`checkDerivation`). The images in it keep their
 * digests and their own signatures. The same
 * original and the same platforms give the same digest, anywhere.
 *
 * @param platforms globs over `linux/arm64`
 * @returns `undefined` where the digest is no index, has no such image, or nothing would be left out
 */
export async function deriveIndex(
  source: RegistryReader,
  of: { readonly repository: string; readonly digest: Digest },
  platforms: readonly string[],
  call: { readonly signal?: AbortSignal } = {},
): Promise<DerivedIndex | undefined> {
  const found = await source.getManifest({ repository: of.repository, reference: of.digest }, call);
  const original = found && parseManifest(found.bytes, found.mediaType, { digest: of.digest });
  if (original?.kind !== 'index') return undefined;
  const kept = keep(original, platforms);
  if (
    kept.length === original.manifests.length ||
    !kept.some(({ platform }) => platform && !isUnknownPlatform(platform))
  ) {
    return undefined;
  }
  const index = createIndex(kept, { ...original.annotations, [DERIVED_FROM]: of.digest });
  return { digest: index.digest, reader: overlay(source, of.digest, index, derivationOf(original, index, platforms)) };
}

/**
 * Whether an index is what `deriveIndex` makes of another: it says so, and lists nothing that the other does not list in
 * the same words. What holds for all images of the original holds for it.
 */
export function isDerivedFrom(index: ImageIndex, original: ImageIndex): boolean {
  const listed = new Set(original.manifests.map((one) => canonicalJson(one)));
  return (
    index.annotations?.[DERIVED_FROM] === original.digest &&
    index.manifests.length > 0 &&
    index.manifests.every((one) => listed.has(canonicalJson(one)))
  );
}

function keep({ manifests }: ImageIndex, platforms: readonly string[]): readonly Descriptor[] {
  const isWanted = compileGlobs(platforms);
  // Who says `linux/arm64` means every variant of it.
  const isOf = ({ os, architecture, variant }: NonNullable<Descriptor['platform']>): boolean =>
    isWanted(`${os}/${architecture}`) || (variant !== undefined && isWanted(`${os}/${architecture}/${variant}`));
  const images = new Set(
    manifests
      .filter(({ platform }) => platform && !isUnknownPlatform(platform) && isOf(platform))
      .map(({ digest }) => digest),
  );
  return manifests.filter(
    ({ digest, annotations }) => images.has(digest) || images.has((annotations?.[REFERENCE] ?? '') as Digest),
  );
}

interface Derivation {
  readonly manifest: EncodedManifest;
  readonly content: Uint8Array;
  readonly contentDigest: Digest;
}

function derivationOf(original: ImageIndex, index: EncodedManifest, platforms: readonly string[]): Derivation {
  const record = { from: original.digest, platforms, manifests: original.manifests.map(({ digest }) => digest) };
  const content = new TextEncoder().encode(canonicalJson(record));
  const contentDigest = digestOf(content);
  const { mediaType, digest, size } = index;
  const manifest = createArtifactManifest({
    artifactType: DERIVATION_TYPE,
    layers: [{ mediaType: DERIVATION_TYPE, digest: contentDigest, size: content.length }],
    subject: { mediaType, digest, size },
    annotations: { [DERIVED_FROM]: original.digest },
  });
  return { manifest, content, contentDigest };
}

function overlay(source: RegistryReader, from: Digest, index: EncodedManifest, derivation: Derivation): RegistryReader {
  const made = new Map<string, EncodedManifest>([index, derivation.manifest].map((one) => [one.digest, one]));
  const blobs = new Map<Digest, Uint8Array>([
    [derivation.contentDigest, derivation.content],
    [EMPTY_BLOB.descriptor.digest, EMPTY_BLOB.bytes],
  ]);
  return {
    ...source,
    async getManifest(at, call) {
      const known = made.get(at.reference);
      return known ?? source.getManifest(at, call);
    },
    async headManifest(at, call) {
      const known = made.get(at.reference);
      if (known) return known;
      const head = await source.headManifest(at, call);
      return head?.digest === from ? index : head;
    },
    async listReferrers(of, call) {
      if (of.digest !== index.digest) return source.listReferrers(of, call);
      const { mediaType, digest, size } = derivation.manifest;
      const descriptors = [{ mediaType, digest, size, artifactType: DERIVATION_TYPE }];
      return { descriptors, complete: true, via: 'api' };
    },
    openBlob(at, call) {
      const known = blobs.get(at.digest);
      return known === undefined ? source.openBlob(at, call) : pieces(known);
    },
    headBlob: async (at, call) => {
      const known = blobs.get(at.digest);
      return known === undefined ? source.headBlob(at, call) : { size: known.length };
    },
  };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
