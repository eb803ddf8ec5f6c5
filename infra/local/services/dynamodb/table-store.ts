import { Worker } from 'node:worker_threads';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { TableBackend, TableDefinition } from '../../template/backends.ts';

type Request =
  | { readonly kind: 'execute'; readonly region: string; readonly operation: string; readonly body: string }
  | { readonly kind: 'create-table'; readonly table: TableDefinition }
  | { readonly kind: 'sweep'; readonly now: number }
  | { readonly kind: 'close' };
export type ThreadCall = Request & { readonly id: number };
export type ThreadReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

export interface ExecuteAnswer {
  readonly status: number;
  /** JSON */
  readonly body: string;
}

export interface TableStoreOptions {
  /** Where the databases lie; without it they are in memory. */
  readonly folder?: string;
  /** Milliseconds between the searches for expired items. DynamoDB takes days; the default here is ten minutes. */
  readonly sweepMs?: number;
  /** What the thread runs. @default store-thread.ts */
  readonly thread?: URL;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LadingError) => void;
}

/** A thread that dies so often is not started again. */
const MAX_RESTARTS = 5;

/** DynamoDB in a thread of its own, which is started again with its tables if it dies. */
export class TableStore implements TableBackend {
  readonly #options: TableStoreOptions;
  readonly #tables: TableDefinition[] = [];
  readonly #pending = new Map<number, Pending>();
  #worker: Worker;
  #nextId = 0;
  #restarts = 0;
  #closed = false;
  #lastError: unknown;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: TableStoreOptions = {}) {
    this.#options = options;
    this.#worker = this.#start();
    this.#sweeper = setInterval(() => void this.sweep(new Date()).catch(() => {}), options.sweepMs ?? 600_000);
    this.#sweeper.unref();
  }

  /** @throws LadingError `table-changed` or `table-invalid` */
  async createTable(table: TableDefinition): Promise<void> {
    await this.#call({ kind: 'create-table', table });
    this.#tables.push(table);
  }

  /** Runs an operation of the JSON protocol: `PutItem` with its body. Errors of DynamoDB are answers. */
  async execute(region: string, operation: string, body: string): Promise<ExecuteAnswer> {
    return (await this.#call({ kind: 'execute', region, operation, body })) as ExecuteAnswer;
  }

  /** Deletes what has outlived its time to live; returns how many items. */
  async sweep(now: Date): Promise<number> {
    return (await this.#call({ kind: 'sweep', now: now.getTime() })) as number;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#sweeper);
    await this.#call({ kind: 'close' });
    this.#closed = true;
    await this.#worker.terminate();
  }

  #call(request: Request): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#closed || this.#restarts > MAX_RESTARTS) {
        reject(gone(this.#lastError));
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id } satisfies ThreadCall);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#options.thread ?? new URL('./store-thread.ts', import.meta.url), {
      name: 'dynamodb',
      workerData: this.#options.folder === undefined ? {} : { folder: this.#options.folder },
      execArgv: [],
    });
    worker.on('message', (reply: ThreadReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if (reply.ok) pending?.resolve(reply.value);
      else pending?.reject(new LadingError(reply.code, reply.message));
    });
    worker.on('error', (error) => {
      this.#lastError = error;
    });
    worker.on('exit', () => this.#onExit());
    return worker;
  }

  #onExit(): void {
    for (const { reject } of this.#pending.values()) reject(gone(this.#lastError));
    this.#pending.clear();
    if (this.#closed || ++this.#restarts > MAX_RESTARTS) return;
    this.#worker = this.#start();
    for (const table of this.#tables) void this.#call({ kind: 'create-table', table }).catch(() => {});
  }
}

const gone = (cause: unknown): LadingError =>
  new LadingError('dynamodb-gone', 'the local DynamoDB stopped while it worked on this', { cause, retryable: true });
