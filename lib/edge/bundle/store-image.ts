import type { Digest } from '../../core/digest.ts';
import { isLadingError } from '../../core/errors.ts';
import { isManifestType, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../../formats/oci/index.ts';
import { collectContent, type Registry, verifyContent } from '../../registry/index.ts';
import { type AttachedTag, type BundleImage, type BundlePart, bundleError } from './model.ts';
import { inPushOrder } from './plan-bundle.ts';

/** Puts images into the site's registry, from the bundle and from what the registry holds in other repositories. */
export interface ImageStore {
  has(repository: string, part: BundlePart): Promise<boolean>;
  putBlob(repository: string, part: BundlePart, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Keeps a manifest until its image is complete; without content it is there already. */
  keepManifest(repository: string, part: BundlePart, content: AsyncIterable<Uint8Array> | undefined): Promise<void>;
  /** Brings what the bundle did not have, puts the manifests, checks that all of it is there, and sets the tags. */
  complete(image: BundleImage, attached: readonly AttachedTag[]): Promise<number>;
  counts(): { readonly bytesStored: number; readonly partsStored: number; readonly partsSkipped: number };
}

interface Kept {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

export function createImageStore(
  target: Registry,
  images: readonly BundleImage[],
  parts: readonly BundlePart[],
): ImageStore {
  const bundled = new Set(parts.map(({ digest }) => digest));
  const counts = { bytesStored: 0, partsStored: 0, partsSkipped: 0 };
  const kept = new Map<Digest, Kept>();
  const others = repositoriesOf(target, images);
  const store: ImageStore = {
    async has(repository, { digest, size, mediaType }) {
      const head = isManifestType(mediaType)
        ? await target.headManifest({ repository, reference: digest })
        : await target.headBlob({ repository, digest });
      return head?.size === size;
    },
    async putBlob(repository, { digest, size }, content) {
      await damagedIfWrong(digest, () =>
        target.putBlob({ repository, digest, size, content: verifyContent(content, { digest, size }) }),
      );
      counts.partsStored++;
      counts.bytesStored += size;
    },
    async keepManifest(_repository, part, content) {
      if (content === undefined) {
        counts.partsSkipped++;
        return;
      }
      const bytes = await damagedIfWrong(part.digest, () => readManifest(content, part));
      kept.set(part.digest, { bytes, manifest: parseManifest(bytes, part.mediaType, part) });
      counts.partsStored++;
      counts.bytesStored += part.size;
    },
    async complete(image, attached) {
      await bringBlobs(target, image, others, bundled);
      await putManifests(target, image, others, kept);
      for (const part of image.parts) {
        if (!(await store.has(image.repository, part))) throw baseMissing(target, image, part);
      }
      return setTags(target, image, attached);
    },
    counts: () => counts,
  };
  return {
    ...store,
    async has(repository, part) {
      const found = await store.has(repository, part);
      if (found && !isManifestType(part.mediaType) && bundled.has(part.digest)) counts.partsSkipped++;
      return found;
    },
  };
}

async function readManifest(content: AsyncIterable<Uint8Array>, part: BundlePart): Promise<Uint8Array> {
  const bytes = await collectContent(verifyContent(content, part), MAX_MANIFEST_BYTES, `the manifest ${part.digest}`);
  return Uint8Array.from(bytes);
}

async function damagedIfWrong<T>(digest: Digest, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isLadingError(cause, 'digest-mismatch') && !isLadingError(cause, 'size-mismatch')) throw cause;
    throw bundleError('bundle-damaged', `the part ${digest} of the bundle is damaged: ${cause.message}`, { cause });
  }
}

/** Where else in the site's registry content may lie: first where the images say so, then anywhere. */
function repositoriesOf(target: Registry, images: readonly BundleImage[]) {
  const known = new Map<Digest, Set<string>>();
  for (const { repository, parts } of images) {
    for (const { digest } of parts) known.set(digest, (known.get(digest) ?? new Set()).add(repository));
  }
  let all: readonly string[] | undefined;
  const listed = async (): Promise<readonly string[]> => {
    if (all) return all;
    const names: string[] = [];
    try {
      for await (const name of target.listRepositories()) names.push(name);
    } catch (error) {
      // Not every registry lists its repositories; then only those count that the images name.
      if (!isLadingError(error)) throw error;
    }
    all = names;
    return all;
  };
  return async function* (digest: Digest, except: string): AsyncGenerator<string> {
    const first = known.get(digest) ?? new Set<string>();
    for (const name of first) if (name !== except) yield name;
    for (const name of await listed()) if (name !== except && !first.has(name)) yield name;
  };
}

type Others = ReturnType<typeof repositoriesOf>;

/** What the bundle left out because the site has it, in whatever repository. */
async function bringBlobs(
  target: Registry,
  image: BundleImage,
  others: Others,
  bundled: ReadonlySet<Digest>,
): Promise<void> {
  const { repository } = image;
  for (const part of image.parts.filter(({ mediaType }) => !isManifestType(mediaType))) {
    const { digest, size } = part;
    if ((await target.headBlob({ repository, digest }))?.size === size) continue;
    if (!(await bringBlob(target, repository, part, others))) {
      throw bundled.has(digest) ? lost(target, image, part) : baseMissing(target, image, part);
    }
  }
}

async function bringBlob(target: Registry, repository: string, part: BundlePart, others: Others): Promise<boolean> {
  const { digest, size } = part;
  for await (const from of others(digest, repository)) {
    if ((await target.headBlob({ repository: from, digest }))?.size !== size) continue;
    if (await target.mountBlob({ repository, from, digest })) return true;
    await target.putBlob({
      repository,
      digest,
      size,
      content: () => target.openBlob({ repository: from, digest, size }),
    });
    return true;
  }
  return false;
}

async function putManifests(
  target: Registry,
  image: BundleImage,
  others: Others,
  kept: ReadonlyMap<Digest, Kept>,
): Promise<void> {
  const { repository } = image;
  const lacking: Kept[] = [];
  for (const part of image.parts.filter(({ mediaType }) => isManifestType(mediaType))) {
    if ((await target.headManifest({ repository, reference: part.digest }))?.size === part.size) continue;
    lacking.push(kept.get(part.digest) ?? (await manifestElsewhere(target, image, part, others)));
  }
  for (const { manifest, bytes } of inPushOrder(lacking)) {
    const content = { repository, mediaType: manifest.mediaType, bytes };
    if (manifest.subject) await target.attachReferrer(content);
    else await target.putManifest({ ...content, reference: manifest.digest });
  }
}

async function manifestElsewhere(
  target: Registry,
  image: BundleImage,
  part: BundlePart,
  others: Others,
): Promise<Kept> {
  for await (const repository of others(part.digest, image.repository)) {
    const found = await target.getManifest({ repository, reference: part.digest });
    if (found) return { bytes: found.bytes, manifest: parseManifest(found.bytes, found.mediaType, part) };
  }
  throw baseMissing(target, image, part);
}

async function setTags(target: Registry, image: BundleImage, attached: readonly AttachedTag[]): Promise<number> {
  const { repository, digest, tags } = image;
  const own = attached.filter(
    (one) => one.repository === repository && image.parts.some((p) => p.digest === one.digest),
  );
  let set = 0;
  for (const one of [...own, ...tags.map((tag) => ({ tag, digest }))]) {
    const head = await target.headManifest({ repository, reference: one.tag });
    if (head?.digest === one.digest) continue;
    const found = await target.getManifest({ repository, reference: one.digest });
    if (found === undefined) continue;
    const { mediaType, bytes } = found;
    await target.putManifest({ repository, reference: one.tag, mediaType, bytes });
    set++;
  }
  return set;
}

const nameOf = (target: Registry, { repository, digest }: BundleImage): string =>
  `${target.host}/${repository}@${digest}`;

const baseMissing = (target: Registry, image: BundleImage, { digest }: BundlePart) =>
  bundleError(
    'bundle-base-missing',
    `${nameOf(target, image)} needs ${digest}, which the bundle counts on this site to hold`,
    {
      hint: 'have the bundle made anew from a report of what the site holds now, or without one',
    },
  );

const lost = (target: Registry, image: BundleImage, { digest }: BundlePart) =>
  bundleError('bundle-base-missing', `${digest} of ${nameOf(target, image)} was stored and is not there any more`);
