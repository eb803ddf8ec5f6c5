import { LadingError } from '../../core/errors.ts';

/** OCI image specification 1.1, "Image Index": the words of Go's GOOS and GOARCH. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const PART = /^[a-z0-9_.-]{1,64}$/;
/** What people and `uname -m` call them. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm'],
  ['i386', '386'],
]);

/** Reads `os/arch` or `os/arch/variant`. @throws LadingError `platform-invalid` */
export function parsePlatform(text: string): WantedPlatform {
  const [os = '', architecture = '', variant, ...rest] = text.toLowerCase().split('/');
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])];
  if (rest.length > 0 || !parts.every((part) => PART.test(part))) {
    throw new LadingError('platform-invalid', `"${text.slice(0, 100)}" is not a platform`, {
      hint: 'write it as os/architecture or os/architecture/variant, for example linux/arm64',
    });
  }
  return {
    os,
    architecture: SYNONYMS.get(architecture) ?? architecture,
    ...(variant === undefined ? {} : { variant }),
  };
}

const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
  ['ppc64', 'ppc64le'],
  ['mipsel', 'mipsle'],
]);

/** What a container engine on this machine would run: Linux, on whatever system. */
export const hostPlatform = (architecture: string = process.arch): WantedPlatform => ({
  os: 'linux',
  architecture: ARCHITECTURES.get(architecture) ?? architecture,
});

/** Variants that engines take for the same when none is named (containerd, "Platforms: Normalization"). */
const DEFAULT_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['arm64', 'v8'],
  ['arm', 'v7'],
  ['amd64', 'v1'],
]);

/** How well an offer fits: 2 exactly, 1 where no variant was asked for and it has some other, 0 not. */
export function suits(wanted: WantedPlatform, offered: WantedPlatform): 0 | 1 | 2 {
  if (wanted.os !== offered.os || wanted.architecture !== (SYNONYMS.get(offered.architecture) ?? offered.architecture))
    return 0;
  const standard = DEFAULT_VARIANTS.get(wanted.architecture);
  if ((wanted.variant ?? standard) === (offered.variant ?? standard)) return 2;
  return wanted.variant === undefined ? 1 : 0;
}
