import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { Archive, EventBus } from 'aws-cdk-lib/aws-events';
import { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { bucketNames, type FunctionDeclaration, type LargeWorker, tableNames } from '../../functions/_pipe/function.ts';
import { unreachable } from '../../lib/core/errors.ts';
import { isTaskScanner } from '../../lib/scanners/config.ts';
import { type LadingConfig, namePrefix } from '../config.ts';
import { Buckets } from '../constructs/buckets.ts';
import { EcrReplication } from '../constructs/ecr-replication.ts';
import type { QueueFeed } from '../constructs/fed-queue.ts';
import { type FunctionDefaults, LadingFunction } from '../constructs/lading-function.ts';
import { LargeWorkTasks } from '../constructs/large-work-tasks.ts';
import { pascalCase } from '../constructs/names.ts';
import { PullThroughRules } from '../constructs/pull-through-rules.ts';
import { QueueFunction } from '../constructs/queue-function.ts';
import { ScannerTasks } from '../constructs/scanner-tasks.ts';
import { Secrets } from '../constructs/secrets.ts';
import type { ScannerRights, SharedResources } from '../constructs/shared-resources.ts';
import { SigningKey } from '../constructs/signing-key.ts';
import { Tables } from '../constructs/tables.ts';
import { WebApi } from '../constructs/web-api.ts';
import { keysOf, removalPolicyOf } from '../key-settings.ts';
import {
  buildProjectsOf,
  notificationTargetsOf,
  ownRepositoriesOf,
  registryRightsOf,
  scannerRightsOf,
  secretArnOf,
  settingsOf,
  trustedSignaturesOf,
} from '../settings.ts';
import { FunctionStack, type FunctionStackName, functionStackOf } from './function-stack.ts';

export interface PrimaryStackProps extends StackProps {
  readonly config: LadingConfig;
  readonly functions: readonly FunctionDeclaration[];
  /** Folder that holds one folder per function, each with `index.mjs`. */
  readonly bundles: string;
}

/** Everything but what a further region needs: state, bus, functions, API. */
export class PrimaryStack extends Stack {
  readonly shared: SharedResources;
  readonly defaults: FunctionDefaults;
  readonly webApi: WebApi;
  readonly signingKey: SigningKey;
  /** Where the configuration asks for one. */
  readonly postQuantumKey: SigningKey | undefined;
  private readonly functionStacks = new Map<FunctionStackName, FunctionStack>();

  constructor(scope: Construct, id: string, props: PrimaryStackProps) {
    super(scope, id, props);
    const { config } = props;
    const removalPolicy = removalPolicyOf(config);
    this.defaults = defaultsOf(config, props.bundles);
    const { signing, postQuantum } = keysOf(config);
    this.signingKey = new SigningKey(this, 'Signing', signing);
    this.postQuantumKey = postQuantum && new SigningKey(this, 'PostQuantum', postQuantum);
    const buckets = new Buckets(this, 'Buckets', { ...config, removalPolicy }).byName;
    const shared: SharedResources = {
      tables: new Tables(this, 'Tables', { removalPolicy, deletionProtection: config.deletionProtection }).byName,
      buckets,
      bus: this.addBus(config),
      keys: { signing: this.signingKey.keys, postQuantum: this.postQuantumKey?.keys ?? [] },
      secrets: new Secrets(this, 'Secrets', { removalPolicy }).byName,
      settings: settingsOf(config, this),
      registries: registryRightsOf(config, this),
      trustedSignatures: trustedSignaturesOf(config),
      signingProfile: config.trust.profile,
      notificationTargets: notificationTargetsOf(config, this),
      buildProjectArns: buildProjectsOf(config, this),
      scanners: this.addScanners(config, buckets.documents),
      largeWork: undefined,
      taskArns: `arn:${this.partition}:ecs:*:${this.account}:task/*`,
      workloadServices: config.retention.aws.regions.length > 0 ? config.retention.aws.services : [],
    };
    this.shared = { ...shared, largeWork: this.addLargeWork(props, shared) };
    this.webApi = new WebApi(this, 'Web', {
      defaults: this.defaults,
      rateLimit: config.apiRateLimit,
      burstLimit: config.apiBurstLimit,
    });
    const leftToEcr = config.replication?.rules.filter(({ via }) => via === 'ecr') ?? [];
    if (leftToEcr.length > 0) new EcrReplication(this, 'EcrReplication', { rules: leftToEcr, account: this.account });
    if (config.mirrors.length > 0) new PullThroughRules(this, 'PullThrough', { rules: config.mirrors });
    for (const declaration of props.functions) this.addFunction(declaration, config);
    this.addOutputs();
  }

  private addBus(config: LadingConfig): EventBus {
    const bus = new EventBus(this, 'Bus', {
      eventBusName: this.defaults.prefix,
      description: 'What happened to images, in the past tense',
    });
    if (config.eventArchiveDays > 0) {
      new Archive(this, 'Archive', {
        sourceEventBus: bus,
        description: 'Every event of the bus, to be replayed',
        eventPattern: { account: [this.account] },
        retention: Duration.days(config.eventArchiveDays),
      });
    }
    return bus;
  }

  private addScanners(config: LadingConfig, bucket: SharedResources['buckets']['documents']): ScannerRights {
    const rights = scannerRightsOf(config, this);
    const scanners = config.scanners.use.filter(isTaskScanner);
    const { tasks } = config.scanners;
    if (scanners.length === 0 || tasks === undefined) return rights;
    const { courier, ...network } = tasks;
    const made = new ScannerTasks(this, 'Scanners', {
      ...{ prefix: this.defaults.prefix, logRetention: this.defaults.logRetention },
      ...{ scanners, courier, network, bucket, repositoryArns: ownRepositoriesOf(config, this) },
      arnOfSecret: (secret) => secretArnOf(secret, this),
    });
    return { ...rights, tasks: made.rights };
  }

  private addLargeWork(
    { config, functions }: PrimaryStackProps,
    shared: SharedResources,
  ): SharedResources['largeWork'] {
    if (config.largeWork === undefined) return undefined;
    const workers = functions.filter((one): one is typeof one & { readonly name: LargeWorker } =>
      one.uses.some((use) => 'largeWork' in use && use.largeWork === one.name),
    );
    return new LargeWorkTasks(this, 'LargeWork', {
      ...{ config: config.largeWork, defaults: this.defaults, shared, workers },
      repositoryArns: ownRepositoriesOf(config, this),
    }).rights;
  }

  private addFunction(declaration: FunctionDeclaration, config: LadingConfig): void {
    const { shared } = this;
    const defaults = defaultsFor(declaration, this.defaults, config);
    const id = pascalCase(declaration.name);
    const { trigger } = declaration;
    if (trigger.kind === 'http') {
      const { handler } = new LadingFunction(this, id, { declaration, shared, defaults });
      this.webApi.addRoutes({ name: declaration.name, handler, routes: trigger.routes });
      return;
    }
    const stack = this.functionStack(functionStackOf(trigger));
    new QueueFunction(stack, id, { declaration, shared, defaults, trigger, feed: this.feedOf(trigger, config) });
  }

  private functionStack(name: FunctionStackName): FunctionStack {
    const stack = this.functionStacks.get(name) ?? new FunctionStack(this, name);
    this.functionStacks.set(name, stack);
    return stack;
  }

  private feedOf(trigger: Exclude<FunctionDeclaration['trigger'], { kind: 'http' }>, config: LadingConfig): QueueFeed {
    switch (trigger.kind) {
      case 'events':
        return {
          kind: 'events',
          pattern: trigger.pattern,
          ...(trigger.bus === 'lading' ? { busName: this.shared.bus.eventBusName } : {}),
        };
      case 'schedule': {
        const expression = config.schedules[trigger.setting];
        const enabled = expression !== 'off';
        return { kind: 'schedule', enabled, expression: enabled ? expression : 'rate(1 day)' };
      }
      default:
        return unreachable(trigger);
    }
  }

  private addOutputs(): void {
    const output = (id: string, value: string, description: string): void => {
      new CfnOutput(this, id, { value, description });
    };
    const { shared } = this;
    output('ApiUrl', this.webApi.url, 'API and live page; callers sign with SigV4');
    output('WebhookUrl', `${this.webApi.url}/webhooks/{source}`, 'Where registries send push notifications');
    output('EventBusName', shared.bus.eventBusName, 'Bus of all image events');
    output('SigningKeyArn', this.signingKey.current.keyArn, 'Key that signs images');
    output('SigningKeyAlias', this.signingKey.alias.aliasName, 'For cosign: awskms:///<this>');
    const { postQuantumKey } = this;
    for (const [name, ids] of [
      ['SigningKey', this.signingKey.multiRegionIds],
      ['PostQuantumKey', postQuantumKey?.multiRegionIds],
    ] as const) {
      if (ids) output(`${name}MultiRegionIds`, ids, 'For multiRegionIds of this key in the configuration');
    }
    if (postQuantumKey) output('PostQuantumKeyArn', postQuantumKey.current.keyArn, 'Key that signs with ML-DSA');
    output('WebhooksSecretArn', shared.secrets.webhooks.secretArn, 'Key of the signatures of incoming notifications');
    output('NotificationsSecretArn', shared.secrets.notifications.secretArn, 'Key of our signatures on notifications');
    output(
      'AdmissionSecretArn',
      shared.secrets.admission.secretArn,
      'In the address at which clusters ask for admission',
    );
    for (const name of bucketNames) {
      output(`${pascalCase(name)}BucketName`, shared.buckets[name].bucketName, `Bucket of ${name}`);
    }
    for (const name of tableNames) {
      output(`${pascalCase(name)}TableName`, shared.tables[name].tableName, `Table ${name}`);
    }
  }
}

/** A message whose work a task does is looked at until the task must have ended: each quarter of an hour. */
function defaultsFor({ uses }: FunctionDeclaration, defaults: FunctionDefaults, { largeWork }: LadingConfig) {
  const isHandedOver = largeWork !== undefined && uses.some((use) => 'largeWork' in use);
  if (!isHandedOver) return defaults;
  return { ...defaults, maxReceiveCount: Math.max(defaults.maxReceiveCount, 10 + largeWork.hours * 4) };
}

function defaultsOf(config: LadingConfig, bundles: string): FunctionDefaults {
  const { alarmTopicArn } = config;
  const action: IAlarmAction | undefined = alarmTopicArn
    ? { bind: () => ({ alarmActionArn: alarmTopicArn }) }
    : undefined;
  return {
    prefix: namePrefix(config),
    bundles,
    logRetention: config.logRetentionDays,
    logLevel: ApplicationLogLevel[config.logLevel],
    reserveConcurrency: config.reserveConcurrency,
    maxReceiveCount: config.maxReceiveCount,
    ...(action ? { alarmAction: action } : {}),
  };
}
