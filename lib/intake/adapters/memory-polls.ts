import type { PollCursor, PollStore } from '../ports.ts';

export function memoryPolls(): PollStore {
  const seen = new Map<string, Map<string, string>>();
  const complete = new Set<string>();
  const cursors = new Map<string, PollCursor>();
  const keyOf = (of: { readonly registry: string; readonly repository: string }): string =>
    `${of.registry}/${of.repository}`;
  return {
    seen: async (of) => ({ digests: new Map(seen.get(keyOf(of))), complete: complete.has(keyOf(of)) }),
    async remember(of, tag, digest) {
      seen.set(keyOf(of), (seen.get(keyOf(of)) ?? new Map()).set(tag, digest));
    },
    async forget(of, tag) {
      seen.get(keyOf(of))?.delete(tag);
    },
    async complete(of) {
      complete.add(keyOf(of));
    },
    cursor: async (registry) => cursors.get(registry),
    async saveCursor(registry, cursor) {
      if (cursor === undefined) cursors.delete(registry);
      else cursors.set(registry, cursor);
    },
  };
}
