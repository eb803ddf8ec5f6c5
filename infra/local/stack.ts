import { DEVELOPER_KEY } from './facade/credentials.ts';
import type { DeniedCall, UnusedGrant } from './facade/iam/access-control.ts';
import type { ApiAddress } from './lambda/http-apis.ts';
import type { FunctionMetrics, InvocationReport, Outcome } from './lambda/model.ts';
import type { TableStore } from './services/dynamodb/table-store.ts';
import type { BusEvent, DroppedEvent, EventInput } from './services/events/model.ts';
import type { LocalScheduler } from './services/scheduler/local-scheduler.ts';
import type { LocalQueues } from './services/sqs/queues.ts';
import type { SettleOptions, SettleResult } from './stack/activity.ts';
import { openDataFolder } from './stack/data-folder.ts';
import type { StackOptions } from './stack/options.ts';
import { StackRuntime } from './stack/runtime.ts';
import type { ProvisionResult } from './template/provision.ts';

export { killRandomly } from './lambda/model.ts';
export type { ExtraServices, ServiceContext, StackOptions } from './stack/options.ts';

/**
 * Starts the system on this machine: bundles and synthesizes (or takes the cached assembly), provisions what the
 * templates declare, and lets the events flow.
 *
 * @throws LadingError `folder-in-use`, `no-space`, `port-in-use`, `dependencies-missing`, `bundle-failed`,
 * `synth-failed`, `template-unresolved` and the like, most with a hint
 */
export async function startLocalStack(options: StackOptions): Promise<LocalStack> {
  const runtime = new StackRuntime(options, await openDataFolder(options.dataDir));
  try {
    await runtime.start();
  } catch (error) {
    await runtime.close().catch(() => {}); // why it did not start says more
    throw error;
  }
  return new LocalStack(runtime);
}

/** The running system. */
export class LocalStack {
  readonly #runtime: StackRuntime;

  constructor(runtime: StackRuntime) {
    this.#runtime = runtime;
  }

  /** `http://127.0.0.1:port`: where SDK clients find every service. */
  get endpoint(): string {
    return this.#runtime.facade.endpoint;
  }

  /** The access key for people and tools of this machine; it may do everything. */
  get developerKey(): typeof DEVELOPER_KEY {
    return DEVELOPER_KEY;
  }

  get accountId(): string {
    return this.#runtime.facade.accountId;
  }

  /** HTTP APIs and function URLs. */
  get apis(): readonly ApiAddress[] {
    return this.#runtime.apis.addresses;
  }

  get resources(): ProvisionResult['resources'] {
    return this.#runtime.provisioned.resources;
  }

  /** Resource types of the template that were not made, with the reason. */
  get skipped(): ProvisionResult['skipped'] {
    return this.#runtime.provisioned.skipped;
  }

  /** What is not evaluated of the policies, and what lies in the data folder without being in the template. */
  get notes(): readonly string[] {
    return [...this.#runtime.access.notes, ...this.#runtime.folder.notes];
  }

  /** By `<stack>.<output>`, as they are on this machine. */
  get outputs(): ReadonlyMap<string, unknown> {
    return this.#runtime.provisioned.outputs;
  }

  /** All queues: counts, dead letters, redrive. */
  get queues(): LocalQueues {
    return this.#runtime.queues;
  }

  get tables(): TableStore {
    return this.#runtime.tables;
  }

  /** Events that no target took and no dead-letter queue waited for. */
  get droppedEvents(): readonly DroppedEvent[] {
    return this.#runtime.droppedEvents;
  }

  /** Calls of functions that their policies do not grant. */
  get deniedCalls(): readonly DeniedCall[] {
    return this.#runtime.access.deniedCalls;
  }

  /** Grants of the functions' policies that no call has needed. */
  unusedGrants(): readonly UnusedGrant[] {
    return this.#runtime.access.unusedGrants();
  }

  /**
   * Puts an event on a bus and gives its id.
   *
   * @throws LadingError `bus-unknown`
   */
  putEvent(region: string, event: EventInput, busName = 'default'): string {
    return this.#runtime.buses.put(busName, { region, accountId: this.accountId }, event);
  }

  /** Called for each event on each bus that it reaches. Returns what ends the listening, as the others do. */
  onEvent(listener: (event: BusEvent, busName: string, region: string) => void): () => void {
    return this.#runtime.buses.onEvent(listener);
  }

  onInvocation(listener: (report: InvocationReport) => void): () => void {
    return this.#runtime.functions.onInvocation(listener);
  }

  /** By function name. */
  metrics(): ReadonlyMap<string, FunctionMetrics> {
    return this.#runtime.functions.metrics();
  }

  /** @throws LadingError `function-unknown` */
  async invoke(functionName: string, event: unknown): Promise<Outcome> {
    const { functions } = this.#runtime;
    return await functions.invoke(functions.find(functionName), event, 'direct');
  }

  /**
   * Runs now what runs the function by schedule, through its queue if it has one; gives the number of schedules.
   *
   * @throws LadingError `function-unknown`
   */
  runSchedule(functionName: string): number {
    const { functions, scheduler } = this.#runtime;
    const { arn } = functions.find(functionName).definition;
    const queues = functions.eventSources.filter((source) => source.functionArn === arn);
    const leading = new Set([arn, ...queues.map(({ queueArn }) => queueArn)]);
    return scheduler.run(({ targetArns }) => targetArns.some((target) => leading.has(target)));
  }

  /** Schedules with the time at which each is due next. */
  upcoming(): ReturnType<LocalScheduler['upcoming']> {
    return this.#runtime.scheduler.upcoming();
  }

  /** Starts a sandbox of every function before the first event. */
  async warm(): Promise<void> {
    await this.#runtime.functions.warm();
  }

  /** Whether no function runs and no message waits for one. */
  idle(): boolean {
    return this.#runtime.activity.idle();
  }

  /** Waits until nothing happens any more. Dead letters, which nobody works on, do not count. */
  async settle(options: SettleOptions = {}): Promise<SettleResult> {
    return await this.#runtime.activity.settle(options);
  }

  /** Ends everything in order: no new events, what runs may finish for two seconds, then the stores. */
  async close(): Promise<void> {
    await this.#runtime.close();
  }
}
