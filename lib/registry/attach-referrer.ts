import {
  createIndex,
  type Descriptor,
  isIndexType,
  type Manifest,
  OCI_IMAGE_INDEX,
  parseManifest,
} from '../formats/oci/index.ts';
import { registryError } from './errors.ts';
import type { CallOptions, ManifestContent, ManifestReader, ManifestWriter } from './ports.ts';
import { referrersTag } from './referrers-tag.ts';

type Store = ManifestReader & Pick<ManifestWriter, 'putManifest'>;

/** Rewrites of the fallback tag before giving up: every one that was lost means that another writer was there. */
const ATTEMPTS = 8;

/** The entry of a manifest in a list of referrers (distribution specification 1.1, "Listing Referrers"). */
export function referrerDescriptor(manifest: Manifest): Descriptor {
  const artifactType = manifest.artifactType ?? (manifest.kind === 'index' ? undefined : manifest.config?.mediaType);
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(manifest.annotations).length === 0 ? {} : { annotations: manifest.annotations }),
  };
}

/** @throws LadingError `manifest-invalid` where the manifest has no subject */
export function parseReferrer(content: ManifestContent): Manifest & { readonly subject: Descriptor } {
  const manifest = parseManifest(content.bytes, content.mediaType);
  if (manifest.subject === undefined) {
    throw registryError('registry-refused', `the manifest ${manifest.digest} has no subject, so it is no referrer`);
  }
  return { ...manifest, subject: manifest.subject };
}

/**
 * Puts a referrer into the index under the fallback tag (distribution specification 1.1, "Pushing Manifests with
 * Subject"): read, add, write, read back, until the tag holds the entry. The tag knows no conditional write, so a
 * writer in another process can still undo it; whoever attaches holds the lease of the subject.
 *
 * @throws LadingError `registry-refused` where the tag is something else than an index; `registry-unavailable` where
 *   other writers won every attempt
 */
export async function addToReferrersTag(
  store: Store,
  repository: string,
  referrer: Manifest & { readonly subject: Descriptor },
  options: CallOptions & { readonly pause?: (attempt: number) => Promise<void> } = {},
): Promise<void> {
  const at = { repository, reference: referrersTag(referrer.subject.digest) };
  const entry = referrerDescriptor(referrer);
  for (let attempt = 0; attempt <= ATTEMPTS; attempt++) {
    const listed = await readReferrersTag(store, at, referrer.subject.digest, options);
    if (listed.some((d) => d.digest === entry.digest)) return;
    if (attempt > 0) await options.pause?.(attempt);
    const index = createIndex([...listed, entry]);
    await store.putManifest({ ...at, mediaType: index.mediaType, bytes: index.bytes }, options);
  }
  throw registryError('registry-unavailable', `other writers kept replacing the referrers tag ${at.reference}`, {
    hint: 'attach to one subject from one process at a time, or use a registry with the referrers API',
  });
}

async function readReferrersTag(
  store: Store,
  at: { readonly repository: string; readonly reference: string },
  subject: string,
  options: CallOptions,
): Promise<readonly Descriptor[]> {
  const found = await store.getManifest(at, options);
  if (found === undefined) return [];
  // GitLab's registry answers the tag with the subject itself: that is no list.
  if (found.digest === subject) return [];
  if (!isIndexType(found.mediaType)) {
    throw registryError('registry-refused', `the tag ${at.reference} is not an index (${found.mediaType})`, {
      hint: `it must be an ${OCI_IMAGE_INDEX}; delete or rename the tag`,
    });
  }
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  return manifest.kind === 'index' ? manifest.manifests : [];
}
