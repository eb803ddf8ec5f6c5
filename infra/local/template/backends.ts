import type { ContainerDefinition } from '../services/ecs/task-run.ts';
import type { QueueDefinition } from '../services/sqs/model.ts';

/**
 * What the provisioner makes a template's resources with. Each backend is one small interface, so that a service can be
 * put in without the others knowing. Creating is idempotent: the same name again is the same resource, as the template
 * is provisioned anew at every start and the physical names never change.
 *
 * A template may hold types whose backend is absent: they are listed as skipped, and keep their names so that what
 * refers to them resolves.
 */
export interface Backends {
  readonly tables?: TableBackend;
  readonly queues?: QueueBackend;
  readonly events?: EventBackend;
  readonly schedules?: ScheduleBackend;
  readonly functions?: FunctionBackend;
  readonly apis?: ApiBackend;
  readonly policies?: PolicyBackend;
  readonly buckets?: BucketBackend;
  readonly keys?: KeyBackend;
  readonly secrets?: SecretBackend;
  readonly parameters?: ParameterBackend;
  readonly repositories?: RepositoryBackend;
  readonly tasks?: TaskBackend;
}

/** Where a resource lives. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
}

export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

export interface IndexDefinition {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: { readonly ProjectionType?: string; readonly NonKeyAttributes?: readonly string[] };
}

export interface TableDefinition extends Place {
  readonly name: string;
  /** Other regions where the table answers, too. */
  readonly replicaRegions: readonly string[];
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
  readonly keySchema: readonly KeyElement[];
  readonly globalIndexes: readonly IndexDefinition[];
  readonly localIndexes: readonly IndexDefinition[];
  /** The attribute that holds the time of expiry in seconds since the epoch. */
  readonly timeToLiveAttribute: string | undefined;
}

export interface TableBackend {
  createTable(table: TableDefinition): Promise<void>;
}

export interface QueueBackend {
  create(definition: QueueDefinition): { readonly arn: string; readonly url: string };
}

export interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  readonly input?: string | undefined;
  readonly inputPath?: string | undefined;
  readonly inputTransformer?:
    | { readonly paths: Readonly<Record<string, string>>; readonly template: string }
    | undefined;
  readonly deadLetterArn?: string | undefined;
  readonly messageGroupId?: string | undefined;
}

export interface RuleDefinition extends Place {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  readonly enabled: boolean;
  /** The pattern as JSON value, or undefined for a rule that runs by schedule alone. */
  readonly pattern: unknown;
  readonly schedule: string | undefined;
  readonly targets: readonly RuleTarget[];
}

export interface EventBackend {
  createBus(bus: Place & { readonly name: string }): void;
  putRule(rule: RuleDefinition): void;
}

export interface ScheduleDefinition extends Place {
  readonly name: string;
  readonly arn: string;
  readonly enabled: boolean;
  /** `rate(…)`, `cron(…)` or `at(…)`. */
  readonly expression: string;
  readonly timeZone: string;
  readonly target: {
    readonly arn: string;
    readonly input: string | undefined;
    readonly deadLetterArn: string | undefined;
  };
}

export interface ScheduleBackend {
  createSchedule(schedule: ScheduleDefinition): void;
}

export interface FunctionDefinition extends Place {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  readonly stackName: string;
  /** The name of its role: see PolicyBackend. */
  readonly principal: string;
  /** Absolute folder of the code. */
  readonly codeFolder: string;
  /** `index.handler` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency: number | undefined;
  readonly deadLetterArn: string | undefined;
  readonly logGroup: string;
  /** Advanced logging controls; absent where the function logs as text. */
  readonly logLevel: string | undefined;
  /** Whether X-Ray is active. */
  readonly traced: boolean;
}

export interface EventSourceDefinition {
  readonly queueArn: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly maximumConcurrency: number | undefined;
  readonly reportsItemFailures: boolean;
  /** Event patterns over the message; a message that matches none is deleted unread. */
  readonly filters: readonly unknown[];
}

export interface AsyncConfig {
  readonly functionArn: string;
  readonly maximumRetries: number | undefined;
  readonly onFailureArn: string | undefined;
  readonly onSuccessArn: string | undefined;
}

export interface FunctionBackend {
  createFunction(fn: FunctionDefinition): void;
  createEventSource(source: EventSourceDefinition): void;
  configureAsync(config: AsyncConfig): void;
}

export interface RouteDefinition {
  readonly apiId: string;
  /** `ANY /{proxy+}`, `POST /hook/{source}`, `$default` */
  readonly routeKey: string;
  readonly functionArn: string;
  readonly authorization: 'NONE' | 'AWS_IAM' | 'JWT' | 'CUSTOM';
}

export interface CorsDefinition {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly credentials: boolean;
}

export interface ApiBackend {
  /** Opens the API's local port; the endpoint has no slash at its end. */
  createApi(
    api: Place & { readonly apiId: string; readonly name: string; readonly cors: CorsDefinition | undefined },
  ): Promise<{
    readonly endpoint: string;
  }>;
  addRoute(route: RouteDefinition): void;
  createFunctionUrl(
    url: Place & {
      readonly urlId: string;
      readonly functionArn: string;
      readonly authorization: 'NONE' | 'AWS_IAM';
      readonly cors: CorsDefinition | undefined;
    },
  ): Promise<{ readonly endpoint: string }>;
}

export interface PolicyBackend {
  /** The name is unique over all stacks, and is how the facade knows the caller. */
  addRole(role: { readonly name: string; readonly arn: string; readonly managedPolicyArns: readonly string[] }): void;
  /** A policy attached to roles, by their names. */
  addPolicy(policy: { readonly name: string; readonly roleNames: readonly string[]; readonly document: unknown }): void;
}

export interface BucketDefinition extends Place {
  readonly name: string;
  readonly versioned: boolean;
  /** Object Lock, with a default retention where mode and period are given. */
  readonly objectLock?: {
    readonly mode?: 'COMPLIANCE' | 'GOVERNANCE';
    readonly days?: number;
    readonly years?: number;
  };
}

export interface BucketBackend {
  createBucket(bucket: BucketDefinition): Promise<unknown>;
}

export interface KeyDefinition extends Place {
  /** `<stack>/<logical id>`: the same key at every start. */
  readonly logicalId: string;
  readonly description?: string;
  readonly keySpec: string;
  readonly keyUsage: string;
}

export interface KeyBackend {
  createKey(key: KeyDefinition): Promise<{ readonly keyId: string; readonly arn: string }>;
  /** @param alias with `alias/` in front */
  createAlias(alias: Place & { readonly alias: string; readonly keyId: string }): Promise<void>;
}

export interface GenerateSecretString {
  readonly SecretStringTemplate?: string | undefined;
  readonly GenerateStringKey?: string | undefined;
  readonly PasswordLength?: number | undefined;
  readonly ExcludeCharacters?: string | undefined;
  readonly ExcludeLowercase?: boolean | undefined;
  readonly ExcludeNumbers?: boolean | undefined;
  readonly ExcludePunctuation?: boolean | undefined;
  readonly ExcludeUppercase?: boolean | undefined;
  readonly IncludeSpace?: boolean | undefined;
  readonly RequireEachIncludedType?: boolean | undefined;
}

export interface SecretBackend {
  /** A generated value is made once and kept; `value` is that of the template. */
  createSecret(
    secret: Place & {
      readonly name: string;
      readonly description: string | undefined;
      readonly value: string | undefined;
      readonly generate: GenerateSecretString | undefined;
    },
  ): Promise<{ readonly arn: string }>;
}

export interface ParameterBackend {
  createParameter(
    parameter: Place & { readonly name: string; readonly type: string; readonly value: string },
  ): Promise<void>;
}

export interface RepositoryBackend {
  createRepository(
    repository: Place & {
      readonly name: string;
      readonly tagMutability: string;
      readonly lifecyclePolicy: string | undefined;
    },
  ): Promise<void>;
  createRepositoryTemplate(template: Place & { readonly prefix: string; readonly properties: unknown }): Promise<void>;
}

export interface TaskDefinition {
  readonly arn: string;
  readonly family: string;
  readonly taskRoleArn: string;
  /** All that whoever starts it must be allowed to pass. */
  readonly roleArns: readonly string[];
  readonly containers: readonly ContainerDefinition[];
}

export interface TaskBackend {
  defineTask(definition: TaskDefinition): void;
}
