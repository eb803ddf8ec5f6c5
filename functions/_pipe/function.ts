/**
 * What a function declares about itself, as plain data: the CDK app turns it into rule, queue, dead-letter queue,
 * Lambda, role and alarms. Nothing is granted, and no environment variable is set, that is not named here.
 */
export interface FunctionDeclaration {
  /** The folder's name, `verb-noun`. */
  readonly name: string;
  readonly description: string;
  readonly trigger: Trigger;
  /** Deployed only where the configuration has something for it to do: idle queues and alarms cost, too. */
  readonly onlyWith?: 'rotated credentials' | 'stored credentials' | 'scanners' | 'backups' | 'edge';
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly uses: readonly Use[];
}

export type Trigger =
  /** Events of a bus, through a rule, a queue with dead-letter queue, and partial batch responses. */
  | {
      readonly kind: 'events';
      readonly bus: 'lading' | 'default';
      readonly pattern: EventPattern;
      readonly batchSize: number;
      /** Window in seconds that the poller may wait for a batch to fill. */
      readonly batchWindowSeconds?: number;
      /** At most so many invocations at once, which is also what protects registries' quotas. */
      readonly maxConcurrency: number;
    }
  /** A schedule, as a queue message, so that a failed run is retried and ends in a dead-letter queue. */
  | { readonly kind: 'schedule'; readonly setting: ScheduleSetting }
  /** Routes of the HTTP API. */
  | { readonly kind: 'http'; readonly routes: readonly HttpRoute[] };

/** EventBridge's own pattern language. */
export type EventPattern = Readonly<Record<string, unknown>>;

/** Names of the schedules in the configuration. */
export type ScheduleSetting =
  | 'backupRegistries'
  | 'probeRegistries'
  | 'rotateCredentials'
  | 'syncAdvisories'
  | 'planRetention'
  | 'reconcile'
  | 'renewVerdicts'
  | 'keepAppointments';

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'OPTIONS' | 'ANY';
  readonly path: string;
  /** `signed`: the function checks the caller's proof over the raw request itself. `iam`: API Gateway does (SigV4). */
  readonly auth: 'iam' | 'signed';
}

export type TableName =
  | 'catalog'
  | 'work'
  | 'scans'
  | 'packages'
  | 'verdicts'
  | 'signatures'
  | 'replicas'
  | 'retention'
  | 'audit'
  | 'deliveries'
  | 'credentials';
export const tableNames: readonly TableName[] = [
  'catalog',
  'work',
  'scans',
  'packages',
  'verdicts',
  'signatures',
  'replicas',
  'retention',
  'audit',
  'deliveries',
  'credentials',
];

export type BucketName = 'archive' | 'backup' | 'documents' | 'evidence';
export const bucketNames: readonly BucketName[] = ['archive', 'backup', 'documents', 'evidence'];

/** One right of a function. It also sets the environment variable that `environmentNames` gives for the resource. */
export type Use =
  | {
      readonly table: TableName;
      readonly access: 'read' | 'write' | 'read-write';
      /** It also queries the index `gsi1`. */
      readonly index?: true;
      /** It also reads and writes in batches. */
      readonly batch?: true;
      /** Only where other scanners are set to work, whose runs it looks at. */
      readonly onlyWith?: 'scanners';
    }
  | {
      readonly bucket: BucketName;
      readonly prefix: string;
      readonly access: 'read' | 'write' | 'read-write';
      /** It also deletes. */
      readonly removes?: true;
    }
  | { readonly bus: 'lading' }
  | { readonly key: KeyName; readonly access: 'sign' | 'read' }
  /** What runs in the services of AWS that the setting `retention` names. */
  | { readonly workloads: 'read' }
  /** Tasks of ECS, of any cluster of the account. */
  | { readonly tasks: 'stop' }
  /** `onlyWith`: only where the configuration trusts signatures by others, which then have to be looked at. */
  | { readonly registry: RegistryAccess; readonly onlyWith?: 'trusted signatures' }
  /** What AWS Signer says of its signatures, where a trust policy of the configuration names its profiles. */
  | { readonly revocations: 'aws-signer' }
  /** Signs with the profile of AWS Signer that the configuration names, if it does. */
  | { readonly signer: 'profile' }
  /** Replaces the credentials that entries of the registries ask it for, as their administrators. */
  | { readonly rotation: 'credentials' }
  /** Starts the scanners that the configuration names, and asks them: tasks, APIs of AWS, secrets of other APIs. */
  | { readonly scanners: 'run' }
  /** Hands what is large to container tasks that run this same function, where the configuration has them. */
  | { readonly largeWork: LargeWorker }
  | { readonly secret: SecretName }
  /** The SNS topics that notifications go to, and the addresses that mail is sent from (SES). */
  | { readonly targets: 'notifications' }
  /** Starts the projects of CodeBuild that the rules of remediation name. */
  | { readonly builds: 'remediation' }
  /** `onlyWith`: a variable that is there only where other scanners are set to work. */
  | { readonly setting: SettingName; readonly onlyWith?: 'scanners' };

/** Functions that also run as container tasks, by their names. */
export type LargeWorker = 'create-large-sbom' | 'replicate-large-image';

/** Keys by purpose. `postQuantum` is there only where the configuration asks for it; see `optionalKeyId`. */
export type KeyName = 'signing' | 'postQuantum';

/**
 * What a function may do in the registries: `pull` reads, `push` also writes, `delete` also removes, `list` names, `archive`
 * moves to the archival class and back.
 */
export type RegistryAccess = 'pull' | 'list' | 'push' | 'delete' | 'archive' | 'findings';

/** Secrets that the stack makes: shared secret of the generic webhook, signing secret of outgoing notifications. */
export type SecretName = 'webhooks' | 'notifications' | 'admission' | 'integrations';

/** Parts of the validated configuration that functions read, each as one JSON text. */
export type SettingName =
  | 'registries'
  | 'rotation'
  | 'replication'
  | 'policy'
  | 'retention'
  | 'advisories'
  | 'notifications'
  | 'remediation'
  | 'intake'
  | 'trust'
  | 'signing'
  | 'admission'
  | 'availability'
  | 'backup'
  | 'edge'
  | 'provenance'
  | 'sboms'
  | 'storage'
  | 'cost'
  | 'scanners';

/** The environment variable that holds the physical name (or the JSON text) of what a function uses. */
export const environmentName = {
  table: (name: TableName): string => `${name.toUpperCase()}_TABLE`,
  bucket: (name: BucketName): string => `${name.toUpperCase()}_BUCKET`,
  bus: (): string => 'EVENT_BUS_NAME',
  key: (name: KeyName): string => (name === 'signing' ? 'SIGNING_KEY_ID' : 'POST_QUANTUM_KEY_ID'),
  secret: (name: SecretName): string => `${name.toUpperCase()}_SECRET_ID`,
  setting: (name: SettingName): string => `${name.toUpperCase()}_CONFIG`,
  /** Where tasks of scanners run; absent where none is configured. */
  scannerTasks: (): string => 'SCANNER_TASKS',
  /** Where what is large is handed to; absent where no tasks are configured for it. */
  largeWork: (): string => 'LARGE_WORK',
} as const;

/** The variable that a use supplies; registry access supplies none of its own (see the setting `registries`). */
export function variableOf(use: Use): string | undefined {
  if ('table' in use) return environmentName.table(use.table);
  if ('bucket' in use) return environmentName.bucket(use.bucket);
  if ('bus' in use) return environmentName.bus();
  if ('key' in use) return environmentName.key(use.key);
  if ('secret' in use) return environmentName.secret(use.secret);
  if ('setting' in use) return environmentName.setting(use.setting);
  return undefined;
}

export const defineFunction = (declaration: FunctionDeclaration): FunctionDeclaration => declaration;
