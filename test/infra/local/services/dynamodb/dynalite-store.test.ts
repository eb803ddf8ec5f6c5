import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { atomicStore } from '../../../../../infra/local/services/dynamodb/atomic-store.ts';
import { database } from '../../../../../infra/local/services/dynamodb/dynalite-internals.ts';
import { DynaliteStore } from '../../../../../infra/local/services/dynamodb/dynalite-store.ts';
import { TableStore } from '../../../../../infra/local/services/dynamodb/table-store.ts';
import type { IndexDefinition, TableDefinition } from '../../../../../infra/local/template/backends.ts';
import { place } from '../../support/functions.ts';

const index = (name: string, attribute: string): IndexDefinition => ({
  IndexName: name,
  KeySchema: [{ AttributeName: attribute, KeyType: 'HASH' }],
  Projection: { ProjectionType: 'ALL' },
});

const table = (more: Partial<TableDefinition> = {}): TableDefinition => ({
  name: 'things',
  ...place,
  replicaRegions: [],
  attributes: ['pk', 'sk', 'g'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  keySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  globalIndexes: [index('gsi', 'g')],
  localIndexes: [],
  timeToLiveAttribute: 'expiresAt',
  ...more,
});

const item = (pk: string, more: Record<string, unknown> = {}) => ({ pk: { S: pk }, sk: { S: 's' }, ...more });

describe('tables', () => {
  let store: DynaliteStore;
  beforeEach(async () => {
    store = new DynaliteStore(undefined);
    await store.createTable(table());
  });
  afterEach(() => store.close());
  const call = async (operation: string, data: Record<string, unknown>, region: string = place.region) => {
    const { status, body } = await store.execute(region, operation, JSON.stringify({ TableName: 'things', ...data }));
    return { status, body: JSON.parse(JSON.stringify(body)) };
  };
  const query = async (g: string) =>
    (
      await call('Query', {
        IndexName: 'gsi',
        KeyConditionExpression: 'g = :g',
        ExpressionAttributeValues: { ':g': { S: g } },
      })
    ).body.Items;

  it('write under a condition, and tell the item that was in the way when asked', async () => {
    const condition = { ConditionExpression: 'attribute_not_exists(pk)' };
    expect((await call('PutItem', { Item: item('a', { n: { N: '1' } }), ...condition })).status).toBe(200);
    const refused = await call('PutItem', { Item: item('a'), ...condition });
    expect(refused.status).toBe(400);
    expect(refused.body.__type).toMatch(/ConditionalCheckFailedException$/);
    expect(refused.body.Item).toBeUndefined();
    const told = await call('PutItem', {
      Item: item('a'),
      ...condition,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(told.body.Item).toEqual(item('a', { n: { N: '1' } }));
    const key = { Key: { pk: { S: 'a' }, sk: { S: 's' } } };
    const update = await call('UpdateItem', {
      ...key,
      UpdateExpression: 'SET n = n + :one',
      ConditionExpression: 'n = :two',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':two': { N: '2' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(update.body.Item.n).toEqual({ N: '1' });
  });

  it('keep their indexes right under puts, updates, deletes and batches', async () => {
    await call('PutItem', { Item: item('a', { g: { S: 'x' } }) });
    await call('BatchWriteItem', {
      TableName: undefined,
      RequestItems: {
        things: [
          { PutRequest: { Item: item('b', { g: { S: 'x' } }) } },
          { PutRequest: { Item: item('c', { g: { S: 'y' } }) } },
        ],
      },
    });
    expect(await query('x')).toHaveLength(2);
    await call('UpdateItem', {
      Key: { pk: { S: 'a' }, sk: { S: 's' } },
      UpdateExpression: 'SET g = :g',
      ExpressionAttributeValues: { ':g': { S: 'y' } },
    });
    await call('DeleteItem', { Key: { pk: { S: 'b' }, sk: { S: 's' } } });
    expect(await query('x')).toEqual([]);
    expect((await query('y')).map(({ pk }: { pk: { S: string } }) => pk.S).sort()).toEqual(['a', 'c']);
  });

  it('have an index that equals the items after any writes at once', async () => {
    const write = fc.record({
      pk: fc.constantFrom('a', 'b', 'c'),
      g: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: undefined }),
      remove: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
        await Promise.all(
          writes.map(({ pk, g, remove }) =>
            remove
              ? call('DeleteItem', { Key: { pk: { S: pk }, sk: { S: 's' } } })
              : call('PutItem', { Item: item(pk, g === undefined ? {} : { g: { S: g } }) }),
          ),
        );
        const items: Record<string, { S: string }>[] = (await call('Scan', {})).body.Items;
        for (const g of ['x', 'y', 'z']) {
          const expected = items.filter((each) => each.g?.S === g).map(({ pk }) => pk?.S);
          const indexed = (await query(g)).map(({ pk }: { pk: { S: string } }) => pk.S);
          expect(indexed.sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 25 },
    );
  });

  it('write an item and its index entries as one batch', async () => {
    const raw = database.create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    const batches: number[] = [];
    const { batch } = raw.db;
    raw.db.batch = async (operations) => {
      batches.push(operations.length);
      await batch.call(raw.db, operations);
    };
    const atomic = atomicStore(raw);
    atomic.getIndexDb('Global', 't', 'i').put('k', {}, () => {});
    atomic.getIndexDb('Global', 't', 'j').del('k', () => {});
    expect(batches).toEqual([]);
    await new Promise((resolve) => atomic.getItemDb('t').put('k', { a: 1 }, resolve));
    expect(batches).toEqual([3]);
  });

  it('lose what has outlived its time, and nothing else', async () => {
    await call('PutItem', { Item: item('old', { expiresAt: { N: '100' }, g: { S: 'x' } }) });
    await call('PutItem', { Item: item('new', { expiresAt: { N: '4000000000' } }) });
    await call('PutItem', { Item: item('text', { expiresAt: { S: '100' } }) });
    await call('PutItem', { Item: item('none') });
    expect(await store.sweep(new Date(100_000))).toBe(1);
    const { body } = await call('Scan', {});
    expect(body.Items.map(({ pk }: { pk: { S: string } }) => pk.S).sort()).toEqual(['new', 'none', 'text']);
    expect(await query('x')).toEqual([]);
    expect((await call('DescribeTimeToLive', {})).body.TimeToLiveDescription).toEqual({
      TimeToLiveStatus: 'ENABLED',
      AttributeName: 'expiresAt',
    });
  });

  it('are apart by region, but for the replicas of a global table', async () => {
    await store.createTable(table({ region: 'eu-west-1' }));
    await store.createTable(table({ name: 'global', replicaRegions: ['eu-west-1'] }));
    await call('PutItem', { Item: item('a') });
    expect((await call('Scan', {}, 'eu-west-1')).body.Count).toBe(0);
    await call('PutItem', { TableName: 'global', Item: item('a') }, 'eu-west-1');
    expect((await call('Scan', { TableName: 'global' })).body.Count).toBe(1);
  });

  it('answer what is wrong as DynamoDB does', async () => {
    expect((await call('PutItem', { Item: { pk: { S: 'x' } } })).body.__type).toMatch(/ValidationException$/);
    expect((await call('PutItem', { TableName: 'nothing', Item: item('a') })).body.__type).toMatch(
      /ResourceNotFoundException$/,
    );
    expect((await call('TransactWriteItems', {})).body.__type).toMatch(/UnknownOperationException$/);
    for (const body of ['{', 'null', '"x"']) {
      expect((await store.execute(place.region, 'GetItem', body)).body.__type).toMatch(/SerializationException$/);
    }
    expect((await call('PutItem', { Item: item('big', { b: { S: 'x'.repeat(410_000) } }) })).status).toBe(400);
  });
});

describe('tables on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-tables-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const open = async (definition: TableDefinition): Promise<TableStore> => {
    const tables = new TableStore({ folder });
    await tables.createTable(definition);
    return tables;
  };
  const call = async (tables: TableStore, operation: string, data: Record<string, unknown>) =>
    JSON.parse((await tables.execute(place.region, operation, JSON.stringify({ TableName: 'things', ...data }))).body);
  const count = async (tables: TableStore, name: string, attribute: string): Promise<unknown> =>
    (
      await call(tables, 'Query', {
        IndexName: name,
        KeyConditionExpression: '#a = :v',
        ExpressionAttributeNames: { '#a': attribute },
        ExpressionAttributeValues: { ':v': { S: 'v' } },
      })
    ).Count;

  it('survive the death of their thread: what was asked then fails, what is asked later does not', async () => {
    const thread = new URL('../../fixtures/mortal-store-thread.ts', import.meta.url);
    const tables = new TableStore({ folder, thread });
    await tables.createTable(table());
    await call(tables, 'PutItem', { Item: item('a', { g: { S: 'v' } }) });
    const dying = [call(tables, 'Die', {}), call(tables, 'Scan', {})];
    for (const each of dying) await expect(each).rejects.toMatchObject({ code: 'dynamodb-gone', retryable: true });
    expect(await count(tables, 'gsi', 'g')).toBe(1);
    await tables.close();
  });

  it('are there again after a restart, and follow a changed definition', async () => {
    let tables = await open(table());
    for (const pk of ['a', 'b']) await call(tables, 'PutItem', { Item: item(pk, { g: { S: 'v' }, h: { S: 'v' } }) });
    await tables.close();

    const attributes = ['pk', 'sk', 'h'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
    tables = await open(table({ attributes, globalIndexes: [index('other', 'h')] }));
    expect(await count(tables, 'other', 'h')).toBe(2);
    await call(tables, 'PutItem', { Item: item('c', { h: { S: 'v' } }) });
    expect(await count(tables, 'other', 'h')).toBe(3);
    expect(
      (
        await call(tables, 'Query', {
          IndexName: 'gsi',
          KeyConditionExpression: 'g = :v',
          ExpressionAttributeValues: { ':v': { S: 'v' } },
        })
      ).__type,
    ).toMatch(/ValidationException$/);
    await tables.close();

    tables = await open(table());
    expect(await count(tables, 'gsi', 'g')).toBe(2);
    await tables.close();

    const keySchema = [{ AttributeName: 'pk', KeyType: 'HASH' } as const];
    tables = new TableStore({ folder });
    await expect(tables.createTable(table({ keySchema }))).rejects.toMatchObject({ code: 'table-changed' });
    await tables.close();
    await expect(tables.execute('x', 'Scan', '{}')).rejects.toMatchObject({ code: 'dynamodb-gone', retryable: true });
  });
});
