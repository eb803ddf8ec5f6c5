import { type Item, type ItemKey, queryAll, type Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { EventDraft } from '../../events/index.ts';
import type { BeginResult, WorkKey, WorkRecord, WorkState } from '../model.ts';
import type { WorkLedger } from '../ports.ts';

const keyOf = (key: WorkKey): ItemKey => ({ pk: key.subject, sk: `${key.stage}#${key.version}` });
const outcomeOf = (item: Item): readonly EventDraft[] => JSON.parse(String(item.outcome ?? '[]')) as EventDraft[];

const stateOf = ({ state }: Item): WorkState => (state === 'completed' || state === 'lapsed' ? state : 'in-progress');

/** The ledger on a DynamoDB table. The outcome is kept as JSON text, since it is only ever written and read whole. */
export function dynamoLedger(table: Table, clock: Clock): WorkLedger {
  return {
    async begin(key, owner, leaseMs): Promise<BeginResult> {
      const now = clock.now();
      const taken = await table.update(
        keyOf(key),
        {
          expression:
            'SET #state = :working, #owner = :owner, leaseUntil = :until, updatedAt = :now, #stage = :stage, #version = :version ADD attempts :one',
          names: { '#state': 'state', '#owner': 'owner', '#stage': 'stage', '#version': 'version' },
          values: {
            ':working': 'in-progress',
            ':completed': 'completed',
            ':owner': owner,
            ':until': now.getTime() + leaseMs,
            ':nowMs': now.getTime(),
            ':now': now.toISOString(),
            ':stage': key.stage,
            ':version': key.version,
            ':one': 1,
          },
        },
        // No row, a released row (no owner), our own (handed over), or a lease that has run out; never a completed row.
        'attribute_not_exists(pk) OR (#state <> :completed AND (attribute_not_exists(#owner) OR #owner = :owner OR leaseUntil <= :nowMs))',
      );
      if (taken) return { kind: 'started', attempt: Number(taken.attempts) };
      const row = await table.get(keyOf(key));
      if (row?.state === 'completed') return { kind: 'completed', outcome: outcomeOf(row) };
      return { kind: 'held', until: new Date(Number(row?.leaseUntil ?? now.getTime())) };
    },
    async renew(key, owner, leaseMs) {
      const renewed = await table.update(
        keyOf(key),
        {
          expression: 'SET leaseUntil = :until',
          names: { '#owner': 'owner' },
          values: { ':owner': owner, ':until': clock.now().getTime() + leaseMs },
        },
        '#owner = :owner',
      );
      return renewed !== undefined;
    },
    async complete(key, owner, outcome) {
      const done = await table.update(
        keyOf(key),
        {
          expression: 'SET #state = :completed, outcome = :outcome, updatedAt = :now REMOVE #owner, leaseUntil',
          names: { '#state': 'state', '#owner': 'owner' },
          values: {
            ':completed': 'completed',
            ':outcome': JSON.stringify(outcome),
            ':now': clock.now().toISOString(),
            ':owner': owner,
          },
        },
        '#owner = :owner',
      );
      return done !== undefined;
    },
    async release(key, owner) {
      await table.update(
        keyOf(key),
        { expression: 'REMOVE #owner, leaseUntil', names: { '#owner': 'owner' }, values: { ':owner': owner } },
        '#owner = :owner',
      );
    },
    async list(subject) {
      const items = await Array.fromAsync(queryAll(table, { pk: subject }));
      return items.map(
        (item): WorkRecord => ({
          subject,
          stage: String(item.stage),
          version: String(item.version),
          state: stateOf(item),
          attempts: Number(item.attempts),
          updatedAt: String(item.updatedAt),
          outcome: outcomeOf(item),
        }),
      );
    },
    async lapse(subject, stages) {
      for await (const item of queryAll(table, { pk: subject })) {
        if (!stages.includes(String(item.stage))) continue;
        await table.update(
          { pk: subject, sk: String(item.sk) },
          {
            expression: 'SET #state = :lapsed REMOVE #owner, leaseUntil',
            names: { '#state': 'state', '#owner': 'owner' },
            values: { ':lapsed': 'lapsed' },
          },
          'attribute_exists(pk)',
        );
      }
    },
  };
}
