import { type Digest, digestHex } from '../../core/digest.ts';
import { isManifestType } from '../../formats/oci/index.ts';
import { TAR_END_BYTES, tarPadding } from '../../formats/tar/index.ts';
import { cosignTags, type Registry } from '../../registry/index.ts';
import { partHeader } from './lay-out-bundle.ts';
import { type AttachedTag, type BundleImage, type BundlePart, bundleError, type DesiredContents } from './model.ts';
import type { BundleBytes } from './ports.ts';
import { checkZeros, readHead, readPartHeader } from './read-head.ts';
import { createImageStore, type ImageStore } from './store-image.ts';

/** What a site takes bundles by. */
export interface BundleTrust {
  /**
   * Verifies and reads a signed desired state.
   *
   * @throws LadingError where no trusted key signed it, it has ended, or it cannot be read
   */
  open(envelope: Uint8Array): DesiredContents;
  readonly site: string;
  /** The highest generation that the site has seen; 0 where it has seen none. */
  readonly seen: number;
}

export interface ImportedBundle {
  readonly images: number;
  readonly generation: number | undefined;
  /** Bytes that were stored now. */
  readonly bytesStored: number;
  readonly partsStored: number;
  /** Parts of the bundle that were stored before, and were not read. */
  readonly partsSkipped: number;
  readonly tags: number;
}

export interface ImportPorts {
  readonly target: Registry;
  /** Absent: only bundles without a desired state are taken, because somebody said so. */
  readonly trust?: BundleTrust | undefined;
  /**
   * What a repository is called at the site; `undefined`: it has no place there. @default as at the hub
   */
  readonly localName?: ((repository: string) => string | undefined) | undefined;
  /** Called once the desired state was verified, before anything is stored. */
  readonly onVerified?: (desired: DesiredContents) => Promise<void>;
  /** Called once all that the desired state names is there. */
  readonly onWhole?: (desired: DesiredContents) => Promise<void>;
  readonly onImage?: (image: BundleImage) => void;
}

/**
 * Takes a bundle in: first what it says it is is verified, then image by image is stored, blobs before manifests, and an
 * image's tags last, so that each can be run as soon as it is there. What is stored already is passed over: a run that
 * was broken off is gone on with by running it again.
 *
 * @throws LadingError `BundleFault`, those of the trust and of the registry; what was whole until then stays stored
 */
export async function importBundle(ports: ImportPorts, bytes: BundleBytes): Promise<ImportedBundle> {
  const head = await readHead(bytes);
  const desired = verifyHead(ports.trust, head.desired);
  const given = desired?.images ?? head.contents.images ?? [];
  checkContents(given, head.contents.parts, head.contents.attached);
  const nameOf = localNames(ports.localName);
  const images = given.map((image) => ({ ...image, repository: nameOf(image.repository) }));
  const attached = head.contents.attached.map((one) => ({ ...one, repository: nameOf(one.repository) }));
  if (desired) await ports.onVerified?.(desired);
  const store = createImageStore(ports.target, images, head.contents.parts);
  const archive = { bytes, at: head.end, parts: head.contents.parts, next: 0 };
  let tags = 0;
  for (const image of images) {
    await storeParts(archive, store, image);
    tags += await store.complete(image, attached);
    ports.onImage?.(image);
  }
  await checkZeros(bytes, archive.at, TAR_END_BYTES);
  if (!(await bytes.endsAt(archive.at + TAR_END_BYTES))) {
    throw bundleError(
      'bundle-damaged',
      'something follows the end of the archive; all that the bundle lists is stored',
    );
  }
  if (desired) await ports.onWhole?.(desired);
  return { images: images.length, generation: desired?.generation, ...store.counts(), tags };
}

function localNames(localName: ImportPorts['localName']): (repository: string) => string {
  return (repository) => {
    const name = localName === undefined ? repository : localName(repository);
    if (name !== undefined) return name;
    throw bundleError('bundle-misplaced', `this site has no place for the repository ${repository} of the bundle`, {
      hint: 'a mirror of the hub serves it, once a rule is for it',
    });
  };
}

function verifyHead(trust: BundleTrust | undefined, envelope: Uint8Array | undefined): DesiredContents | undefined {
  if (trust === undefined) {
    if (envelope === undefined) return undefined;
    throw bundleError('bundle-invalid', 'the bundle has a signed desired state, which is to be verified', {
      hint: 'name the key of the hub and the site',
    });
  }
  if (envelope === undefined) {
    throw bundleError('bundle-unsigned', 'the bundle has no signed desired state: anybody may have made it');
  }
  const desired = trust.open(envelope);
  if (desired.site !== trust.site) {
    throw bundleError('bundle-foreign-site', `the bundle is for the site ${desired.site}, not for ${trust.site}`);
  }
  if (desired.generation < trust.seen) {
    throw bundleError(
      'bundle-rolled-back',
      `the bundle has the desired state ${desired.generation}; this site has seen ${trust.seen}`,
    );
  }
  return desired;
}

/** All that is in the bundle must be named by the images, of the same size, and in their order. */
function checkContents(
  images: readonly BundleImage[],
  parts: readonly BundlePart[],
  attached: readonly AttachedTag[],
): void {
  let next = 0;
  for (const image of images) {
    const own = new Map(image.parts.map((part) => [part.digest, part]));
    if (!own.has(image.digest))
      throw bundleError('bundle-invalid', `the graph of ${image.digest} lacks the image itself`);
    for (let part = parts[next]; part !== undefined; part = parts[++next]) {
      const known = own.get(part.digest);
      if (known === undefined) break;
      if (known.size !== part.size || known.mediaType !== part.mediaType) {
        throw bundleError('bundle-foreign-content', `${part.digest} is another thing in the bundle than in its images`);
      }
    }
  }
  const foreign = parts[next];
  if (foreign) {
    throw bundleError('bundle-foreign-content', `the bundle holds ${foreign.digest}, which no image of it names there`);
  }
  for (const one of attached) checkAttached(images, one);
}

/** They are not signed, so they may only be what cosign would call a manifest of the same image. */
function checkAttached(images: readonly BundleImage[], { repository, tag, digest }: AttachedTag): void {
  const isOf = (image: BundleImage): boolean =>
    image.repository === repository &&
    image.parts.some((part) => part.digest === digest) &&
    image.parts.some((part) => tag.includes(digestHex(part.digest)) && cosignTags(part.digest).includes(tag));
  if (images.some(isOf)) return;
  throw bundleError(
    'bundle-foreign-content',
    `the bundle sets the tag ${JSON.stringify(tag)}, which belongs to no image`,
  );
}

interface Archive {
  readonly bytes: BundleBytes;
  readonly parts: readonly BundlePart[];
  at: number;
  next: number;
}

async function storeParts(archive: Archive, store: ImageStore, image: BundleImage): Promise<void> {
  const own = new Set<Digest>(image.parts.map(({ digest }) => digest));
  for (let part = archive.parts[archive.next]; part && own.has(part.digest); part = archive.parts[archive.next]) {
    const stored = await store.has(image.repository, part);
    const from = stored ? archive.at + partHeader(part).length : await readPartHeader(archive.bytes, archive.at, part);
    const content = () => archive.bytes.read(from, part.size);
    if (isManifestType(part.mediaType))
      await store.keepManifest(image.repository, part, stored ? undefined : content());
    else if (!stored) await store.putBlob(image.repository, part, content());
    if (!stored) await checkZeros(archive.bytes, from + part.size, tarPadding(part.size));
    archive.at = from + part.size + tarPadding(part.size);
    archive.next++;
  }
}
