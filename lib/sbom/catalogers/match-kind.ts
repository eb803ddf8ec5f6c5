import type { FileKind } from './cataloger.ts';

/** Finds the kind of a file by its path; the first in the order of `kinds` counts. */
export type KindMatcher = (directory: string, name: string) => FileKind | undefined;

/**
 * Most files are of no kind, and a layer may have a hundred thousand: a look-up by the name, one by
 * its extension and one by the name of the directory decide nearly all.
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
    const ofExtension = dot < 0 ? undefined : byExtension.get(name.slice(dot + 1));
    const inDirectory = byDirectory.get(directory.slice(directory.lastIndexOf('/') + 1));
    if (!candidates && !ofExtension && !inDirectory) return undefined;
    const path = directory === '' ? name : `${directory}/${name}`;
    return [...(candidates ?? []), ...(ofExtension ?? []), ...(inDirectory ?? [])].find(
      (kind) => kind.match.accepts?.(path) ?? true,
    );
  };
}
