import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LadingError } from '../../../lib/core/errors.ts';
import type { AsyncConfig, EventSourceDefinition, FunctionBackend, FunctionDefinition } from '../template/backends.ts';
import { FunctionLog } from './function-log.ts';
import { LambdaWorker } from './lambda-worker.ts';
import type { Chaos, FunctionMetrics, InvocationReport, InvocationSource, Outcome } from './model.ts';
import { sourcePositions } from './source-positions.ts';
import { WorkerPool } from './worker-pool.ts';

export interface FunctionsOptions {
  /** Folder of the log files. */
  readonly logFolder: string;
  readonly compileCache?: string;
  /** The most sandboxes of one function, whatever its reserved concurrency: the machine is small. */
  readonly maxWorkersPerFunction: number;
  /** Variables that the Lambda service sets: credentials of the role, endpoint of the facade. */
  readonly serviceEnvironment: (fn: FunctionDefinition) => Readonly<Record<string, string>>;
  /** The template's variables as the local stack serves them (addresses of APIs on this machine). */
  readonly localise?: (value: string) => string;
  readonly chaos?: (fn: FunctionDefinition) => Chaos | undefined;
  readonly onLog?: (fn: FunctionDefinition, line: string) => void;
}

export interface LocalFunction {
  readonly definition: FunctionDefinition;
  /** The most invocations at once. */
  readonly concurrency: number;
  readonly pool: WorkerPool;
  readonly log: FunctionLog;
}

type Counters = { -readonly [K in keyof FunctionMetrics]: FunctionMetrics[K] };

/** The functions of the template: their sandboxes, logs and figures. */
export class LocalFunctions implements FunctionBackend {
  readonly #options: FunctionsOptions;
  readonly #functions = new Map<string, LocalFunction>();
  readonly #counters = new Map<string, Counters>();
  readonly #listeners = new Set<(report: InvocationReport) => void>();
  readonly eventSources: EventSourceDefinition[] = [];
  readonly asyncConfigs = new Map<string, AsyncConfig>();

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  createFunction(definition: FunctionDefinition): void {
    const code = locateCode(definition);
    const log = new FunctionLog(join(this.#options.logFolder, `${definition.region}-${definition.name}.log`), {
      onLine: (line) => this.#options.onLog?.(definition, line),
      readable: sourcePositions(code.file),
    });
    const concurrency = Math.min(
      definition.reservedConcurrency ?? Number.POSITIVE_INFINITY,
      this.#options.maxWorkersPerFunction,
    );
    const pool = new WorkerPool({
      limit: concurrency,
      chaos: this.#options.chaos?.(definition),
      spawn: (onExit) =>
        new LambdaWorker({
          definition,
          code,
          // Not before the first start: addresses of APIs are known when everything is provisioned.
          environment: this.#environment(definition),
          log,
          compileCache: this.#options.compileCache,
          onExit,
        }),
    });
    this.#functions.set(definition.arn, { definition, concurrency, pool, log });
    this.#counters.set(definition.arn, { ...zero });
  }

  createEventSource(source: EventSourceDefinition): void {
    this.eventSources.push(source);
  }

  configureAsync(config: AsyncConfig): void {
    this.asyncConfigs.set(config.functionArn, config);
  }

  all(): readonly LocalFunction[] {
    return [...this.#functions.values()];
  }

  /**
   * By ARN (with or without qualifier), by name, or by logical id.
   *
   * @throws LadingError `function-unknown`
   */
  find(reference: string): LocalFunction {
    const arn = /^(arn:aws:lambda:[^:]*:[^:]*:function:[^:]+)/.exec(reference)?.[1] ?? reference;
    const found =
      this.#functions.get(arn) ??
      this.all().find(({ definition: { name, logicalId } }) => name === reference || logicalId === reference);
    if (found !== undefined) return found;
    const known = this.all().map(({ definition }) => definition.name);
    throw new LadingError('function-unknown', `there is no function "${reference}"`, {
      hint: `functions here: ${known.join(', ') || 'none'}`,
    });
  }

  /** Runs the function with the event and waits for its end. Errors of the function are outcomes. */
  async invoke(
    fn: LocalFunction,
    event: unknown,
    source: InvocationSource,
    requestId: string = randomUUID(),
  ): Promise<Outcome> {
    const counters = this.#counters.get(fn.definition.arn);
    if (counters === undefined) throw new LadingError('function-unknown', `there is no ${fn.definition.arn}`);
    let startedAt = new Date();
    let started = false;
    counters.waiting++;
    const outcome = await fn.pool.invoke(requestId, JSON.stringify(event ?? null), () => {
      started = true;
      startedAt = new Date();
      counters.waiting--;
      counters.running++;
    });
    if (started) counters.running--;
    else counters.waiting--;
    counters.invocations++;
    counters.totalDurationMs += outcome.durationMs;
    counters.maxDurationMs = Math.max(counters.maxDurationMs, outcome.durationMs);
    if (outcome.kind === 'error') counters.errors++;
    this.#report(fn, outcome, { requestId, source, startedAt });
    return outcome;
  }

  /** Called after each invocation. Returns what ends the listening. */
  onInvocation(listener: (report: InvocationReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  metrics(): ReadonlyMap<string, FunctionMetrics> {
    return new Map(this.all().map(({ definition: { arn, name } }) => [name, { ...zero, ...this.#counters.get(arn) }]));
  }

  /** Invocations that run or wait for a sandbox. */
  get active(): number {
    let active = 0;
    for (const { running, waiting } of this.#counters.values()) active += running + waiting;
    return active;
  }

  /** Starts a sandbox of every function, so that the first event does not wait for it. */
  async warm(): Promise<void> {
    for (const { pool } of this.#functions.values()) await pool.warm();
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map(({ pool }) => pool.close()));
    await Promise.all(this.all().map(({ log }) => log.close()));
  }

  #environment(definition: FunctionDefinition): Record<string, string> {
    const { localise = (value: string) => value, serviceEnvironment } = this.#options;
    const own = Object.entries(definition.environment).map(([name, value]) => [name, localise(value)] as const);
    const { name, region, memoryMb, handler, logGroup, logLevel } = definition;
    return {
      ...Object.fromEntries(own),
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
      AWS_LAMBDA_LOG_FORMAT: logLevel === undefined ? 'Text' : 'JSON',
      ...(logLevel === undefined ? {} : { AWS_LAMBDA_LOG_LEVEL: logLevel }),
      AWS_LAMBDA_LOG_STREAM_NAME: 'local',
      LAMBDA_TASK_ROOT: definition.codeFolder,
      _HANDLER: handler,
      TZ: ':UTC',
      ...serviceEnvironment(definition),
    };
  }

  #report(
    fn: LocalFunction,
    outcome: Outcome,
    about: { readonly requestId: string; readonly source: InvocationSource; readonly startedAt: Date },
  ): void {
    const failed = outcome.kind === 'error' ? outcome : undefined;
    const failedItems = failed === undefined && about.source === 'queue' ? countFailures(outcome) : undefined;
    const report: InvocationReport = {
      functionName: fn.definition.name,
      ...about,
      durationMs: outcome.durationMs,
      outcome: failed?.reason ?? 'success',
      ...(failed === undefined ? {} : { error: `${failed.error.errorType}: ${failed.error.errorMessage}` }),
      ...(failedItems === undefined ? {} : { failedItems }),
    };
    if (failed !== undefined) {
      const { requestId } = about;
      fn.log.write(JSON.stringify({ level: 'ERROR', message: report.error, requestId, ...failed.error }));
    }
    for (const listener of this.#listeners) listener(report);
  }
}

const zero: FunctionMetrics = {
  invocations: 0,
  errors: 0,
  running: 0,
  waiting: 0,
  totalDurationMs: 0,
  maxDurationMs: 0,
};

function countFailures(outcome: Outcome): number {
  const match = outcome.kind === 'success' ? outcome.payload.match(/"itemIdentifier"/g) : null;
  return match?.length ?? 0;
}

/** `index.handler` is the export `handler` of index.mjs, index.js or index.cjs in the folder of the code. */
function locateCode({ codeFolder, handler, name }: FunctionDefinition): { file: string; exportName: string } {
  const slash = handler.lastIndexOf('/') + 1;
  const dot = handler.indexOf('.', slash);
  const module = dot < 0 ? handler : handler.slice(0, dot);
  for (const extension of ['mjs', 'js', 'cjs']) {
    const file = join(codeFolder, `${module}.${extension}`);
    if (existsSync(file)) return { file, exportName: dot < 0 ? 'handler' : handler.slice(dot + 1) };
  }
  throw new LadingError(
    'code-missing',
    `the code of function ${name} has no ${module}.mjs, .js or .cjs in ${codeFolder}`,
    {
      hint: 'the bundles are made before the template is synthesised; delete the cache of the assembly',
    },
  );
}
