import type { Clock } from '../../core/clock.ts';
import type { EventDraft } from '../../events/index.ts';
import type { WorkKey, WorkRecord } from '../model.ts';
import type { WorkLedger } from '../ports.ts';

interface Row extends WorkRecord {
  readonly owner: string | undefined;
  readonly leaseUntil: number;
}

const id = (key: WorkKey): string => JSON.stringify([key.subject, key.stage, key.version]);

export function memoryLedger(clock: Clock): WorkLedger {
  const rows = new Map<string, Row>();
  return {
    async begin(key, owner, leaseMs) {
      const now = clock.now().getTime();
      const row = rows.get(id(key));
      if (row?.state === 'completed') return { kind: 'completed', outcome: row.outcome };
      if (row?.owner !== undefined && row.owner !== owner && row.leaseUntil > now)
        return { kind: 'held', until: new Date(row.leaseUntil) };
      const attempts = (row?.attempts ?? 0) + 1;
      const updatedAt = clock.now().toISOString();
      rows.set(id(key), {
        ...key,
        state: 'in-progress',
        attempts,
        updatedAt,
        outcome: [],
        owner,
        leaseUntil: now + leaseMs,
      });
      return { kind: 'started', attempt: attempts };
    },
    async renew(key, owner, leaseMs) {
      const row = rows.get(id(key));
      if (row?.owner !== owner || row.state !== 'in-progress') return false;
      rows.set(id(key), { ...row, leaseUntil: clock.now().getTime() + leaseMs });
      return true;
    },
    async complete(key, owner, outcome: readonly EventDraft[]) {
      const row = rows.get(id(key));
      if (row?.owner !== owner || row.state !== 'in-progress') return false;
      const updatedAt = clock.now().toISOString();
      rows.set(id(key), { ...row, state: 'completed', outcome: structuredClone(outcome), updatedAt, owner: undefined });
      return true;
    },
    async release(key, owner) {
      const row = rows.get(id(key));
      if (row?.owner === owner && row.state === 'in-progress') rows.set(id(key), { ...row, owner: undefined });
    },
    async lapse(subject, stages) {
      for (const [key, row] of rows) {
        if (row.subject === subject && stages.includes(row.stage)) {
          rows.set(key, { ...row, state: 'lapsed', owner: undefined });
        }
      }
    },
    async list(subject) {
      return [...rows.values()]
        .filter((row) => row.subject === subject)
        .map(({ owner: _owner, leaseUntil: _until, ...record }) => record);
    },
  };
}
