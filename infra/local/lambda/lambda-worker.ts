import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { FunctionDefinition } from '../template/backends.ts';
import type { FunctionLog } from './function-log.ts';
import { type FunctionError, type Outcome, workerMessage } from './model.ts';

export interface WorkerOptions {
  readonly definition: FunctionDefinition;
  /** The file and the export that the handler is. */
  readonly code: { readonly file: string; readonly exportName: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly log: FunctionLog;
  /** Folder for V8's compile cache: later workers parse the bundle faster. */
  readonly compileCache?: string | undefined;
  readonly onExit: () => void;
}

/** Lambda allows ten seconds for the init phase. */
const INIT_TIMEOUT_MS = 10_000;

/** Lambda quotas, "Invocation payload": 6 MB each for request and response, synchronous. */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024;

interface Current {
  readonly requestId: string;
  readonly startedAt: number;
  readonly timer: NodeJS.Timeout;
  readonly settle: (outcome: Outcome) => void;
}

/** One sandbox: a worker thread with the bundle loaded, running one invocation at a time. */
export class LambdaWorker {
  readonly #worker: Worker;
  readonly #options: WorkerOptions;
  /** Undefined when the handler is loaded; the error where it could not be. */
  readonly ready: Promise<FunctionError | undefined>;
  #readyResolve: (error: FunctionError | undefined) => void = () => {};
  #current: Current | undefined;
  #dead = false;
  #death: FunctionError | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { definition, code, log } = options;
    this.ready = new Promise((resolve) => {
      this.#readyResolve = resolve;
    });
    this.#worker = new Worker(new URL('./worker-entry.mjs', import.meta.url), {
      name: definition.name,
      env: { ...options.environment },
      workerData: { ...code, compileCache: options.compileCache, context: contextOf(definition) },
      resourceLimits: { maxOldGenerationSizeMb: definition.memoryMb },
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    log.follow(this.#worker.stdout);
    log.follow(this.#worker.stderr);
    const initTimer = setTimeout(
      () => this.#die('Sandbox.Timedout', 'the init phase took over 10 seconds'),
      INIT_TIMEOUT_MS,
    );
    void this.ready.then(() => clearTimeout(initTimer));
    this.#worker.on('message', (message: unknown) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#onError(error));
    this.#worker.on('exit', (exitCode) => this.#onExit(exitCode));
    // What keeps the process alive is the stack, not its sandboxes.
    this.#worker.unref();
  }

  get dead(): boolean {
    return this.#dead;
  }

  invoke(requestId: string, event: string): Promise<Outcome> {
    const timeoutMs = this.#options.definition.timeoutSeconds * 1000;
    return new Promise((settle) => {
      if (this.#dead) {
        settle(this.#failed('crash', this.#death ?? exited(), 0));
        return;
      }
      const timer = setTimeout(() => this.#onTimeout(requestId), timeoutMs);
      this.#current = { requestId, startedAt: performance.now(), timer, settle };
      const traceId = `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')};Sampled=0`;
      this.#worker.postMessage({ requestId, event, deadline: Date.now() + timeoutMs, traceId });
    });
  }

  /** Ends the thread at once, as a crash of the sandbox would; an invocation that runs fails. */
  async kill(why = 'the sandbox was killed'): Promise<void> {
    this.#death ??= { errorType: 'Runtime.ExitError', errorMessage: why, trace: [] };
    this.#dead = true;
    await this.#worker.terminate();
  }

  #die(errorType: string, errorMessage: string): void {
    this.#death = { errorType, errorMessage, trace: [] };
    void this.kill();
  }

  #onMessage(raw: unknown): void {
    const parsed = workerMessage.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case 'ready':
        this.#readyResolve(undefined);
        return;
      case 'init-error':
        this.#death = message.error;
        void this.kill();
        return;
      case 'result':
        this.#settle(message.requestId, (durationMs) => this.#succeeded(message.payload, durationMs));
        return;
      case 'error':
        this.#settle(message.requestId, (durationMs) => this.#failed('handled', message.error, durationMs));
    }
  }

  #onTimeout(requestId: string): void {
    const seconds = this.#options.definition.timeoutSeconds.toFixed(2);
    const error = { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds`, trace: [] };
    this.#dead = true;
    this.#settle(requestId, (durationMs) => this.#failed('timeout', error, durationMs));
    void this.kill();
  }

  #onError(error: unknown): void {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const errorType = code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'Runtime.OutOfMemory' : name;
    this.#death ??= { errorType, errorMessage: message, trace: (stack ?? '').split('\n') };
    this.#options.log.write(JSON.stringify({ level: 'ERROR', message: `the sandbox died: ${message}`, errorType }));
  }

  #onExit(exitCode: number): void {
    this.#dead = true;
    const death = this.#death ?? exited(exitCode);
    this.#readyResolve(death);
    const current = this.#current;
    if (current !== undefined)
      this.#settle(current.requestId, (durationMs) => this.#failed('crash', death, durationMs));
    this.#options.onExit();
  }

  #settle(requestId: string, outcome: (durationMs: number) => Outcome): void {
    const current = this.#current;
    if (current === undefined || current.requestId !== requestId) return;
    this.#current = undefined;
    clearTimeout(current.timer);
    current.settle(outcome(performance.now() - current.startedAt));
  }

  #succeeded(payload: string, durationMs: number): Outcome {
    // A text of n characters has up to 3 n bytes.
    if (payload.length * 3 <= MAX_RESPONSE_BYTES || Buffer.byteLength(payload) <= MAX_RESPONSE_BYTES) {
      return { kind: 'success', payload, durationMs };
    }
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
    return this.#failed('handled', { errorType: 'Function.ResponseSizeTooLarge', errorMessage, trace: [] }, durationMs);
  }

  #failed(reason: 'handled' | 'timeout' | 'crash', error: FunctionError, durationMs: number): Outcome {
    return { kind: 'error', reason, error, durationMs };
  }
}

const exited = (exitCode = 0): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `the runtime exited with code ${exitCode}`,
  trace: [],
});

/** The members of the handler's context that never change. */
const contextOf = ({ name, arn, memoryMb, logGroup }: FunctionDefinition): Record<string, string> => ({
  functionName: name,
  functionVersion: '$LATEST',
  invokedFunctionArn: arn,
  memoryLimitInMB: String(memoryMb),
  logGroupName: logGroup,
  logStreamName: 'local',
});
