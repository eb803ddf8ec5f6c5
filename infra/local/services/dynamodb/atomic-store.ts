import type { BatchOperation, Callback, Store, SubDatabase } from './dynalite-internals.ts';

/**
 * The store as one write sees it: changes of index entries wait for the item, and go to disk with it as one batch.
 * dynalite writes them one by one, so that a kill in between would leave an index that tells of an item that is not
 * there, for ever.
 */
export function atomicStore(store: Store): Store {
  const writes = new WriteGroup(store);
  return Object.assign(Object.create(store) as Store, {
    getItemDb: (table: string) => itemDatabase(store.getItemDb(table), `item-${table}~`, writes),
    getIndexDb: (kind: string, table: string, index: string) =>
      indexDatabase(store.getIndexDb(kind, table, index), `index-${kind.toLowerCase()}~${table}~${index}~`, writes),
  });
}

/** Collects the operations of this turn of the event loop, and writes them together. */
class WriteGroup {
  readonly #store: Store;
  #operations: BatchOperation[] = [];
  #callbacks: Callback[] = [];
  #scheduled = false;

  constructor(store: Store) {
    this.#store = store;
  }

  add(operation: BatchOperation): void {
    this.#operations.push(operation);
  }

  commit(operation: BatchOperation, callback: Callback): void {
    this.#operations.push(operation);
    this.#callbacks.push(callback);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A batch write commits several items in this turn.
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    this.#scheduled = false;
    const callbacks = this.#callbacks;
    const operations = this.#operations;
    this.#callbacks = [];
    this.#operations = [];
    let failure: Error | null = null;
    try {
      await this.#store.db.batch(operations);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    for (const callback of callbacks) callback(failure);
  }
}

function itemDatabase(real: SubDatabase, prefix: string, writes: WriteGroup): SubDatabase {
  return {
    lock: (key, work) => real.lock(key, work),
    get: (key, callback) => real.get(key, callback),
    put: (key, value, callback) => writes.commit({ type: 'put', key: prefix + key, value }, callback),
    del: (key, callback) => writes.commit({ type: 'del', key: prefix + key }, callback),
  };
}

function indexDatabase(real: SubDatabase, prefix: string, writes: WriteGroup): SubDatabase {
  return {
    lock: (key, work) => real.lock(key, work),
    get: (key, callback) => real.get(key, callback),
    put: (key, value, callback) => {
      writes.add({ type: 'put', key: prefix + key, value });
      callback(null);
    },
    del: (key, callback) => {
      writes.add({ type: 'del', key: prefix + key });
      callback(null);
    },
  };
}
