import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { SecretName, TableName } from '../../functions/_pipe/function.ts';
import { localRecall } from '../../infra/local/archive-recall.ts';
import { AwsServices, type RegionalRegistry } from '../../infra/local/aws-services.ts';
import { localMirror } from '../../infra/local/local-mirror.ts';
import { localScanners } from '../../infra/local/local-scanners.ts';
import { trustGate } from '../../infra/local/pull-gate.ts';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { retrySoon } from '../../infra/local/running.ts';
import { localRegistry } from '../../infra/local/sample/push-sample.ts';
import { type LocalStack, type StackOptions, startLocalStack } from '../../infra/local/stack.ts';
import { dynamoAudit } from '../../lib/audit/adapters/dynamo-audit.ts';
import { type AuditEntry, createAuditLog, verifyTrail } from '../../lib/audit/index.ts';
import { bucketClient } from '../../lib/aws/bucket-client.ts';
import { queueClient, runNow } from '../../lib/aws/queues.ts';
import { createTable, type Item } from '../../lib/aws/table.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { describeError } from '../../lib/core/errors.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { s3Documents } from '../../lib/documents/adapters/s3-documents.ts';
import type { DocumentStore } from '../../lib/documents/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import type { ImageCatalog } from '../../lib/inventory/index.ts';
import type { ImageOverview } from '../../lib/overview/index.ts';
import type { Registry } from '../../lib/registry/index.ts';
import type { TaskKind } from '../../lib/scanners/config.ts';
import { parseVerificationKey, type VerificationKey } from '../../lib/signing/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import type { WorkLedger } from '../../lib/work/index.ts';

export const projectRoot = join(import.meta.dirname, '..', '..');

/** Bundles and templates are made once for all test files that ask for the same context. */
export const assemblyDir = join(projectRoot, 'node_modules', '.cache', 'lading-tests', 'assembly');

/** Nothing settles late because of a busy machine; this is only how long a hang may last. */
const PATIENCE_MS = 240_000;

export interface TestStackOptions extends Partial<Omit<StackOptions, 'context' | 'services' | 'localise'>> {
  /** Texts in the functions' variables with what this stack has instead: other settings without another synthesis. */
  readonly instead?: Readonly<Record<string, string>>;
  /** What the registry of the primary region mirrors, as in the setting `mirrors`. */
  readonly mirrors?: readonly Readonly<Record<string, unknown>>[];
  /** How long settling may take, in milliseconds: the guard against a hang, for a test that has much to do. */
  readonly patienceMs?: number;
  /** Only images with a verdict are handed out. */
  readonly pullGate?: boolean;
  /** Pulls of what is archived bring it back. */
  readonly recall?: boolean;
  /** Programs of this machine that scan each image, as `npm start -- --scanner` has them. */
  readonly scanners?: readonly TaskKind[];
  /** Over the settings that all tests deploy. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A registry of the stack with a client that anybody at the machine could use. */
export interface TestRegistry extends RegionalRegistry {
  readonly client: Registry;
}

/** What a test looks at the stack with: the developer's key, the tables' own adapters, the API as the user sees it. */
export interface TestStack {
  readonly stack: LocalStack;
  readonly dataDir: string;
  readonly source: TestRegistry;
  readonly replica: TestRegistry;
  /** A registry that is none of the stack's; the configuration names it as `FOREIGN_HOST`. */
  readonly foreign: { readonly registry: EmbeddedRegistry; readonly client: Registry };
  readonly catalog: ImageCatalog;
  readonly ledger: WorkLedger;
  readonly documents: DocumentStore;
  readonly evidence: DocumentStore;
  readonly api: string;
  /** What the stack and its services told of; mostly a test wants none. */
  readonly notices: readonly string[];
  /** The webhooks' secret, as the stack made it. */
  webhookSecret(): Promise<string>;
  /** The part of the address that clusters ask for admission at. */
  admissionSecret(): Promise<string>;
  /** Waits until nothing happens any more; throws with what is still under way. */
  settle(): Promise<void>;
  /** Runs a scheduled function and waits for all that follows. */
  run(
    name:
      | 'keep-appointments'
      | 'sync-advisories'
      | 'plan-retention'
      | 'probe-registries'
      | 'backup-registries'
      | 'reconcile'
      | 'renew-verdicts'
      | 'restore-images',
    detail?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  rows(table: TableName): Promise<readonly Item[]>;
  trail(): Promise<readonly AuditEntry[]>;
  verifyTrail(): ReturnType<typeof verifyTrail>;
  /** Asks the API; the answer as it came. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** As the API tells it. */
  overview(image: ImageLocation): Promise<ImageOverview>;
  publicKey(): Promise<VerificationKey>;
  /** Dead letters by queue. */
  deadLetters(): Readonly<Record<string, number>>;
  location(repository: string, digest: Digest): ImageLocation;
  close(): Promise<void>;
}

export const PRIMARY_REGION = 'eu-central-1';
export const FOREIGN_HOST = 'foreign.test';
const FOREIGN_URL = 'http://127.0.0.1:9';

/**
 * What all tests deploy. The configuration of `cdk.json` fetches advisories from the network and so is not used here.
 * Tags `expire-…` expire and `archive-…` are archived at once; no other tag is in reach of a rule.
 */
const lading = {
  primaryRegion: PRIMARY_REGION,
  replicaRegions: ['us-east-1'],
  advisories: { sources: [] },
  backup: { sources: [{ registry: `000000000000.dkr.ecr.${PRIMARY_REGION}.amazonaws.com` }] },
  // No rule asks for it, so it only signs where a test says so.
  keys: { postQuantum: { enabled: true } },
  registries: [{ kind: 'distribution', host: FOREIGN_HOST, url: FOREIGN_URL, allowInsecure: true, allowPrivate: true }],
  retention: {
    policies: [
      {
        name: 'by name',
        rules: [
          { name: 'expire by name', select: { tags: ['expire-*'] }, action: 'expire' },
          { name: 'cold', select: { tags: ['archive-*'] }, action: 'archive' },
        ],
      },
    ],
    graceHours: 1e-6,
    dryRun: false,
    quarantineDays: 0,
    maxDeletedShare: 1,
  },
};

/** Starts the whole system on a folder of its own, as `npm start` does. */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const {
    instead = {},
    patienceMs = PATIENCE_MS,
    mirrors,
    pullGate = false,
    recall = false,
    scanners,
    settings = {},
    ...given
  } = options;
  const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), 'lading-e2e-')));
  const notices: string[] = [];
  const onNotice = (line: string): void => void notices.push(line);
  const foreign = await startEmbeddedRegistry({
    directory: join(dataDir, 'foreign'),
    onProblem: (error) => onNotice(`the foreign registry: ${describeError(error)}`),
  });
  const texts = Object.entries({ [FOREIGN_URL]: foreign.url, ...instead });
  let api: string | undefined;
  const registries = lading.registries.map((entry) => ({ ...entry, url: foreign.url }));
  const mirrored = mirrors === undefined ? {} : { registries, mirrors };
  const mirror = await localMirror({ ...lading, ...mirrored }, { api: () => api, onProblem: onNotice });
  const aws = new AwsServices({
    onProblem: onNotice,
    ...(mirror === undefined ? {} : { mirror }),
    ...(pullGate ? { pullGate: trustGate(() => api) } : {}),
    ...(recall ? { recall: localRecall(() => api, onNotice) } : {}),
  });
  const closing: (() => Promise<void>)[] = [() => foreign.close()];
  const close = async (): Promise<void> => {
    for (const part of closing.reverse()) await part();
    if (given.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const stack = await startLocalStack({
      root: projectRoot,
      assemblyDir,
      schedules: false,
      retryAfterSeconds: retrySoon,
      onNotice,
      ...given,
      dataDir,
      services: aws.open,
      context: { lading: { ...lading, ...(scanners ? { scanners: localScanners(scanners) } : {}), ...settings } },
      localise: (value) => texts.reduce((text, [from, to]) => text.replaceAll(from, to), value),
    });
    closing.push(() => stack.close());
    api = stack.apis[0]?.endpoint;
    return await withTools(stack, { aws, foreign, dataDir, notices, patienceMs, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly aws: AwsServices;
  readonly foreign: EmbeddedRegistry;
  readonly dataDir: string;
  readonly notices: readonly string[];
  readonly patienceMs: number;
  readonly close: () => Promise<void>;
}

async function withTools(
  stack: LocalStack,
  { aws, foreign, dataDir, notices, patienceMs, close }: Parts,
): Promise<TestStack> {
  const at = { endpoint: stack.endpoint, region: PRIMARY_REGION };
  const dynamo = new DynamoDBClient({ ...at, credentials: stack.developerKey });
  const s3 = bucketClient(at);
  const queues = queueClient(at);
  const names = physicalNames(stack);
  const tableName = (name: TableName): string => names('AWS::DynamoDB::Table', `tables${name}`);
  const table = (name: TableName) => createTable(dynamo, tableName(name));
  const [source, replica] = aws.registries.map((one) => ({ ...one, client: localRegistry(one.registry.url) }));
  const [endpoint] = stack.apis;
  if (!source || !replica || !endpoint) throw new Error('the template lacks a registry or the API');
  const api = endpoint.endpoint;
  const trailLog = createAuditLog({ ...dynamoAudit(dynamo, tableName('audit')), clock: systemClock });
  const evidence = s3Documents(s3, names('AWS::S3::Bucket', 'bucketsevidence'));
  const settle = async (): Promise<void> => {
    const { settled, waitingFor } = await stack.settle({ timeoutMs: patienceMs });
    if (!settled) throw new Error(`still under way: ${waitingFor.join(', ')}`);
  };
  const secretOf = async (name: SecretName): Promise<string> => {
    const secrets = new SecretsManagerClient({ ...at, credentials: stack.developerKey });
    const SecretId = names('AWS::SecretsManager::Secret', `secrets${name}`);
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    secrets.destroy();
    return SecretString ?? '';
  };
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(`${api}${path}`, init);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
  return {
    stack,
    dataDir,
    source,
    replica,
    foreign: { registry: foreign, client: localRegistry(foreign.url) },
    catalog: dynamoCatalog(table('catalog'), systemClock),
    ledger: dynamoLedger(table('work'), systemClock),
    documents: s3Documents(s3, names('AWS::S3::Bucket', 'bucketsdocuments')),
    evidence,
    api,
    notices,
    settle,
    async run(name, detail) {
      await runNow(queues, 'lading-', name, systemClock.now(), detail);
      await settle();
    },
    async rows(name) {
      const items: Item[] = [];
      for await (const { Items } of paginateScan({ client: dynamo }, { TableName: tableName(name) }))
        items.push(...(Items ?? []).map((item) => unmarshall(item)));
      return items;
    },
    trail: async () => await trailLog.list(0, 1_000_000),
    verifyTrail: () => verifyTrail(trailLog, evidence),
    ask,
    async overview({ registry, repository, digest }) {
      const response = await ask(`/api/image?ref=${encodeURIComponent(`${registry}/${repository}@${digest}`)}`);
      return ((await response.json()) as { image: ImageOverview }).image;
    },
    webhookSecret: () => secretOf('webhooks'),
    admissionSecret: () => secretOf('admission'),
    publicKey: async () => parseVerificationKey(await (await ask('/api/key')).text()),
    deadLetters: () =>
      Object.fromEntries(
        stack.queues
          .deadLetterQueues()
          .map((queue) => [queue.definition.name, queue.counts().visible] as const)
          .filter(([, count]) => count > 0),
      ),
    location: (repository, digest) => ({ registry: source.host, repository, digest }),
    async close() {
      dynamo.destroy();
      s3.destroy();
      queues.destroy();
      await close();
    },
  };
}

/** The one resource of the type whose logical id begins with the words, whatever its physical name is. */
const physicalNames =
  (stack: LocalStack) =>
  (type: string, logicalId: string): string => {
    const found = stack.resources.filter(
      (one) => one.type === type && one.logicalId.toLowerCase().startsWith(logicalId),
    );
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} resources ${type} are ${logicalId}`);
    return only.physicalId;
  };
