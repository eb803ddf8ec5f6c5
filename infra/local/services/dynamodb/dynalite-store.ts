import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { TableDefinition } from '../../template/backends.ts';
import { atomicStore } from './atomic-store.ts';
import { type DynaliteError, database, type Item, operations, type Store, validations } from './dynalite-internals.ts';
import { ensureTable } from './ensure-table.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

/** DynamoDB of all regions: one LevelDB a region, and global tables answered by the region that made them. */
export class DynaliteStore {
  readonly #folder: string | undefined;
  readonly #regions = new Map<string, Store>();
  readonly #home = new Map<string, string>();
  readonly #timeToLive = new Map<
    string,
    { readonly region: string; readonly table: string; readonly attribute: string }
  >();

  /** @param folder where the databases lie, or undefined to keep them in memory */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** @throws LadingError `table-changed` where the key of a table that exists is another one. */
  async createTable(definition: TableDefinition): Promise<void> {
    const { name, region, replicaRegions, timeToLiveAttribute } = definition;
    await ensureTable(this.#region(region, definition.accountId), definition);
    for (const replica of replicaRegions) this.#home.set(`${replica}/${name}`, region);
    const key = `${region}/${name}`;
    if (timeToLiveAttribute === undefined) this.#timeToLive.delete(key);
    else this.#timeToLive.set(key, { region, table: name, attribute: timeToLiveAttribute });
  }

  /** Runs an operation of the JSON protocol. Never rejects: errors are answers. */
  async execute(region: string, operation: string, body: string): Promise<Answer> {
    const known = operations.get(operation);
    let data: unknown;
    try {
      data = JSON.parse(body || '{}');
    } catch {
      return failure('SerializationException', 'the body is not JSON');
    }
    if (data === null || typeof data !== 'object') return failure('SerializationException', 'the body is no object');
    if (operation === 'DescribeTimeToLive') return this.#describeTimeToLive(region, data);
    if (known === undefined) return failure('UnknownOperationException', `the local DynamoDB has no ${operation}`);
    const store = this.#region(this.#homeOf(region, data));
    try {
      const wantsItem = asksForItemOnFailure(data);
      const checked = validations.checkTypes(data, known.validation.types);
      validations.checkValidations(checked, known.validation.types, known.validation.custom, store);
      const answer = await run(WRITES.has(operation) ? atomicStore(store) : store, operation, checked);
      if (answer.status === 200 || !wantsItem || !isConditionFailure(answer)) return answer;
      return await withItem(store, answer, checked);
    } catch (error) {
      return errorAnswer(error);
    }
  }

  /** Deletes the items whose time to live is over, as DynamoDB does in the background. Returns how many. */
  async sweep(now: Date): Promise<number> {
    let deleted = 0;
    const seconds = String(Math.floor(now.getTime() / 1000));
    const expired = {
      ExpressionAttributeNames: { '#ttl': '' },
      ExpressionAttributeValues: { ':now': { N: seconds }, ':number': { S: 'N' } },
    };
    const condition = '#ttl <= :now AND attribute_type(#ttl, :number)';
    for (const { region, table, attribute } of this.#timeToLive.values()) {
      const common = { ...expired, TableName: table, ExpressionAttributeNames: { '#ttl': attribute } };
      const keys = await this.#keyNames(region, table);
      let start: unknown;
      do {
        const page = await this.execute(
          region,
          'Scan',
          JSON.stringify({ ...common, FilterExpression: condition, ...(start ? { ExclusiveStartKey: start } : {}) }),
        );
        for (const item of (page.body.Items ?? []) as readonly Item[]) {
          const Key = Object.fromEntries(keys.map((name) => [name, item[name]]));
          const answer = await this.execute(
            region,
            'DeleteItem',
            JSON.stringify({ ...common, Key, ConditionExpression: condition }),
          );
          if (answer.status === 200) deleted++;
        }
        start = page.body.LastEvaluatedKey;
      } while (start !== undefined);
    }
    return deleted;
  }

  async close(): Promise<void> {
    for (const store of this.#regions.values()) await store.lifecycleManager.gracefulClose();
    this.#regions.clear();
  }

  #region(region: string, accountId?: string): Store {
    const known = this.#regions.get(region);
    if (known !== undefined) return known;
    const path = this.#folder === undefined ? undefined : join(this.#folder, region);
    if (path !== undefined) mkdirSync(path, { recursive: true });
    const store = database.create({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    store.tableDb.awsRegion = region;
    if (accountId !== undefined) store.tableDb.awsAccountId = accountId;
    this.#regions.set(region, store);
    return store;
  }

  #homeOf(region: string, data: unknown): string {
    const [table] = tableNames(data);
    return this.#home.get(`${region}/${table}`) ?? region;
  }

  #describeTimeToLive(region: string, data: unknown): Answer {
    const [table = ''] = tableNames(data);
    const ttl = this.#timeToLive.get(`${this.#homeOf(region, data)}/${table}`);
    const TimeToLiveDescription =
      ttl === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: ttl.attribute };
    return { status: 200, body: { TimeToLiveDescription } };
  }

  async #keyNames(region: string, table: string): Promise<readonly string[]> {
    return await keyNames(this.#region(region), table);
  }
}

/** The tables that a call names. */
function tableNames(data: unknown): readonly string[] {
  if (data === null || typeof data !== 'object') return [];
  if ('TableName' in data && typeof data.TableName === 'string') return [data.TableName];
  const items = 'RequestItems' in data ? data.RequestItems : undefined;
  return items !== null && typeof items === 'object' ? Object.keys(items) : [];
}

function run(store: Store, operation: string, data: Record<string, unknown>): Promise<Answer> {
  return new Promise((resolve) => {
    operations.get(operation)?.run(store, data, (error, result) => {
      resolve(error ? errorAnswer(error) : { status: 200, body: result ?? {} });
    });
  });
}

const failure = (type: string, message: string): Answer => ({
  status: 400,
  body: { __type: `com.amazon.coral.service#${type}`, message },
});

function errorAnswer(error: unknown): Answer {
  const { statusCode, body, message } = error as DynaliteError;
  if (statusCode !== undefined && body !== undefined) return { status: statusCode, body };
  // Full disk, closed database: a fault of the server, which SDK clients try again.
  return { status: 500, body: { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message } };
}

function asksForItemOnFailure(data: unknown): boolean {
  if (data === null || typeof data !== 'object' || !('ReturnValuesOnConditionCheckFailure' in data)) return false;
  return data.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
}

const isConditionFailure = ({ body }: Answer): boolean =>
  typeof body.__type === 'string' && body.__type.endsWith('#ConditionalCheckFailedException');

/** Adds the item that kept the condition from holding (ReturnValuesOnConditionCheckFailure). */
async function withItem(store: Store, answer: Answer, data: Record<string, unknown>): Promise<Answer> {
  const { TableName, Key, Item: item } = data as { TableName: string; Key?: Item; Item?: Item };
  const names = await keyNames(store, TableName);
  const found = await run(store, 'GetItem', {
    TableName,
    Key: Key ?? Object.fromEntries(names.map((name) => [name, item?.[name]])),
    ConsistentRead: true,
  });
  return found.body.Item === undefined ? answer : { ...answer, body: { ...answer.body, Item: found.body.Item } };
}

function keyNames(store: Store, table: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    store.getTable(table, false, (error, record) => {
      if (error || record === undefined) reject(new LadingError('table-unknown', `there is no table ${table}`));
      else resolve(record.KeySchema.map(({ AttributeName }) => AttributeName));
    });
  });
}
