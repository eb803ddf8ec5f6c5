import type { Clock } from '../../../lib/core/clock.ts';
import type { Assembly } from '../assembly/build-assembly.ts';
import type { Chaos } from '../lambda/model.ts';
import type { RetryDelay } from '../lambda/sqs-poller.ts';
import type { BusEvent, EventInput } from '../services/events/model.ts';
import type { LocalService, RequiredPermission } from '../services/service.ts';
import type { Backends, FunctionDefinition } from '../template/backends.ts';

export interface StackOptions {
  /** The folder that holds infra/, functions/ and lib/. */
  readonly root: string;
  /** Where everything is kept: one stack at a time. */
  readonly dataDir: string;
  /** Where assemblies are cached. @default `assembly` in the data folder */
  readonly assemblyDir?: string;
  /** 0 or absent: chosen by the system. APIs and function URLs take theirs in the order of the template. */
  readonly ports?: { readonly facade?: number; readonly apis?: readonly number[] };
  /** Opens the services that the stack does not bring itself (S3, KMS, ECR, Secrets Manager, SSM). */
  readonly services?: (context: ServiceContext) => Promise<ExtraServices>;
  /** The CDK app below the root. @default infra/app.ts */
  readonly app?: string;
  /** Context over that of cdk.json. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** An assembly made before, instead of root, app and context. */
  readonly assembly?: Assembly;
  /** Over the account of the template, which may leave it open. */
  readonly accountId?: string;
  /** What a variable or output of the template is on this machine (hosts of registries). */
  readonly localise?: (value: string) => string;
  readonly clock?: Clock;
  /** @default one less than the processors, from 2 to 4 */
  readonly maxWorkersPerFunction?: number;
  /**
   * Seconds until a failed message is tried again, also by how often it was received: a queue gives a message up after
   * so many receives, however soon they come. @default as on AWS, the rest of the visibility timeout
   */
  readonly retryAfterSeconds?: RetryDelay;
  /** Milliseconds before the two retries of asynchronous invocations. @default 1 s and 2 s, where AWS waits minutes */
  readonly asyncRetryDelaysMs?: readonly [number, number];
  /** Whether schedules fire by themselves; `runSchedule` always works. @default true */
  readonly schedules?: boolean;
  /** Kills sandboxes in tests; see `killRandomly`. */
  readonly chaos?: (fn: FunctionDefinition) => Chaos | undefined;
  /** Loses and doubles events in tests. */
  readonly intercept?: (event: BusEvent, busName: string) => readonly BusEvent[];
  /** What happens in the stack, line by line. */
  readonly onNotice?: (line: string) => void;
  /** What functions print, line by line. */
  readonly onLog?: (functionName: string, line: string) => void;
}

/** What further services are opened with. */
export interface ServiceContext {
  /** A folder of its own for each service belongs below it. */
  readonly dataDir: string;
  readonly accountId: string;
  /** The regions of the stacks, the primary one first. */
  readonly regions: readonly string[];
  readonly clock: Clock;
  /** The address of the facade. */
  readonly endpoint: string;
  /** The bundle of a function, and what code that runs as a role finds in its environment. */
  readonly codeFolder: (functionName: string) => string;
  readonly roleEnvironment: (principal: string) => Readonly<Record<string, string>>;
  /** A text of the template as it is on this machine. */
  readonly localise: (text: string) => string;
  /** Puts an event on the default bus of a region, as AWS services do; their sources begin with `aws.`. */
  readonly putEvent: (region: string, event: EventInput) => void;
  /**
   * Whether the role (a `principal` of a service request) may do this; what is denied and what is used is kept. For
   * doors beside the facade, such as the data plane of a registry.
   */
  readonly authorize: (principal: string, permission: RequiredPermission) => boolean;
}

export interface ExtraServices {
  readonly services: readonly LocalService[];
  readonly backends: Backends;
  /** Called when the stack closes, after the functions ended; services close by themselves. */
  readonly close?: () => Promise<void>;
}
