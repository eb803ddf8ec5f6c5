import { hashOfEntry } from './chain.ts';
import { type AuditEntry, type Checkpoint, GENESIS } from './model.ts';

/** One thing that is wrong, and where. */
export type ChainFault =
  /** The entry does not have the hash of its content: it was changed. */
  | { readonly kind: 'altered'; readonly seq: number }
  /** The entry does not follow from the one before it: this one, or the one before, was replaced. */
  | { readonly kind: 'unlinked'; readonly seq: number }
  /** Entries `seq` to `to` are not there. */
  | { readonly kind: 'missing'; readonly seq: number; readonly to: number }
  /** The entry comes after a later one, or twice. */
  | { readonly kind: 'out-of-order'; readonly seq: number }
  /** The trail has another hash here than was recorded elsewhere: it was rewritten from some place before. */
  | { readonly kind: 'rewritten'; readonly seq: number }
  /** The trail ends at `seq - 1`, though entry `to` was recorded elsewhere. */
  | { readonly kind: 'truncated'; readonly seq: number; readonly to: number }
  /** A row that should hold the entry is no entry. */
  | { readonly kind: 'unreadable'; readonly seq: number; readonly detail: string };

export type ChainReport =
  | { readonly kind: 'intact'; readonly entries: number; readonly head: Checkpoint }
  | { readonly kind: 'broken'; readonly entries: number; readonly faults: readonly ChainFault[] };

/** Faults that are listed at most; the first is where to look. */
const MAX_FAULTS = 100;

/**
 * Checks a trail from its start (or from a checkpoint) to its end: every entry against its content, against the one
 * before, and against what was recorded elsewhere. Someone who can write the table can rewrite the trail so that it
 * is sound in itself; the anchors, kept where nothing can be overwritten, are what shows that and a cut-off end.
 */
export async function verifyChain(
  entries: Iterable<AuditEntry> | AsyncIterable<AuditEntry>,
  options: { readonly start?: Checkpoint; readonly anchors?: readonly Checkpoint[] } = {},
): Promise<ChainReport> {
  const { start = GENESIS, anchors = [] } = options;
  const anchored = new Map(anchors.map(({ seq, hash }) => [seq, hash]));
  const faults: ChainFault[] = [];
  const report = (fault: ChainFault): void => {
    if (faults.length < MAX_FAULTS) faults.push(fault);
  };
  let previous = start;
  let count = 0;
  for await (const entry of entries) {
    count++;
    const { seq, hash, prevHash } = entry;
    if (seq <= previous.seq) {
      report({ kind: 'out-of-order', seq });
      continue;
    }
    if (seq > previous.seq + 1) report({ kind: 'missing', seq: previous.seq + 1, to: seq - 1 });
    else if (prevHash !== previous.hash) report({ kind: 'unlinked', seq });
    if (hashOfEntry(entry) !== hash) report({ kind: 'altered', seq });
    if ((anchored.get(seq) ?? hash) !== hash) report({ kind: 'rewritten', seq });
    previous = { seq, hash };
  }
  const furthest = anchors.reduce((max, { seq }) => Math.max(max, seq), 0);
  if (furthest > previous.seq) report({ kind: 'truncated', seq: previous.seq + 1, to: furthest });
  if (faults.length > 0) return { kind: 'broken', entries: count, faults };
  return { kind: 'intact', entries: count, head: { seq: previous.seq, hash: previous.hash } };
}
