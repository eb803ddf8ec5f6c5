import type { FolderKind } from '../cataloger.ts';

export interface StorePath {
  readonly hash: string;
  readonly name: string;
  readonly version: string;
  /** `bin`, `lib`, `dev`; absent for the main one. */
  readonly output?: string;
}

/** Of both stores: 32 characters of their base 32, a dash, the name. A derivation says how a package is made. */
const ENTRY = /^[0-9a-z]{32}-./;
const isPackageFolder = (name: string): boolean => name.length <= 255 && ENTRY.test(name) && !name.endsWith('.drv');

export const nixStoreFolder: FolderKind = { id: 'nix-store', below: 'nix/store', accepts: isPackageFolder };
export const guixStoreFolder: FolderKind = { id: 'guix-store', below: 'gnu/store', accepts: isPackageFolder };

/**
 * Takes the name of a folder in a store apart: `<hash>-<name>-<version>[-<output>]`. The version begins at the first
 * dash before a digit, or is `unstable-<date>` (Nixpkgs manual, "Package naming"); what follows its numbers after a
 * dash is part of it, but for a last word without a digit, which is an output. Undefined where there is no version.
 */
export function parseStorePath(folder: string): StorePath | undefined {
  const hash = folder.slice(0, 32);
  const rest = folder.slice(33);
  const unstable = /^(.+)-(unstable-\d{4}-\d{2}-\d{2})(?:-([a-z]+))?$/.exec(rest);
  if (unstable?.[1] && unstable[2]) {
    return { hash, name: unstable[1], version: unstable[2], ...(unstable[3] ? { output: unstable[3] } : {}) };
  }
  const start = /-[0-9]/.exec(rest)?.index ?? -1;
  if (start <= 0) return undefined;
  const name = rest.slice(0, start);
  const [numbers = ''] = /^[0-9][a-zA-Z0-9]*(?:\.[0-9][a-zA-Z0-9]*)*/.exec(rest.slice(start + 1)) ?? [];
  const after = rest.slice(start + 1 + numbers.length);
  const [suffix = ''] = /^-[.0-9a-zA-Z-]*/.exec(after) ?? [];
  const [build = ''] = /^\+[.0-9a-zA-Z-]+/.exec(after.slice(suffix.length)) ?? [];
  const dash = suffix.lastIndexOf('-');
  const last = suffix.slice(dash + 1);
  if (dash < 0 || build !== '' || /[0-9]/.test(last)) return { hash, name, version: numbers + suffix + build };
  return { hash, name, version: numbers + suffix.slice(0, dash), ...(last === '' ? {} : { output: last }) };
}
