import { formatPlatform, type ImageManifest, parseImageConfig } from '../formats/oci/index.ts';
import { type CallOptions, collectContent, type RegistryReader } from '../registry/index.ts';

/** A configuration over this is not read: real ones have a few kilobytes. Bytes. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

export interface BuiltFor {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly 'os.version'?: string | undefined;
}

/**
 * What an image was built for, by its own configuration (image specification 1.1, "Properties").
 *
 * @returns `undefined` where it does not say, or is too large to be read
 * @throws LadingError of the registry, or where the configuration is none
 */
export async function platformOf(
  reader: RegistryReader,
  repository: string,
  { config }: Pick<ImageManifest, 'config'>,
  call: CallOptions = {},
): Promise<BuiltFor | undefined> {
  const { digest, size } = config;
  if (size > MAX_CONFIG_BYTES) return undefined;
  const read = parseImageConfig(await collectContent(reader.openBlob({ repository, digest, size }, call), size));
  if (!read.os || !read.architecture) return undefined;
  const version = read.osVersion;
  return {
    ...{ os: read.os, architecture: read.architecture },
    ...(read.variant ? { variant: read.variant } : {}),
    ...(version ? { 'os.version': version } : {}),
  };
}

/** Variants that stand for none (image specification 1.1, "Platform Variants"; what containerd normalises). */
const NORMAL: Readonly<Record<string, string>> = { 'arm64/v8': 'arm64', 'amd64/v1': 'amd64' };

/** `linux/arm64` for both ways in which it is written. */
export function normalPlatform(platform: BuiltFor): string {
  const { os, architecture, variant } = platform;
  const text = formatPlatform({ os, architecture, ...(variant ? { variant } : {}) });
  const tail = text.slice(text.indexOf('/') + 1);
  return `${os}/${NORMAL[tail] ?? tail}`;
}
