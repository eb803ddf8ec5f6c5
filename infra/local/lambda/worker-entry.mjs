// The runtime inside a worker thread: loads the handler as Lambda does and answers one invocation at a time.
// Plain JavaScript, because a worker would load Node's type stripper for a .ts file: 50 ms at every cold start.
import module from 'node:module';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { file, exportName, compileCache, context: fixed } = workerData;

const describe = (error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

const load = async () => {
  if (compileCache) module.enableCompileCache(compileCache);
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    const { errorMessage, trace } = describe(error);
    throw Object.assign(new Error(errorMessage), { name: 'Runtime.ImportModuleError', stack: trace.join('\n') });
  }
  if (compileCache) module.flushCompileCache();
  const found = exportName.split('.').reduce((value, name) => value?.[name], loaded);
  if (typeof found === 'function') return found;
  throw Object.assign(new Error(`${file} exports no function ${exportName}`), { name: 'Runtime.HandlerNotFound' });
};

const invoke = async (handler, { event, requestId, deadline, traceId }) => {
  process.env._X_AMZN_TRACE_ID = traceId;
  const context = {
    ...fixed,
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  const result = await handler(JSON.parse(event), context);
  return JSON.stringify(result) ?? 'null';
};

let handler;
try {
  handler = await load();
} catch (error) {
  parentPort.postMessage({ type: 'init-error', error: describe(error) });
}
if (handler) {
  parentPort.on('message', async (message) => {
    try {
      parentPort.postMessage({ type: 'result', requestId: message.requestId, payload: await invoke(handler, message) });
    } catch (error) {
      parentPort.postMessage({ type: 'error', requestId: message.requestId, error: describe(error) });
    }
  });
  parentPort.postMessage({ type: 'ready' });
}
