import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../lib/core/clock.ts';
import { compilePattern } from '../../../lib/events/pattern.ts';
import { type Assembly, buildAssembly, LOCAL_ENVIRONMENT } from '../assembly/build-assembly.ts';
import { CredentialBook } from '../facade/credentials.ts';
import { Facade } from '../facade/facade.ts';
import { AccessControl } from '../facade/iam/access-control.ts';
import { stsService } from '../facade/sts-service.ts';
import { AsyncInvoker } from '../lambda/async-invoker.ts';
import { HttpApis } from '../lambda/http-apis.ts';
import { LocalFunctions } from '../lambda/local-functions.ts';
import { lambdaService } from '../lambda/service.ts';
import { SqsPoller } from '../lambda/sqs-poller.ts';
import { dynamoService } from '../services/dynamodb/service.ts';
import { TableStore } from '../services/dynamodb/table-store.ts';
import { type Deliver, EventBuses } from '../services/events/event-buses.ts';
import type { DroppedEvent } from '../services/events/model.ts';
import { eventsService } from '../services/events/service.ts';
import { LocalScheduler } from '../services/scheduler/local-scheduler.ts';
import { LocalSchedules } from '../services/scheduler/local-schedules.ts';
import { LocalQueues } from '../services/sqs/queues.ts';
import { sqsService } from '../services/sqs/service.ts';
import type { EventSourceDefinition } from '../template/backends.ts';
import { type ProvisionResult, provision } from '../template/provision.ts';
import { resourceHandlers } from '../template/resources/index.ts';
import { Activity } from './activity.ts';
import type { DataFolder } from './data-folder.ts';
import { deliverTo } from './deliver.ts';
import type { ExtraServices, StackOptions } from './options.ts';
import { checkServiceRights } from './service-rights.ts';

/** How long functions may go on when the stack closes, in milliseconds. */
const GRACE_MS = 2_000;

/** The most dropped events that are kept. */
const MAX_DROPPED = 1000;

/** The parts of a stack, put together; `LocalStack` is what others see of it. */
export class StackRuntime {
  readonly options: StackOptions;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly credentials = new CredentialBook();
  readonly access = new AccessControl();
  readonly scheduler: LocalScheduler;
  readonly queues: LocalQueues;
  readonly tables: TableStore;
  readonly buses: EventBuses;
  readonly functions: LocalFunctions;
  readonly async: AsyncInvoker;
  readonly apis: HttpApis;
  readonly facade: Facade;
  readonly activity: Activity;
  readonly droppedEvents: DroppedEvent[] = [];
  provisioned: ProvisionResult = { resources: [], skipped: [], outputs: new Map() };
  readonly #deliver: Deliver;
  readonly #pollers: SqsPoller[] = [];
  #extra: ExtraServices | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: StackOptions, folder: DataFolder) {
    this.options = options;
    this.folder = folder;
    this.clock = options.clock ?? systemClock;
    this.scheduler = new LocalScheduler(this.clock);
    this.queues = new LocalQueues({ clock: this.clock, endpoint: () => this.facade.endpoint });
    this.tables = new TableStore({ folder: join(folder.path, 'dynamodb') });
    this.#deliver = deliverTo(this.queues, () => this.async);
    this.buses = this.#makeBuses();
    this.functions = this.#makeFunctions();
    this.async = new AsyncInvoker({
      functions: this.functions,
      destinations: { deliver: (arn, body, attributes) => this.#deliver(arn, body, attributes ? { attributes } : {}) },
      retryDelaysMs: options.asyncRetryDelaysMs ?? [1_000, 2_000],
      onChange: () => this.activity.touch(),
    });
    this.apis = new HttpApis({
      ports: options.ports?.apis ?? [],
      invoke: (arn, event) => this.functions.invoke(this.functions.find(arn), event, 'http'),
    });
    this.facade = this.#makeFacade();
    this.activity = new Activity(() => this.#busy());
    this.queues.onChange(() => this.activity.touch());
    this.functions.onInvocation(() => this.activity.touch());
  }

  async start(): Promise<void> {
    const { ports, accountId, services, schedules } = this.options;
    await this.facade.listen(ports?.facade ?? 0);
    const assembly = await this.#assemble();
    this.facade.accountId = accountId ?? assembly.stacks[0]?.accountId ?? LOCAL_ENVIRONMENT.accountId;
    this.#extra = await services?.({
      dataDir: this.folder.path,
      accountId: this.facade.accountId,
      regions: [...new Set(assembly.stacks.map(({ region }) => region))],
      clock: this.clock,
      endpoint: this.facade.endpoint,
      codeFolder: (name) => join(assembly.bundles, name),
      roleEnvironment: (principal) => this.#environmentOf(principal),
      localise: (text) => this.localise(text),
      putEvent: (region, event) => {
        this.buses.put('default', { region, accountId: this.facade.accountId }, event);
      },
      authorize: (principal, permission) => this.facade.authorize(principal, permission),
    });
    for (const service of this.#extra?.services ?? []) this.facade.add(service);
    await this.#provision(assembly);
    checkServiceRights(this.access, this.functions, this.clock.now());
    for (const source of this.functions.eventSources) if (source.enabled) this.#startPoller(source);
    if (schedules ?? true) this.scheduler.start();
  }

  /** The text as it is on this machine. */
  localise(value: string): string {
    return this.apis.localise(this.options.localise?.(value) ?? value);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.scheduler.close();
    const stopped = Promise.all(this.#pollers.map((poller) => poller.stop()));
    this.queues.close();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([stopped, grace]);
    clearTimeout(timer);
    this.async.close();
    const failures: unknown[] = [];
    const steps: (() => Promise<void> | undefined)[] = [
      () => this.apis.close(),
      () => this.functions.close(),
      () => this.facade.close(),
      () => this.tables.close(),
      () => this.#extra?.close?.(),
      () => this.folder.release(),
    ];
    // One that fails must not keep the others from closing, nor the folder locked.
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  #makeBuses(): EventBuses {
    return new EventBuses({
      clock: this.clock,
      compilePattern,
      deliver: this.#deliver,
      scheduler: this.scheduler,
      onDropped: (dropped) => {
        if (this.droppedEvents.length < MAX_DROPPED) this.droppedEvents.push(dropped);
        this.#notice(`an event was dropped: ${dropped.why} (${dropped.ruleArn} → ${dropped.targetArn})`);
      },
      intercept: this.options.intercept,
    });
  }

  #makeFunctions(): LocalFunctions {
    const { maxWorkersPerFunction, chaos, onLog } = this.options;
    return new LocalFunctions({
      logFolder: join(this.folder.path, 'logs'),
      compileCache: join(this.folder.path, 'compile-cache'),
      maxWorkersPerFunction: maxWorkersPerFunction ?? Math.min(Math.max(availableParallelism() - 1, 2), 4),
      serviceEnvironment: ({ principal }) => this.#environmentOf(principal),
      localise: (value) => this.localise(value),
      ...(chaos ? { chaos } : {}),
      onLog: ({ name }, line) => onLog?.(name, line),
    });
  }

  #environmentOf(principal: string): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken } = this.credentials.issue(principal);
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL: this.facade.endpoint,
    };
  }

  #makeFacade(): Facade {
    const facade = new Facade({
      accountId: this.options.accountId ?? LOCAL_ENVIRONMENT.accountId,
      credentials: this.credentials,
      access: this.access,
      clock: this.clock,
      onFault: (service, why) => this.#notice(`the local ${service} failed: ${why}`),
    });
    facade.add(dynamoService(this.tables));
    facade.add(sqsService(this.queues));
    facade.add(eventsService(this.buses));
    facade.add(lambdaService(this.functions, this.async));
    facade.add(stsService((name) => this.access.roleArn(name)));
    return facade;
  }

  async #assemble(): Promise<Assembly> {
    const { assembly, assemblyDir, root, app, context, accountId = LOCAL_ENVIRONMENT.accountId } = this.options;
    if (assembly !== undefined) return assembly;
    return await buildAssembly({
      root,
      cacheDir: assemblyDir ?? join(this.folder.path, 'assembly'),
      ...(app === undefined ? {} : { app }),
      ...(context === undefined ? {} : { context }),
      defaults: { ...LOCAL_ENVIRONMENT, accountId },
    });
  }

  async #provision(assembly: Assembly): Promise<void> {
    const schedules = new LocalSchedules({
      scheduler: this.scheduler,
      deliver: this.#deliver,
      onFailure: (arn, why) => this.#notice(`the schedule ${arn} failed: ${why}`),
    });
    const handlers = resourceHandlers({
      tables: this.tables,
      queues: this.queues,
      events: this.buses,
      schedules,
      functions: this.functions,
      apis: this.apis,
      policies: this.access,
      ...this.#extra?.backends,
    });
    const result = await provision({ stacks: assembly.stacks, handlers });
    const outputs = [...result.outputs].map(([name, value]): [string, unknown] => [
      name,
      typeof value === 'string' ? this.localise(value) : value,
    ]);
    this.provisioned = { ...result, outputs: new Map(outputs) };
    await this.folder.record(result.resources);
  }

  #startPoller(source: EventSourceDefinition): void {
    const fn = this.functions.find(source.functionArn);
    const poller = new SqsPoller({
      source,
      queue: this.queues.require(source.queueArn),
      invoke: (event) => this.functions.invoke(fn, event, 'queue'),
      concurrency: Math.min(source.maximumConcurrency ?? Number.POSITIVE_INFINITY, fn.concurrency),
      filters: source.filters.map(compilePattern),
      retryAfterSeconds: this.options.retryAfterSeconds,
    });
    this.#pollers.push(poller);
    poller.start();
  }

  /** What is going on. Dead letters, which nobody works on, do not count. */
  #busy(): readonly string[] {
    const busy: string[] = [];
    const running = this.functions.active;
    if (running > 0) busy.push(`${running} invocations`);
    if (this.async.pending > 0) busy.push(`${this.async.pending} asynchronous invocations`);
    for (const { queueArn, enabled } of this.functions.eventSources) {
      const queue = enabled ? this.queues.byArn(queueArn) : undefined;
      if (queue === undefined) continue;
      const { visible, inFlight, delayed } = queue.counts();
      const waiting = visible + inFlight + delayed;
      if (waiting > 0) busy.push(`${waiting} messages in ${queue.definition.name}`);
    }
    return busy;
  }

  #notice(line: string): void {
    this.options.onNotice?.(line);
  }
}
