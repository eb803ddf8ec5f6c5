import { blobsOf, parseManifest } from '../../formats/oci/index.ts';
import { collectContent, type Registry, type RegistryReader } from '../../registry/index.ts';
import type { VerificationKey } from '../../signing/index.ts';
import { type DesiredState, MAX_EDGE_DOCUMENT_BYTES } from '../model.ts';
import { DESIRED_STATE_LAYER, publishDesiredState } from '../publish-desired-state.ts';
import { openDesiredState } from '../signed-documents.ts';
import type { BundleTrust } from './import-bundle.ts';
import { bundleError, type DesiredContents } from './model.ts';

/** Where desired states lie, each site's in a repository of its own: at the hub, and at the site those that it has seen. */
const NAMESPACE = 'lading/edge';
const stateRepository = (site: string): string => `${NAMESPACE}/${site}`;
/** The state in force. At a site: that it holds whole. */
const DESIRED_TAG = 'desired';
/** At a site: the last that it verified, before it had all of it. */
const SEEN_TAG = 'seen';

/** @throws LadingError `bundle-source-incomplete`, `edge-signature-invalid`, `edge-document-invalid` */
export async function fetchDesired(
  hub: RegistryReader,
  site: string,
  keys: readonly VerificationKey[],
): Promise<DesiredContents> {
  const envelope = await envelopeUnder(hub, site, DESIRED_TAG);
  if (envelope === undefined) {
    throw bundleError('bundle-source-incomplete', `${hub.host} has no desired state for a site ${site}`);
  }
  return desiredContents(envelope, openDesiredState(envelope, keys));
}

export const desiredContents = (
  envelope: Uint8Array,
  { site, generation, createdAt, images }: DesiredState,
): DesiredContents => ({
  ...{ site, generation, createdAt },
  envelope,
  images: images.map(({ repository, digest, tags, manifests, blobs }) => ({
    ...{ repository, digest, tags },
    parts: [...blobs, ...manifests],
  })),
});

/** What a site trusts, with what it remembers in its own registry: it takes no state that is older than one it has seen. */
export async function siteTrust(
  target: RegistryReader,
  site: string,
  keys: readonly VerificationKey[],
  now: Date,
): Promise<BundleTrust> {
  const seen = await Promise.all(
    [SEEN_TAG, DESIRED_TAG].map(async (tag) => {
      const envelope = await envelopeUnder(target, site, tag);
      return envelope === undefined ? 0 : openDesiredState(envelope, keys).generation;
    }),
  );
  return {
    site,
    seen: Math.max(...seen),
    open(envelope) {
      const state = openDesiredState(envelope, keys);
      if (new Date(state.expiresAt) <= now) {
        throw bundleError('bundle-expired', `the desired state of the bundle was in force until ${state.expiresAt}`, {
          hint: 'have the bundle made anew',
        });
      }
      return desiredContents(envelope, state);
    },
  };
}

/** Remembers a state at the site: `verified` once it was, `whole` once all of it is there. */
export async function rememberDesired(
  target: Registry,
  { site, ...state }: DesiredContents,
  as: 'verified' | 'whole',
): Promise<void> {
  const tags = as === 'verified' ? [SEEN_TAG] : [`g${state.generation}`, DESIRED_TAG];
  await publishDesiredState(target, stateRepository(site), state, tags);
}

async function envelopeUnder(registry: RegistryReader, site: string, tag: string): Promise<Uint8Array | undefined> {
  const repository = stateRepository(site);
  const found = await registry.getManifest({ repository, reference: tag });
  const manifest = found && parseManifest(found.bytes, found.mediaType);
  const layer = manifest && blobsOf(manifest).find(({ mediaType }) => mediaType === DESIRED_STATE_LAYER);
  if (layer === undefined || layer.size > MAX_EDGE_DOCUMENT_BYTES) return undefined;
  const content = registry.openBlob({ repository, digest: layer.digest, size: layer.size });
  return Uint8Array.from(await collectContent(content, MAX_EDGE_DOCUMENT_BYTES, 'the desired state'));
}
