import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { createTable, type Item, ifAbsent } from '../../aws/table.ts';
import { LadingError } from '../../core/errors.ts';
import { auditEntrySchema } from '../chain.ts';
import { auditError } from '../errors.ts';
import type { AuditEntry } from '../model.ts';
import type { AuditBlock, AuditBlocks, AuditIndex } from '../ports.ts';

/** DynamoDB's own limits on one batch. */
const MAX_GETS = 100;
const MAX_WRITES = 25;
const MAX_ROUNDS = 8;

const TRAIL = 'trail';
const blockKey = (seq: number): string => `block#${String(seq).padStart(12, '0')}`;
const END = 'block#~';
const idKey = (eventId: string): Record<string, AttributeValue> => ({ pk: { S: `event#${eventId}` }, sk: { S: 'id' } });

const entriesSchema = z.array(auditEntrySchema).min(1);

/**
 * A trail in DynamoDB. Blocks are items under one partition key, in the order of their numbers, with the entries as
 * one JSON text; ids are items of their own, spread over all partitions.
 */
export function dynamoAudit(
  client: DynamoDBClient,
  tableName: string,
): { readonly blocks: AuditBlocks; readonly index: AuditIndex } {
  const table = createTable(client, tableName);
  return {
    blocks: {
      putIfAbsent: ({ first, entries }) =>
        table.put({ pk: TRAIL, sk: blockKey(first), entries: JSON.stringify(entries) }, ifAbsent),
      async last() {
        const { items } = await table.query({
          pk: TRAIL,
          descending: true,
          limit: 1,
          sortKey: { beginsWith: 'block#' },
        });
        return items[0] && readBlock(items[0]);
      },
      async from(seq, limit) {
        const { items } = await table.query({ pk: TRAIL, limit, sortKey: { between: [blockKey(seq), END] } });
        return items.map(readBlock);
      },
    },
    index: {
      async known(eventIds) {
        const found = new Set<string>();
        for (let start = 0; start < eventIds.length; start += MAX_GETS) {
          for (const id of await batchGet(client, tableName, eventIds.slice(start, start + MAX_GETS))) found.add(id);
        }
        return found;
      },
      async add(entries) {
        for (let start = 0; start < entries.length; start += MAX_WRITES) {
          await batchWrite(client, tableName, entries.slice(start, start + MAX_WRITES));
        }
      },
    },
  };
}

function readBlock(item: Item): AuditBlock {
  const damaged = (cause?: unknown) =>
    auditError('audit-damaged', `the row ${String(item.sk)} of the audit trail cannot be read`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(String(item.entries));
  } catch (cause) {
    throw damaged(cause);
  }
  const parsed = entriesSchema.safeParse(value);
  const first = Number(String(item.sk).slice('block#'.length));
  if (parsed.success && Number.isSafeInteger(first)) return { first, entries: parsed.data };
  throw damaged(parsed.error);
}

async function batchGet(client: DynamoDBClient, tableName: string, ids: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  let keys = ids.map(idKey);
  for (let round = 0; keys.length > 0; round++) {
    if (round === MAX_ROUNDS) throw throttled();
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true, ProjectionExpression: 'pk' } },
      }),
    );
    for (const item of Responses?.[tableName] ?? []) found.push((item.pk?.S ?? '').slice('event#'.length));
    keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
  }
  return found;
}

async function batchWrite(client: DynamoDBClient, tableName: string, entries: readonly AuditEntry[]): Promise<void> {
  let requests: WriteRequest[] = entries.map(({ eventId, seq }) => ({
    PutRequest: { Item: { ...idKey(eventId), seq: { N: String(seq) } } },
  }));
  for (let round = 0; requests.length > 0; round++) {
    if (round === MAX_ROUNDS) throw throttled();
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }),
    );
    requests = UnprocessedItems?.[tableName] ?? [];
  }
}

const throttled = (): LadingError =>
  new LadingError('audit-throttled', 'the table of the audit trail took only part of a batch, again and again', {
    retryable: true,
  });
