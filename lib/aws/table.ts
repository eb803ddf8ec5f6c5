import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

export type Item = Readonly<Record<string, unknown>>;
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** A condition or update in DynamoDB's expression language, with its names (`#n`) and values (`:v`). */
export interface Expression {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface Page {
  readonly items: readonly Item[];
  /** Opaque; hand it back to go on. */
  readonly cursor: string | undefined;
}

/**
 * One DynamoDB table in the layout that all of Lading's tables share: `pk` and `sk` strings, one index `gsi1` on
 * `gsi1pk` and `gsi1sk`, and `expiresAt` (epoch seconds) as time to live. Single-item conditional writes only.
 */
export interface Table {
  get(key: ItemKey, options?: { readonly consistent?: boolean }): Promise<Item | undefined>;
  /** False when the condition did not hold. */
  put(item: Item & ItemKey, condition?: Expression): Promise<boolean>;
  /** The new item, or undefined when the condition did not hold. */
  update(key: ItemKey, change: Expression, condition?: string): Promise<Item | undefined>;
  /** False when the condition did not hold. */
  delete(key: ItemKey, condition?: Expression): Promise<boolean>;
  query(query: TableQuery): Promise<Page>;
}

export interface TableQuery {
  readonly pk: string;
  readonly index?: 'gsi1';
  readonly sortKey?:
    | { readonly beginsWith: string }
    | { readonly after: string }
    | { readonly between: readonly [string, string] };
  readonly descending?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly consistent?: boolean;
}

/** Puts an item only where none is: the shape of "written down first". */
export const ifAbsent: Expression = { expression: 'attribute_not_exists(pk)' };

const marshal = (value: Item): Record<string, AttributeValue> =>
  marshall(value, { removeUndefinedValues: true, convertClassInstanceToMap: true });
const values = (given: Readonly<Record<string, unknown>> | undefined) =>
  given && Object.keys(given).length > 0 ? { ExpressionAttributeValues: marshal(given) } : {};
const names = (given: Readonly<Record<string, string>> | undefined) =>
  given && Object.keys(given).length > 0 ? { ExpressionAttributeNames: { ...given } } : {};
const encode = (key: Record<string, AttributeValue> | undefined): string | undefined =>
  key ? Buffer.from(JSON.stringify(unmarshall(key))).toString('base64url') : undefined;
const decode = (cursor: string | undefined) =>
  cursor ? { ExclusiveStartKey: marshal(JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Item) } : {};

async function conditional<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

export function createTable(client: DynamoDBClient, tableName: string): Table {
  const TableName = tableName;
  const page = (result: {
    Items?: Record<string, AttributeValue>[] | undefined;
    LastEvaluatedKey?: Record<string, AttributeValue> | undefined;
  }): Page => ({
    items: (result.Items ?? []).map((item) => unmarshall(item)),
    cursor: encode(result.LastEvaluatedKey),
  });
  return {
    async get(key, options = {}) {
      const ConsistentRead = options.consistent ?? true;
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: marshal(key as unknown as Item), ConsistentRead }),
      );
      return Item ? unmarshall(Item) : undefined;
    },
    async put(item, condition) {
      const extra = condition
        ? { ConditionExpression: condition.expression, ...names(condition.names), ...values(condition.values) }
        : {};
      const done = await conditional(() =>
        client.send(new PutItemCommand({ TableName, Item: marshal(item), ...extra })),
      );
      return done !== undefined;
    },
    async update(key, change, condition) {
      const done = await conditional(() =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: marshal(key as unknown as Item),
            UpdateExpression: change.expression,
            ReturnValues: 'ALL_NEW',
            ...(condition ? { ConditionExpression: condition } : {}),
            ...names(change.names),
            ...values(change.values),
          }),
        ),
      );
      return done ? unmarshall(done.Attributes ?? {}) : undefined;
    },
    async delete(key, condition) {
      const extra = condition
        ? { ConditionExpression: condition.expression, ...names(condition.names), ...values(condition.values) }
        : {};
      const done = await conditional(() =>
        client.send(new DeleteItemCommand({ TableName, Key: marshal(key as unknown as Item), ...extra })),
      );
      return done !== undefined;
    },
    async query(query) {
      return page(await client.send(new QueryCommand({ TableName, ...queryInput(query) })));
    },
  };
}

function queryInput(query: TableQuery) {
  const [pk, sk] = query.index ? ['gsi1pk', 'gsi1sk'] : ['pk', 'sk'];
  const sort = query.sortKey;
  const bound: Record<string, unknown> = { ':pk': query.pk };
  let condition = '#pk = :pk';
  if (sort && 'beginsWith' in sort) {
    condition += ' AND begins_with(#sk, :from)';
    bound[':from'] = sort.beginsWith;
  } else if (sort && 'after' in sort) {
    condition += ' AND #sk > :from';
    bound[':from'] = sort.after;
  } else if (sort) {
    condition += ' AND #sk BETWEEN :from AND :to';
    bound[':from'] = sort.between[0];
    bound[':to'] = sort.between[1];
  }
  return {
    KeyConditionExpression: condition,
    ...names({ '#pk': pk as string, ...(sort ? { '#sk': sk as string } : {}) }),
    ...values(bound),
    ScanIndexForward: !query.descending,
    ...(query.index ? { IndexName: query.index } : { ConsistentRead: query.consistent ?? true }),
    ...(query.limit ? { Limit: query.limit } : {}),
    ...decode(query.cursor),
  };
}

/** Every item of a query, page after page. */
export async function* queryAll(table: Table, query: Omit<TableQuery, 'cursor'>): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const next: Page = await table.query({ ...query, ...(cursor ? { cursor } : {}) });
    yield* next.items;
    cursor = next.cursor;
  } while (cursor);
}
