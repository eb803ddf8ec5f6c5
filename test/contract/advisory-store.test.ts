import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { canonicalJson } from '../../lib/core/json.ts';
import { memoryDocuments } from '../../lib/documents/adapters/memory-documents.ts';
import { documentAdvisoryStore } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { memoryAdvisoryStore } from '../../lib/vulnerabilities/adapters/memory-advisory-store.ts';
import type { AdvisoryStore, RematchProgress, Shard, Snapshot } from '../../lib/vulnerabilities/index.ts';
import { startDynamo } from '../support/dynamo.ts';

type Store = AdvisoryStore & RematchProgress;
let close: () => Promise<void> = async () => undefined;
const makers: [string, () => Promise<Store>][] = [
  ['in memory', async () => memoryAdvisoryStore()],
  [
    'as documents, with pointers in DynamoDB',
    async () => {
      const dynamo = await startDynamo(`advisories-${Math.random()}`);
      const closeOthers = close;
      close = async () => {
        await closeOthers();
        await dynamo.close();
      };
      return documentAdvisoryStore(memoryDocuments(), dynamo.table);
    },
  ],
];
afterAll(() => close());

const shard: Shard = { schemaVersion: 1, ecosystem: 'npm', packages: [{ name: '__proto__', advisories: [] }] };
const text = canonicalJson(shard);
const snapshot = (name: string): Snapshot => ({
  schemaVersion: 1,
  id: digestOf(name),
  createdAt: '2026-01-01T00:00:00.000Z',
  sources: [],
});

describe.each(makers)('an advisory store %s', (_name, make) => {
  let store: Store;
  beforeAll(async () => {
    store = await make();
  });

  it('begins without a snapshot', async () => {
    expect(await store.currentSnapshot()).toBeUndefined();
    expect(await store.lastRematched()).toBeUndefined();
    expect(await store.snapshot(digestOf('a'))).toBeUndefined();
  });

  it('makes a snapshot current with the next number, and keeps the older ones', async () => {
    await store.putShards(new Map([[digestOf(text), text]]));
    const first = await store.putSnapshot(snapshot('a'), undefined);
    expect(first).toEqual({ snapshot: snapshot('a'), sequence: 1 });
    if (first === 'conflict') throw new Error('conflict');
    expect(await store.putSnapshot(snapshot('b'), first)).toMatchObject({ sequence: 2 });
    expect(await store.currentSnapshot()).toEqual({ snapshot: snapshot('b'), sequence: 2 });
    expect(await store.snapshot(digestOf('a'))).toEqual(snapshot('a'));
  });

  it('stores the snapshot in force again, without another number', async () => {
    const renewed = { ...snapshot('b'), createdAt: '2026-05-05T00:00:00.000Z' };
    await store.renewSnapshot(renewed, { snapshot: snapshot('b'), sequence: 2 });
    expect(await store.currentSnapshot()).toEqual({ snapshot: renewed, sequence: 2 });
    await store.renewSnapshot(snapshot('b'), { snapshot: renewed, sequence: 2 });
  });

  it('refuses a snapshot that was made after another than the current one', async () => {
    expect(await store.putSnapshot(snapshot('c'), undefined)).toBe('conflict');
    expect(await store.putSnapshot(snapshot('c'), { snapshot: snapshot('a'), sequence: 1 })).toBe('conflict');
    expect((await store.currentSnapshot())?.sequence).toBe(2);
  });

  it('gives shards by digest, and says when one is gone', async () => {
    const digest = digestOf(text);
    expect(await store.loadShards([digest])).toEqual(new Map([[digest, shard]]));
    expect(await store.loadShards([])).toEqual(new Map());
    await expect(store.loadShards([digestOf('none')])).rejects.toMatchObject({ code: 'shard-missing' });
  });

  it('remembers how far rematching came, and never goes back', async () => {
    await store.markRematched({ id: digestOf('b'), sequence: 2 });
    await store.markRematched({ id: digestOf('a'), sequence: 1 });
    expect(await store.lastRematched()).toEqual({ id: digestOf('b'), sequence: 2 });
  });
});
