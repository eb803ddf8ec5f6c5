import type { Digest } from '../../lib/core/digest.ts';
import { isLadingError } from '../../lib/core/errors.ts';
import type { LocalStatements } from '../../lib/edge/site/index.ts';
import { blobsOf, parseManifest } from '../../lib/formats/oci/index.ts';
import { MAX_BUNDLE_BYTES, SIGSTORE_BUNDLE_V03 } from '../../lib/formats/sigstore-bundle/index.ts';
import type { EmbeddedRegistry, StoredManifest } from './registry/index.ts';

const SITE = 'lading:site';
/** As verifiers of images do: what lies behind is not looked at. */
const MOST = 50;

/** Bundles beside an image in this registry; what the upstream has of them is fetched first, where it answers. */
export function localStatements(registry: () => EmbeddedRegistry | undefined): LocalStatements {
  return {
    async about(repository, digest) {
      const opened = registry();
      if (opened === undefined) return [];
      await opened.mirror?.referrers({ repository, principal: SITE }, digest);
      const bundles: Uint8Array[] = [];
      const found = opened.store.referrers(repository, digest);
      for (const referrer of found.filter(({ artifactMediaType }) => isBundle(artifactMediaType)).slice(0, MOST)) {
        const bundle = await bundleOf(opened, repository, referrer);
        if (bundle !== undefined) bundles.push(bundle);
      }
      return bundles;
    },
  };
}

const isBundle = (type: string | undefined): boolean => type === SIGSTORE_BUNDLE_V03;

async function bundleOf(
  { store, mirror }: EmbeddedRegistry,
  repository: string,
  referrer: StoredManifest,
): Promise<Uint8Array | undefined> {
  try {
    const manifest = await store.getManifest(repository, referrer.digest);
    const [layer] = manifest === undefined ? [] : layersOf(manifest.bytes, referrer.mediaType);
    if (layer === undefined || layer.size > MAX_BUNDLE_BYTES) return undefined;
    if (store.blobSize(repository, layer.digest) === undefined) {
      const flight = await mirror?.blob({ repository, principal: SITE }, layer.digest);
      if (flight && 'done' in flight) await flight.done;
    }
    return await store.readBlob(repository, layer.digest);
  } catch (error) {
    // One that cannot be had or read proves nothing; the others may.
    if (isLadingError(error)) return undefined;
    throw error;
  }
}

const layersOf = (
  bytes: Uint8Array,
  mediaType: string,
): readonly { readonly digest: Digest; readonly size: number }[] =>
  blobsOf(parseManifest(bytes, mediaType)).filter((blob) => blob.mediaType === SIGSTORE_BUNDLE_V03);
