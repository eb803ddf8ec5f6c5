import type { LambdaWorker } from './lambda-worker.ts';
import type { Chaos, FunctionError, Outcome } from './model.ts';

export interface PoolOptions {
  /** The most sandboxes at once, which is the most invocations at once. */
  readonly limit: number;
  /** Starts a sandbox; the pool is told of its end through `onExit`. */
  readonly spawn: (onExit: () => void) => LambdaWorker;
  readonly chaos?: Chaos | undefined;
  /** A sandbox beyond the first that had nothing to do for so long is ended. Milliseconds. */
  readonly idleMs?: number;
}

interface Job {
  readonly requestId: string;
  readonly event: string;
  readonly onStart: () => void;
  readonly settle: (outcome: Outcome) => void;
}

/** The sandboxes of one function: started when they are needed, kept warm, replaced when they die. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #queue: Job[] = [];
  readonly #idle: LambdaWorker[] = [];
  readonly #all = new Set<LambdaWorker>();
  #starting = 0;
  #closed = false;
  #reaper: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Runs the event in a sandbox as soon as one is free; `onStart` is called when it begins. Never rejects. */
  invoke(requestId: string, event: string, onStart: () => void = () => {}): Promise<Outcome> {
    return new Promise((settle) => {
      if (this.#closed || this.#options.limit === 0) {
        const why = this.#closed ? 'the stack is closing' : 'the reserved concurrency is 0';
        settle({ kind: 'error', reason: 'throttled', error: tooMany(why), durationMs: 0 });
        return;
      }
      this.#queue.push({ requestId, event, onStart, settle });
      this.#pump();
    });
  }

  /** Starts a sandbox if there is none, and waits until it is ready. */
  async warm(): Promise<void> {
    if (this.#all.size > 0 || this.#closed || this.#options.limit === 0) return;
    await this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reaper);
    for (const job of this.#queue.splice(0)) {
      job.settle({ kind: 'error', reason: 'throttled', error: tooMany('the stack is closing'), durationMs: 0 });
    }
    await Promise.all([...this.#all].map((worker) => worker.kill('the stack is closing')));
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop();
      if (worker === undefined) break;
      if (worker.dead) continue;
      const job = this.#queue.shift();
      if (job !== undefined) void this.#run(worker, job);
    }
    // Sandboxes that are starting will take jobs off the queue, too.
    for (let need = this.#queue.length - this.#starting; need > 0 && this.#all.size < this.#options.limit; need--) {
      void this.#start();
    }
  }

  async #start(): Promise<void> {
    this.#starting++;
    const worker = this.#options.spawn(() => {
      this.#all.delete(worker);
      this.#remove(worker);
      if (!this.#closed) this.#pump();
    });
    this.#all.add(worker);
    const failure = await worker.ready;
    this.#starting--;
    if (failure !== undefined) this.#failOne(failure);
    else this.#idle.push(worker);
    if (!this.#closed) this.#pump();
  }

  #failOne(error: FunctionError): void {
    this.#queue.shift()?.settle({ kind: 'error', reason: 'init', error, durationMs: 0 });
  }

  async #run(worker: LambdaWorker, job: Job): Promise<void> {
    job.onStart();
    const ended = this.#options.chaos?.onStart?.(() => worker.kill());
    const killAfter = this.#options.chaos?.killAfter();
    const killer = killAfter === undefined ? undefined : setTimeout(() => void worker.kill(), killAfter);
    const outcome = await worker.invoke(job.requestId, job.event);
    clearTimeout(killer);
    ended?.();
    job.settle(outcome);
    if (!worker.dead) {
      this.#idle.push(worker);
      this.#reap();
    }
    this.#pump();
  }

  #remove(worker: LambdaWorker): void {
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #reap(): void {
    clearTimeout(this.#reaper);
    this.#reaper = setTimeout(() => {
      for (const worker of this.#idle.slice(0, -1)) void worker.kill('it was idle');
    }, this.#options.idleMs ?? 60_000);
    this.#reaper.unref();
  }
}

const tooMany = (errorMessage: string): FunctionError => ({
  errorType: 'TooManyRequestsException',
  errorMessage,
  trace: [],
});
