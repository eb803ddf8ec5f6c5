import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { describeError, isLadingError } from '../../../../lib/core/errors.ts';
import type { TableDefinition } from '../../template/backends.ts';
import { DynaliteStore } from './dynalite-store.ts';
import type { ThreadCall, ThreadReply } from './table-store.ts';

// The thread that DynamoDB runs in: the other services answer on the main thread, and need not wait for it.
const { folder } = z.object({ folder: z.string().optional() }).parse(workerData);
const store = new DynaliteStore(folder);

async function answer(call: ThreadCall): Promise<unknown> {
  switch (call.kind) {
    case 'execute': {
      const { status, body } = await store.execute(call.region, call.operation, call.body);
      return { status, body: JSON.stringify(body) };
    }
    case 'create-table':
      return await store.createTable(call.table as TableDefinition);
    case 'sweep':
      return await store.sweep(new Date(call.now));
    case 'close':
      return await store.close();
  }
}

parentPort?.on('message', async (call: ThreadCall) => {
  let reply: ThreadReply;
  try {
    reply = { id: call.id, ok: true, value: await answer(call) };
  } catch (error) {
    const code = isLadingError(error) ? error.code : 'dynamodb-failed';
    reply = { id: call.id, ok: false, code, message: describeError(error) };
  }
  parentPort?.postMessage(reply);
});
