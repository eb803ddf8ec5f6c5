import { LadingError } from '../../../../lib/core/errors.ts';
import { canonicalJson } from '../../../../lib/core/json.ts';
import type { IndexDefinition, TableDefinition } from '../../template/backends.ts';
import {
  type Callback,
  database,
  type IndexRecord,
  type Item,
  operations,
  type Store,
  type TableRecord,
} from './dynalite-internals.ts';

/**
 * Makes the table, or brings the one there is to the definition: indexes that were added or changed are built from the
 * items, and ones that are gone are removed.
 *
 * @throws LadingError `table-changed` where the primary key differs, which DynamoDB would not change either
 */
export async function ensureTable(store: Store, definition: TableDefinition): Promise<void> {
  const existing = await findTable(store, definition.name);
  if (existing === undefined) {
    await invoke(store, 'CreateTable', createRequest(definition));
    while ((await findTable(store, definition.name))?.TableStatus !== 'ACTIVE') await new Promise(setImmediate);
    return;
  }
  if (
    shape(existing.KeySchema, existing) !== shape(definition.keySchema, { AttributeDefinitions: definition.attributes })
  ) {
    throw new LadingError('table-changed', `the table ${definition.name} of the data folder has another primary key`, {
      hint: 'move the data folder away to start afresh',
    });
  }
  await ensureIndexes(store, existing, definition);
}

function createRequest(definition: TableDefinition): Record<string, unknown> {
  return {
    TableName: definition.name,
    AttributeDefinitions: definition.attributes.map((attribute) => ({ ...attribute })),
    KeySchema: definition.keySchema.map((key) => ({ ...key })),
    BillingMode: 'PAY_PER_REQUEST',
    ...indexes('GlobalSecondaryIndexes', definition.globalIndexes),
    ...indexes('LocalSecondaryIndexes', definition.localIndexes),
  };
}

const indexes = (name: string, of: readonly IndexDefinition[]): Record<string, unknown> =>
  of.length === 0 ? {} : { [name]: of.map((index) => structuredClone(index)) };

/** Key and index definitions reduced to what matters, for comparing. */
function shape(
  keySchema: TableRecord['KeySchema'],
  { AttributeDefinitions }: Pick<TableRecord, 'AttributeDefinitions'>,
  projection?: Readonly<Record<string, unknown>>,
): string {
  const types = new Map(AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]));
  return canonicalJson({ keys: keySchema.map((key) => ({ ...key, type: types.get(key.AttributeName) })), projection });
}

async function ensureIndexes(store: Store, existing: TableRecord, definition: TableDefinition): Promise<void> {
  const wanted: TableRecord = {
    ...existing,
    AttributeDefinitions: definition.attributes,
    GlobalSecondaryIndexes: definition.globalIndexes.map(active),
  };
  const before = new Map((existing.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index]));
  const after = new Map((wanted.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index]));
  const same = (name: string): boolean => {
    const [a, b] = [before.get(name), after.get(name)];
    if (a === undefined || b === undefined) return false;
    return shape(a.KeySchema, existing, a.Projection) === shape(b.KeySchema, wanted, b.Projection);
  };
  const gone = [...before.keys()].filter((name) => !same(name));
  const added = [...after.values()].filter(({ IndexName }) => !same(IndexName));
  if (gone.length === 0 && added.length === 0) return;
  // Entries first and the definition last: after a crash in between, the next start does it all again.
  for (const name of new Set([...gone, ...added.map(({ IndexName }) => IndexName)])) {
    await promise((callback) => store.deleteIndexDb('Global', existing.TableName, name, callback));
  }
  const onlyAdded = { ...wanted, GlobalSecondaryIndexes: added, LocalSecondaryIndexes: [] };
  for await (const item of itemsOf(store, existing.TableName)) {
    await promise((callback) => database.updateIndexes(store, onlyAdded, null, item, callback));
  }
  await promise((callback) => store.tableDb.put(existing.TableName, wanted, callback));
}

const active = (index: IndexDefinition): IndexRecord => ({
  ...structuredClone(index),
  ...{ IndexStatus: 'ACTIVE', IndexSizeBytes: 0, ItemCount: 0 },
});

async function* itemsOf(store: Store, table: string): AsyncIterable<Item> {
  let start: unknown;
  do {
    const page = await invoke(store, 'Scan', { TableName: table, ...(start ? { ExclusiveStartKey: start } : {}) });
    yield* (page.Items ?? []) as readonly Item[];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

function findTable(store: Store, name: string): Promise<TableRecord | undefined> {
  return new Promise((resolve, reject) => {
    store.getTable(name, false, (error, table) => {
      if (error && error.statusCode === undefined) reject(error);
      else resolve(error ? undefined : table);
    });
  });
}

async function invoke(
  store: Store,
  operation: string,
  data: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const result = await promise<Record<string, unknown>>((callback) => {
    operations.get(operation)?.run(store, data, callback);
  });
  return result ?? {};
}

function promise<T = unknown>(start: (callback: Callback<T>) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    start((error, data) => {
      if (!error) resolve(data);
      else if (error.body === undefined) reject(error);
      else reject(new LadingError('table-invalid', String(error.body.message ?? error.body.__type), { cause: error }));
    });
  });
}
