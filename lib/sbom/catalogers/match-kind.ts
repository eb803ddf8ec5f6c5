import type { FileKind } from './cataloger.ts';

/** Finds the kind of a file by its path; the first in the order of `kinds` counts. */
export type KindMatcher = (directory: string, name: string) => FileKind | undefined;

/** Finds the kind of a file by its first bytes. */
export type HeadMatcher = (head: Uint8Array) => FileKind | undefined;

/**
 * Most files are of no kind, and a layer may have a hundred thousand: look-ups by the name, its extension and the name of
 * the directory decide nearly all.
 */
export function createKindMatcher(kinds: readonly FileKind[]): KindMatcher {
  const byName = new Map<string, FileKind[]>();
  const byExtension = new Map<string, FileKind[]>();
  const byDirectory = new Map<string, FileKind[]>();
  const add = (map: Map<string, FileKind[]>, key: string, kind: FileKind): void => {
    map.set(key, [...(map.get(key) ?? []), kind]);
  };
  for (const kind of kinds) {
    for (const name of kind.match.names ?? []) add(byName, name, kind);
    for (const extension of kind.match.extensions ?? []) add(byExtension, extension, kind);
    for (const directory of kind.match.directories ?? []) add(byDirectory, directory, kind);
  }
  return (directory, name) => {
    const candidates = byName.get(name);
    const dot = name.lastIndexOf('.');
    const ofExtension = dot < 0 ? undefined : byExtension.get(name.slice(dot + 1).toLowerCase());
    const inDirectory = byDirectory.get(directory.slice(directory.lastIndexOf('/') + 1));
    if (!candidates && !ofExtension && !inDirectory) return undefined;
    const path = directory === '' ? name : `${directory}/${name}`;
    const all = [...(candidates ?? []), ...(ofExtension ?? []), ...(inDirectory ?? [])];
    return all.find((kind) => kind.match.accepts?.(path) ?? true);
  };
}

export function createHeadMatcher(kinds: readonly FileKind[]): HeadMatcher {
  const candidates = kinds.filter((kind) => kind.match.begins);
  return (head) => candidates.find((kind) => kind.match.begins?.(head));
}
