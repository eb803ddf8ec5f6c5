import type { Digest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import {
  createIndex,
  type Descriptor,
  type EncodedManifest,
  formatPlatform,
  isUnknownPlatform,
  parseManifest,
} from '../formats/oci/index.ts';
import type { CallOptions, RegistryReader } from '../registry/index.ts';
import { normalPlatform, platformOf } from './platform-of.ts';

export interface IndexPart {
  /** A tag or digest in the repository: an image, or an index of which all images are taken. */
  readonly reference: string;
}

export interface AssembledIndex {
  readonly index: EncodedManifest;
  readonly platforms: readonly { readonly platform: string; readonly digest: Digest }[];
}

/**
 * An index of images that were pushed each for itself, with the platform that each was built for: by its own configuration,
 * not by its tag. Attestations of BuildKit come along. The same images give the same index, in whatever order they are
 * named. Nothing is pushed here.
 *
 * @throws LadingError `manifest-unknown`, `platform-unknown`, `platform-twice`
 */
export async function assembleIndex(
  reader: RegistryReader,
  repository: string,
  parts: readonly IndexPart[],
  options: CallOptions & { readonly annotations?: Readonly<Record<string, string>> } = {},
): Promise<AssembledIndex> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const images = new Map<string, Descriptor>();
  const others = new Map<Digest, Descriptor>();
  const add = (descriptor: Descriptor): void => {
    const { platform } = descriptor;
    if (platform === undefined || isUnknownPlatform(platform)) {
      others.set(descriptor.digest, descriptor);
      return;
    }
    const name = normalPlatform(platform) + (platform['os.version'] ?? '');
    const known = images.get(name);
    if (known && known.digest !== descriptor.digest) {
      throw new LadingError('platform-twice', `${known.digest} and ${descriptor.digest} are both for ${name}`);
    }
    images.set(name, descriptor);
  };
  for (const { reference } of parts) for (const one of await partsOf(reader, repository, reference, call)) add(one);
  if (images.size === 0) throw new LadingError('platform-unknown', 'an index needs an image that says its platform');
  const byName = [...images].sort(([a], [b]) => (a < b ? -1 : 1));
  const rest = [...others.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return {
    index: createIndex([...byName.map(([, descriptor]) => descriptor), ...rest], options.annotations),
    platforms: byName.map(([, { platform, digest }]) => ({
      platform: platform ? formatPlatform(platform) : '',
      digest,
    })),
  };
}

async function partsOf(
  reader: RegistryReader,
  repository: string,
  reference: string,
  call: CallOptions,
): Promise<readonly Descriptor[]> {
  const found = await reader.getManifest({ repository, reference }, call);
  if (found === undefined) throw new LadingError('manifest-unknown', `there is no ${repository} ${reference}`);
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  if (manifest.kind === 'index') {
    const astray = manifest.manifests.find(({ platform }) => platform === undefined);
    if (astray) throw new LadingError('platform-unknown', `${reference} lists ${astray.digest} without a platform`);
    return manifest.manifests;
  }
  const platform = manifest.kind === 'image' ? await platformOf(reader, repository, manifest, call) : undefined;
  if (platform === undefined)
    throw new LadingError('platform-unknown', `${reference} does not say what it was built for`);
  const { mediaType, digest, size } = manifest;
  return [{ mediaType, digest, size, platform: { ...platform } }];
}
