import { type Descriptor, isIndexType, isManifestType, parseManifest } from '../formats/oci/index.ts';
import { referrerDescriptor } from './attach-referrer.ts';
import type { CallOptions, ContentAddress, ManifestReader, ReferrerList } from './ports.ts';
import { referrersTag } from './referrers-tag.ts';

/** Referrers of one digest that are examined when nobody asks for more. */
export const DEFAULT_REFERRER_LIMIT = 50;

/**
 * Lists referrers where the registry has no API for it (distribution specification 1.1, "Referrers Tag Schema").
 *
 * Anyone who may push can write the tag, and GitLab's registry answers it with the subject itself. So each entry is
 * fetched and counts only if its own `subject` is the digest; what cannot be read makes the list incomplete.
 */
export async function listReferrersByTag(
  reader: ManifestReader,
  of: ContentAddress,
  options: CallOptions & { readonly artifactType?: string; readonly limit?: number } = {},
): Promise<ReferrerList> {
  const { limit = DEFAULT_REFERRER_LIMIT } = options;
  const none: ReferrerList = { descriptors: [], complete: true, via: 'tag' };
  const tagged = await reader.getManifest({ repository: of.repository, reference: referrersTag(of.digest) }, options);
  if (tagged === undefined || tagged.digest === of.digest || !isIndexType(tagged.mediaType)) return none;
  const index = parseManifest(tagged.bytes, tagged.mediaType, { digest: tagged.digest });
  if (index.kind !== 'index') return none;
  const entries = [...new Map(index.manifests.map((d) => [d.digest, d])).values()];
  const descriptors: Descriptor[] = [];
  let complete = entries.length <= limit;
  for (const entry of entries.slice(0, limit)) {
    const referrer = await readReferrer(reader, of, entry, options);
    if (referrer === 'unreadable') complete = false;
    else if (referrer !== undefined) descriptors.push(referrer);
  }
  const { artifactType } = options;
  return {
    descriptors: artifactType === undefined ? descriptors : descriptors.filter((d) => d.artifactType === artifactType),
    complete,
    via: 'tag',
  };
}

/** The descriptor is made anew from the manifest, because the index may say anything of it. */
async function readReferrer(
  reader: ManifestReader,
  of: ContentAddress,
  entry: Descriptor,
  options: CallOptions,
): Promise<Descriptor | 'unreadable' | undefined> {
  if (!isManifestType(entry.mediaType)) return undefined;
  const found = await reader.getManifest({ repository: of.repository, reference: entry.digest }, options);
  if (found === undefined) return undefined;
  try {
    const manifest = parseManifest(found.bytes, found.mediaType, entry);
    return manifest.subject?.digest === of.digest ? referrerDescriptor(manifest) : undefined;
  } catch {
    return 'unreadable';
  }
}
