import type { Clock } from '../core/clock.ts';
import { canonicalJson } from '../core/json.ts';
import { checkpointOf, extendChain } from './chain.ts';
import { auditError } from './errors.ts';
import { type AuditEntry, type AuditEvent, type Checkpoint, GENESIS } from './model.ts';
import type { AuditBlocks, AuditIndex, AuditLog } from './ports.ts';

/** Fixed for good: `list` looks so far back for the block that an entry is in. */
const MAX_BLOCK_ENTRIES = 25;
/** Bytes of JSON; a DynamoDB item holds 400 KB. */
const MAX_BLOCK_BYTES = 256 * 1024;
const MAX_ATTEMPTS = 50;
const PAGE_BLOCKS = 100;

interface Head extends Checkpoint {
  readonly recordedAt?: string;
  /** Entries of the newest block whose ids may not be in the index yet. */
  readonly unindexed: readonly AuditEntry[];
}

/**
 * A trail out of blocks and an index of ids.
 *
 * A block is put under the number of its first entry where nothing is yet: that one conditional write is the whole of
 * the concurrency control. Ids are indexed after their block; whoever appends next indexes the newest block first. So
 * when a block is put, the index holds every id of all blocks before it, and no event can get in twice. In a warm
 * process appending up to 25 events takes three table operations: look up ids, put the block, index ids.
 */
export function createAuditLog(ports: {
  readonly blocks: AuditBlocks;
  readonly index: AuditIndex;
  readonly clock: Clock;
}): AuditLog {
  const { blocks, index, clock } = ports;
  let cached: Head | undefined;

  const readHead = async (): Promise<Head> => {
    const newest = (await blocks.last())?.entries ?? [];
    return { ...placeOf(newest.at(-1)), unindexed: newest };
  };
  const settledHead = async (): Promise<Head> => {
    const head = cached ?? (await readHead());
    if (head.unindexed.length > 0) await index.add(head.unindexed);
    return { ...head, unindexed: [] };
  };

  return {
    async append(events) {
      let todo = uniqueById(events);
      let head = await settledHead();
      let { unindexed: _none, ...before } = head;
      const appended: AuditEntry[] = [];
      let checked = false;
      for (let attempt = 0; todo.length > 0; attempt++) {
        if (attempt === MAX_ATTEMPTS) throw auditError('audit-contended', 'others kept appending to the audit trail');
        if (!checked) {
          const known = await index.known(todo.map(({ eventId }) => eventId));
          todo = todo.filter(({ eventId }) => !known.has(eventId));
          if (todo.length === 0) break;
        }
        const entries = extendChain(head, firstBlockOf(todo), clock.now());
        checked = await blocks.putIfAbsent({ first: head.seq + 1, entries });
        if (!checked) {
          cached = undefined;
          head = await settledHead();
          if (appended.length === 0) ({ unindexed: _none, ...before } = head);
          continue;
        }
        attempt = -1;
        appended.push(...entries);
        todo = todo.slice(entries.length);
        cached = { ...placeOf(entries.at(-1)), unindexed: entries };
        head = await settledHead();
        cached = head;
      }
      return { appended, before, head: { seq: head.seq, hash: head.hash } };
    },

    async list(afterSeq, limit) {
      const found: AuditEntry[] = [];
      let from = Math.max(1, afterSeq + 2 - MAX_BLOCK_ENTRIES);
      while (found.length < limit) {
        const page = await blocks.from(from, Math.min(PAGE_BLOCKS, limit - found.length + 1));
        for (const { entries } of page) found.push(...entries.filter(({ seq }) => seq > afterSeq));
        const last = page.at(-1);
        if (last === undefined) break;
        from = last.first + 1;
      }
      return found.slice(0, limit);
    },

    async head() {
      const { seq, hash } = await readHead();
      return { seq, hash };
    },
  };
}

const placeOf = (entry: AuditEntry | undefined) =>
  entry === undefined ? GENESIS : { ...checkpointOf(entry), recordedAt: entry.recordedAt };

function uniqueById(events: readonly AuditEvent[]): readonly AuditEvent[] {
  const unique = new Map<string, AuditEvent>();
  for (const event of events) if (!unique.has(event.eventId)) unique.set(event.eventId, event);
  return [...unique.values()];
}

/** As many of the events as one row takes; at least one. */
function firstBlockOf(events: readonly AuditEvent[]): readonly AuditEvent[] {
  let bytes = 0;
  let count = 0;
  for (const event of events.slice(0, MAX_BLOCK_ENTRIES)) {
    bytes += Buffer.byteLength(canonicalJson(event)) + 512;
    if (count > 0 && bytes > MAX_BLOCK_BYTES) break;
    count++;
  }
  return events.slice(0, count);
}
