import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The parts of dynalite (DynamoDB on LevelDB) that are used here, past its HTTP server: one call costs a function call
 * then, and an error inside of it is an answer and not the end of the process. The version is pinned for that reason.
 */
export type Callback<T = unknown> = (error: DynaliteError | null | undefined, data?: T) => void;

/** An error with `statusCode` is an answer to the caller, with its body. */
export interface DynaliteError extends Error {
  readonly statusCode?: number;
  readonly body?: Readonly<Record<string, unknown>>;
}

export type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface SubDatabase {
  lock(key: string, work: (release: (callback: Callback) => Callback) => void): void;
  get(key: string, callback: Callback): void;
  put(key: string, value: unknown, callback: Callback): void;
  del(key: string, callback: Callback): void;
}

export interface TableRecord {
  readonly TableName: string;
  readonly TableStatus: string;
  readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
  readonly GlobalSecondaryIndexes?: readonly IndexRecord[];
  readonly LocalSecondaryIndexes?: readonly IndexRecord[];
}

export interface IndexRecord {
  readonly IndexName: string;
  readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
  readonly Projection: Readonly<Record<string, unknown>>;
}

export interface BatchOperation {
  readonly type: 'put' | 'del';
  readonly key: string;
  readonly value?: unknown;
}

export interface Store {
  readonly db: { batch(operations: readonly BatchOperation[]): Promise<void>; open(): Promise<void> };
  readonly tableDb: SubDatabase & { awsAccountId: string; awsRegion: string };
  getItemDb(table: string): SubDatabase;
  getIndexDb(kind: string, table: string, index: string): SubDatabase;
  deleteIndexDb(kind: string, table: string, index: string, callback: Callback): void;
  getTable(name: string, checkStatus: boolean, callback: Callback<TableRecord>): void;
  readonly lifecycleManager: { gracefulClose(): Promise<void> };
}

export type Action = (store: Store, data: Record<string, unknown>, callback: Callback<Record<string, unknown>>) => void;

interface ActionValidation {
  readonly types: unknown;
  readonly custom?: unknown;
}

interface Validations {
  checkTypes(data: unknown, types: unknown): Record<string, unknown>;
  checkValidations(data: unknown, types: unknown, custom: unknown, store: Store): void;
}

interface Database {
  create(options: {
    readonly path?: string | undefined;
    readonly createTableMs: number;
    readonly deleteTableMs: number;
    readonly updateTableMs: number;
  }): Store;
  updateIndexes(store: Store, table: TableRecord, before: Item | null, after: Item | null, callback: Callback): void;
}

const load = createRequire(import.meta.url);
const folder = join(load.resolve('dynalite'), '..');
export const database: Database = load(join(folder, 'db'));
export const validations: Validations = load(join(folder, 'validations'));

const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
] as const;

const fileName = (operation: string): string => `${operation.charAt(0).toLowerCase()}${operation.slice(1)}`;

export const operations: ReadonlyMap<string, { readonly run: Action; readonly validation: ActionValidation }> = new Map(
  OPERATIONS.map((operation) => [
    operation,
    {
      run: load(join(folder, 'actions', fileName(operation))) as Action,
      validation: load(join(folder, 'validations', fileName(operation))) as ActionValidation,
    },
  ]),
);
