import type { AuditEntry } from '../model.ts';
import type { AuditBlock, AuditBlocks, AuditIndex } from '../ports.ts';

/** A trail in memory. The rows are handed out so that tests can do to them what nobody should. */
export function memoryAudit(): {
  readonly blocks: AuditBlocks;
  readonly index: AuditIndex;
  readonly rows: Map<number, AuditEntry[]>;
} {
  const rows = new Map<number, AuditEntry[]>();
  const ids = new Set<string>();
  const toBlock = ([first, entries]: readonly [number, AuditEntry[]]): AuditBlock => ({
    first,
    entries: structuredClone(entries),
  });
  const inOrder = (): readonly (readonly [number, AuditEntry[]])[] => [...rows].sort(([a], [b]) => a - b);
  return {
    rows,
    blocks: {
      async putIfAbsent({ first, entries }) {
        if (rows.has(first)) return false;
        rows.set(first, structuredClone([...entries]));
        return true;
      },
      last: async () => inOrder().map(toBlock).at(-1),
      from: async (seq, limit) =>
        inOrder()
          .filter(([first]) => first >= seq)
          .slice(0, limit)
          .map(toBlock),
    },
    index: {
      known: async (eventIds) => new Set(eventIds.filter((id) => ids.has(id))),
      add: async (entries) => {
        for (const { eventId } of entries) ids.add(eventId);
      },
    },
  };
}
