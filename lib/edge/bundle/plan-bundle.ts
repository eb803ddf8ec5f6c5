import { mapLimit } from '../../core/concurrency.ts';
import type { Digest } from '../../core/digest.ts';
import { isManifestType, type Manifest, parseManifest } from '../../formats/oci/index.ts';
import { cosignTags, MOST_REFERRERS, type RegistryReader, walkClosedGraph } from '../../registry/index.ts';
import { type AttachedTag, type BundleImage, type BundlePart, bundleError, type DesiredContents } from './model.ts';

export interface PlannedPart extends BundlePart {
  /** Where it is read at the source. */
  readonly repository: string;
  /** What a manifest refers to. */
  readonly subject?: Digest | undefined;
}

/** What goes into a bundle. */
export interface BundlePlan {
  readonly desired?: DesiredContents | undefined;
  readonly images: readonly BundleImage[];
  /** What the site lacks, in the order of the archive: image by image, blobs first, then manifests as they can be put. */
  readonly parts: readonly PlannedPart[];
  readonly attached: readonly AttachedTag[];
  /** Sum of the parts: exactly what the site lacks. */
  readonly bytesMissing: number;
}

const AT_ONCE = 6;

/**
 * The difference between what a site is to hold and what it holds, in manifests and blobs; each once, however many
 * images share it. Images come in the given order, so that the first can be run while the others are still being read.
 *
 * @param have digests of manifests and blobs
 * @throws LadingError `bundle-source-incomplete`, and those of the registry
 */
export async function planBundle(
  source: RegistryReader,
  wanted:
    | { readonly desired: DesiredContents }
    | { readonly images: readonly BundleImage[]; readonly attached: readonly AttachedTag[] },
  have: ReadonlySet<Digest>,
): Promise<BundlePlan> {
  const images = 'desired' in wanted ? wanted.desired.images : wanted.images;
  const taken = new Set<Digest>(have);
  const parts: PlannedPart[] = [];
  const attached: AttachedTag[] = 'desired' in wanted ? [] : [...wanted.attached];
  for (const image of images) {
    const missing = image.parts.filter(({ digest }) => !taken.has(digest) && taken.add(digest));
    const { repository } = image;
    const blobs = missing.filter(({ mediaType }) => !isManifestType(mediaType));
    const manifests = await readManifests(
      source,
      image,
      missing.filter((part) => isManifestType(part.mediaType)),
    );
    parts.push(...blobs.map((part) => ({ ...part, repository })));
    for (const { part, manifest } of inPushOrder(manifests)) {
      parts.push({ ...part, repository, subject: manifest.subject?.digest });
    }
    if ('desired' in wanted) attached.push(...(await cosignTagsOf(source, image, manifests)));
  }
  return {
    ...('desired' in wanted ? { desired: wanted.desired } : {}),
    images,
    parts,
    attached,
    bytesMissing: parts.reduce((sum, { size }) => sum + size, 0),
  };
}

/**
 * An image with all that belongs to it, by its reference.
 *
 * @throws LadingError `bundle-source-incomplete` where the registry lacks it, or a part of it
 */
export async function imageWithGraph(
  source: RegistryReader,
  at: { readonly repository: string; readonly reference: string; readonly tag?: string | undefined },
): Promise<{ readonly image: BundleImage; readonly attached: readonly AttachedTag[] }> {
  const { repository, reference, tag } = at;
  const name = `${source.host}/${repository} ${reference}`;
  const head = await source.headManifest({ repository, reference });
  const graph =
    head && (await walkClosedGraph(source, { repository, digest: head.digest }, { referrerLimit: MOST_REFERRERS }));
  if (head === undefined || graph === undefined) throw bundleError('bundle-source-incomplete', `there is no ${name}`);
  const [lacking] = graph.missing;
  if (lacking) throw bundleError('bundle-source-incomplete', `${name} lacks ${lacking.digest}`);
  const manifests = graph.nodes.map(({ manifest: { digest, size, mediaType } }) => ({ digest, size, mediaType }));
  const blobs = graph.blobs.map(({ digest, size, mediaType }) => ({ digest, size, mediaType }));
  return {
    image: { repository, digest: head.digest, tags: tag === undefined ? [] : [tag], parts: [...blobs, ...manifests] },
    attached: graph.tags.map((one) => ({ repository, ...one })),
  };
}

interface ReadManifest {
  readonly part: BundlePart;
  readonly manifest: Manifest;
}

async function readManifests(
  source: RegistryReader,
  { repository }: BundleImage,
  parts: readonly BundlePart[],
): Promise<readonly ReadManifest[]> {
  return mapLimit(parts, AT_ONCE, async (part) => {
    const found = await source.getManifest({ repository, reference: part.digest });
    if (found === undefined) {
      throw bundleError('bundle-source-incomplete', `${source.host}/${repository} lacks the manifest ${part.digest}`);
    }
    return { part, manifest: parseManifest(found.bytes, found.mediaType, part) };
  });
}

/** What others name, or refer to, before them. */
export function inPushOrder<Entry extends { readonly manifest: Manifest }>(
  entries: readonly Entry[],
): readonly Entry[] {
  const byDigest = new Map(entries.map((entry) => [entry.manifest.digest, entry]));
  const ordered = new Set<Entry>();
  const begun = new Set<Entry>();
  const emit = (entry: Entry | undefined): void => {
    if (entry === undefined || begun.has(entry)) return;
    begun.add(entry);
    const { manifest } = entry;
    if (manifest.kind === 'index') for (const { digest } of manifest.manifests) emit(byDigest.get(digest));
    if (manifest.subject) emit(byDigest.get(manifest.subject.digest));
    ordered.add(entry);
  };
  for (const entry of entries) emit(entry);
  return [...ordered];
}

/** A manifest that no other names, and that names no subject, is known by one of cosign's older tags alone. */
async function cosignTagsOf(
  source: RegistryReader,
  { repository, digest, parts }: BundleImage,
  missing: readonly ReadManifest[],
): Promise<readonly AttachedTag[]> {
  const named = new Set(
    missing.flatMap(({ manifest }) => (manifest.kind === 'index' ? manifest.manifests.map((one) => one.digest) : [])),
  );
  const loose = missing.filter(
    ({ manifest: one }) => one.digest !== digest && !named.has(one.digest) && one.subject === undefined,
  );
  if (loose.length === 0) return [];
  const isLoose = new Set(loose.map(({ manifest }) => manifest.digest));
  const tags = parts.filter(({ mediaType }) => isManifestType(mediaType)).flatMap((part) => cosignTags(part.digest));
  const found = await mapLimit(tags, AT_ONCE, async (tag) => {
    const head = await source.headManifest({ repository, reference: tag });
    return head && isLoose.has(head.digest) ? [{ repository, tag, digest: head.digest }] : [];
  });
  return found.flat();
}
