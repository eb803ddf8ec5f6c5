import { z } from 'zod';
import type { ScheduleSetting } from '../functions/_pipe/function.ts';
import { admissionConfigSchema } from '../lib/admission/config.ts';
import { trustConfigSchema } from '../lib/attestation/config.ts';
import { availabilityConfigSchema } from '../lib/availability/config.ts';
import { backupConfigSchema } from '../lib/backup/config.ts';
import { LadingError } from '../lib/core/errors.ts';
import { costConfigSchema } from '../lib/cost/config.ts';
import { edgeConfigSchema } from '../lib/edge/config.ts';
import { sbomsConfigSchema } from '../lib/external-sboms/config.ts';
import { intakeConfigSchema } from '../lib/intake/config.ts';
import { retentionConfigSchema } from '../lib/lifecycle/config.ts';
import { mirrorsConfigSchema } from '../lib/mirror/config.ts';
import { notificationsConfigSchema } from '../lib/notifications/config.ts';
import { policyConfigSchema } from '../lib/policy/config.ts';
import { provenanceConfigSchema } from '../lib/provenance/config.ts';
import { localOnly, registriesConfigSchema } from '../lib/registry/config.ts';
import { remediationConfigSchema } from '../lib/remediation/config.ts';
import { replicationConfigSchema } from '../lib/replication/config.ts';
import { scannersConfigSchema } from '../lib/scanners/config.ts';
import { chainFault, enforcementFault, signingSettings } from '../lib/signing/config.ts';
import { storageConfigSchema } from '../lib/storage/config.ts';
import { advisoriesConfigSchema } from '../lib/vulnerabilities/config.ts';
import { largeWorkConfigSchema } from './large-work-config.ts';

const region = z.string().regex(/^[a-z]{2,3}(?:-[a-z0-9]+)+-\d$/, 'not a region, such as "eu-central-1"');

/** EventBridge user guide, "Schedule expressions": `rate(1 hour)`, `rate(6 hours)`, or `cron()` with six fields. */
const RATE = /^rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d+) (?:minutes|hours|days))\)$/;
const CRON_FIELD = /^[0-9A-Z*?,/#L-]+$/;
const isCron = (text: string): boolean => {
  const fields = /^cron\((.*)\)$/.exec(text)?.[1]?.split(' ') ?? [];
  const oneDayOpen = (fields[2] === '?') !== (fields[4] === '?');
  return fields.length === 6 && oneDayOpen && fields.every((field) => CRON_FIELD.test(field));
};
const schedule = z
  .string()
  .refine(
    (text) => text === 'off' || RATE.test(text) || isCron(text),
    'not a schedule: write "rate(6 hours)", "cron(0 3 * * ? *)" (six fields, one of the two days "?") or "off"',
  );

/** CloudWatch Logs takes these numbers of days only (API reference, "PutRetentionPolicy"). */
const logRetentionDays = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827] as const;

const keyGeneration = {
  generation: z.int().min(1).max(1000).default(1),
  /** Earlier generations that stay in the account, so that what they signed goes on being verified. */
  kept: z.int().min(0).max(20).default(2),
  /** With `multiRegion`: the first generation that is made so. Those before are left as they are. */
  multiRegionFrom: z.int().min(1).max(1000).default(1),
  /** Ids of multi-region keys by generation, from an output of the primary stack: replica regions then have replicas. */
  multiRegionIds: z
    .record(
      z.string().regex(/^[1-9]\d{0,3}$/, 'not the number of a generation'),
      z.string().regex(/^mrk-[0-9a-f]{32}$/, 'not the id of a multi-region key, "mrk-" and 32 hexadecimal digits'),
    )
    .default({}),
};
/** KMS keys never leave KMS. Whether one is `multiRegion` is chosen when it is made: a later wish takes a new generation. */
const keysConfigSchema = z.strictObject({
  multiRegion: z.boolean().default(false),
  signing: z
    .strictObject({ ...keyGeneration, spec: z.enum(['ECC_NIST_P256', 'ECC_NIST_P384']).default('ECC_NIST_P256') })
    .prefault({}),
  postQuantum: z
    .strictObject({
      ...keyGeneration,
      spec: z.enum(['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87']).default('ML_DSA_65'),
      /** Without it, the key is there where a rule of `trust.algorithms` asks for it, today or one day. */
      enabled: z.boolean().optional(),
    })
    .prefault({}),
});

function refuseReplicas(
  { multiRegion, ...keys }: z.infer<typeof keysConfigSchema>,
  purpose: 'signing' | 'postQuantum',
  refuse: (path: string[], message: string) => void,
): void {
  const { generation: current, multiRegionFrom: first, multiRegionIds } = keys[purpose];
  const ids = Object.values(multiRegionIds);
  if (ids.length > 0 && !multiRegion) refuse([], 'only with keys.multiRegion is a key one of several regions');
  Object.entries(multiRegionIds).forEach(([generation, id], i) => {
    if (Number(generation) > current) refuse([generation], `the current generation is ${current}`);
    if (Number(generation) < first) refuse([generation], `the first multi-region generation is ${first}`);
    if (ids.indexOf(id) !== i) refuse([generation], `"${id}" is another generation already`);
  });
}

/** What the signing key signs with, by its kind. */
const ALGORITHMS = { ECC_NIST_P256: 'ecdsa-p256-sha256', ECC_NIST_P384: 'ecdsa-p384-sha384' } as const;

const configSchema = z
  .strictObject({
    /** Names everything that has a name, so that several stages can share an account; `main` adds nothing to names. */
    stage: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,15}$/, 'not up to 16 lower-case letters, digits and -')
      .default('main'),
    /** Twelve digits; without it, the account of whoever deploys. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'not the twelve digits of an account, in quotes')
      .optional(),
    /** Where everything runs but what a replica needs. */
    primaryRegion: region.default('eu-central-1'),
    replicaRegions: z.array(region).max(24).default([]),

    schedules: z
      .strictObject({
        syncAdvisories: schedule.default('rate(6 hours)'),
        planRetention: schedule.default('cron(0 3 * * ? *)'),
        reconcile: schedule.default('rate(1 hour)'),
        backupRegistries: schedule.default('cron(0 1 * * ? *)'),
        probeRegistries: schedule.default('rate(5 minutes)'),
        rotateCredentials: schedule.default('rate(6 hours)'),
        keepAppointments: schedule.default('rate(15 minutes)'),
        renewVerdicts: schedule.default('rate(1 hour)'),
      } satisfies Record<ScheduleSetting, z.ZodType>)
      .prefault({}),

    /** `retain`: tables, buckets and the signing key outlive the stack. `destroy`: they go with it. */
    removalPolicy: z.enum(['retain', 'destroy']).default('retain'),
    /** Nobody deletes a table before this is lifted. */
    deletionProtection: z.boolean().default(true),
    logRetentionDays: z
      .literal(logRetentionDays, `not one of ${logRetentionDays.join(', ')} days, which are all that AWS takes`)
      .default(30),
    logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
    evidenceRetentionDays: z.int().min(1).max(36_500).default(365),
    evidenceLockMode: z.enum(['GOVERNANCE', 'COMPLIANCE']).default('GOVERNANCE'),
    /** The bus keeps its events so long, to be replayed; 0 keeps none. */
    eventArchiveDays: z.int().min(0).max(3650).default(30),

    /** Deliveries of a message before it becomes a dead letter. Throttled deliveries count, so few are too few. */
    maxReceiveCount: z.int().min(3).max(1000).default(10),
    /** False for an account whose quota of concurrent executions is too small (10 in a new one) to reserve any. */
    reserveConcurrency: z.boolean().default(true),
    /** Requests to the API per second, in the long run and at once. */
    apiRateLimit: z.number().positive().max(10_000).default(50),
    apiBurstLimit: z.int().positive().max(5_000).default(100),
    /** An SNS topic in the primary region that alarms are sent to. */
    alarmTopicArn: z
      .string()
      .regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:.+$/, 'not the ARN of an SNS topic')
      .optional(),

    /** Whether the ECR registry of each region is worked on. */
    ecr: z.boolean().default(true),
    /** Further registries. One that names the host of a region's ECR replaces that entry. */
    registries: registriesConfigSchema.shape.entries.default([]),
    /** Upstreams that are mirrored on demand: by ECR's pull-through cache, the local stack's registry, an edge. */
    mirrors: mirrorsConfigSchema.default([]),
    /** Without it, every repository is copied from the primary region's ECR to that of each replica region. */
    replication: replicationConfigSchema.optional(),
    policy: policyConfigSchema.prefault({}),
    retention: retentionConfigSchema.prefault({}),
    /** Whether SBOMs that others made are looked for, and whose are believed. */
    sboms: sbomsConfigSchema.prefault({}),
    advisories: advisoriesConfigSchema.prefault({}),
    /** What keeps a layer once, and who owns which repository; see docs/storage-and-cost.md. */
    storage: storageConfigSchema.prefault({}),
    /** Prices, budgets and the model of carbon. */
    cost: costConfigSchema.prefault({}),
    notifications: notificationsConfigSchema.prefault({}),
    remediation: remediationConfigSchema.prefault({}),
    /** What is said of images, under which algorithms and in which formats; see lib/attestation and lib/signing. */
    trust: trustConfigSchema.extend(signingSettings).prefault({}),
    /** What may run in clusters and as tasks; see lib/admission. */
    admission: admissionConfigSchema.prefault({}),
    /** Which registries are backed up to a bucket, and for how long nobody can delete that; see lib/backup. */
    backup: backupConfigSchema
      .extend({
        /** Object Lock, chosen when the bucket is made: what is written cannot be deleted for so many days. */
        lock: z
          .strictObject({
            mode: z.enum(['GOVERNANCE', 'COMPLIANCE']).default('GOVERNANCE'),
            days: z.int().min(1).max(36_500).default(30),
          })
          .optional(),
      })
      .prefault({}),
    /** When a registry is taken for down, and which one is near to whom; see lib/availability. */
    availability: availabilityConfigSchema.prefault({}),
    /** Whether there are edge sites, and how it is decided what each should hold; see docs/edge.md. */
    edge: edgeConfigSchema.prefault({}),
    /** Whose word on how images were built is taken; see lib/provenance. */
    provenance: provenanceConfigSchema.prefault({}),
    /** Keys by purpose. Another `generation` is another key: the rotation. The `kept` ones before it stay readable. */
    keys: keysConfigSchema.prefault({}),
    /** Other scanners that are started here, to vote; see docs/scanners.md. */
    scanners: scannersConfigSchema.prefault({}),
    /** Without it, functions do all work themselves; with it, tasks of Fargate do what is large. */
    largeWork: largeWorkConfigSchema.optional(),
    /** Which registries send push notifications, in which form; see docs/registries. */
    intake: intakeConfigSchema.prefault({}),
  })
  .superRefine((config, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const regions = [config.primaryRegion, ...config.replicaRegions];
    config.replicaRegions.forEach((name, i) => {
      if (regions.indexOf(name) !== i + 1) refuse(['replicaRegions', i], `"${name}" is named twice`);
    });
    if (config.alarmTopicArn && config.alarmTopicArn.split(':')[3] !== config.primaryRegion) {
      refuse(['alarmTopicArn'], `the topic is not in ${config.primaryRegion}, where the alarms are`);
    }
    for (const purpose of ['signing', 'postQuantum'] as const) {
      refuseReplicas(config.keys, purpose, (path, message) =>
        refuse(['keys', purpose, 'multiRegionIds', ...path], message),
      );
    }
    const { signatures, certificates } = config.trust;
    const lax = config.admission.signatures && enforcementFault(config.admission.signatures);
    if (lax !== undefined) refuse(['admission', 'signatures'], lax);
    const unsuitable = chainFault({ signatures, certificates }, ALGORITHMS[config.keys.signing.spec]);
    if (unsuitable !== undefined) refuse(['trust', 'certificates'], unsuitable);
    config.registries.forEach((entry, i) => {
      const path = ['registries', i, 'credentials'];
      if (entry.kind === 'ecr') {
        if (entry.awsRole?.token)
          refuse(['registries', i, 'awsRole'], 'a function takes a role with its own, and no token');
        return;
      }
      if (['basic', 'bearer'].includes(entry.credentials.kind)) {
        refuse(path, 'would stand readable in the template: keep it in Secrets Manager and name that secret');
      }
      const { writeCredentials: writing } = entry;
      if (writing && (['basic', 'bearer'].includes(writing.kind) || localOnly(writing))) {
        refuse(['registries', i, 'writeCredentials'], 'name a secret or a parameter, which functions can read');
      }
      const local = localOnly(entry.credentials);
      if (local) refuse(path, `${local} is not there where functions run: name a secret or a parameter`);
      if (entry.rotation && 'variable' in entry.rotation.issuer.admin) {
        refuse(
          ['registries', i, 'rotation', 'issuer', 'admin'],
          'a function has no environment of yours: name a secret',
        );
      }
    });
    const ofRegion = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
    const isKnown = (host: string): boolean =>
      config.registries.some((entry) => entry.host === host) ||
      (config.ecr && regions.includes(ofRegion.exec(host)?.[1] ?? ''));
    config.intake.sources.forEach(({ name, registry }, i) => {
      if (!isKnown(registry)) {
        refuse(
          ['intake', 'sources', i, 'registry'],
          `"${registry}" of the source "${name}" is not among the registries`,
        );
      }
    });
    config.backup.sources.forEach(({ registry }, i) => {
      if (!isKnown(registry)) refuse(['backup', 'sources', i, 'registry'], `"${registry}" is not among the registries`);
    });
    if (config.edge.registry !== undefined && !isKnown(config.edge.registry)) {
      refuse(['edge', 'registry'], `"${config.edge.registry}" is not among the registries`);
    }
    config.intake.polls.forEach(({ registry }, i) => {
      if (!isKnown(registry)) refuse(['intake', 'polls', i, 'registry'], `"${registry}" is not among the registries`);
    });
    config.mirrors.forEach(({ upstream }, i) => {
      if (!isKnown(upstream)) refuse(['mirrors', i, 'upstream'], `"${upstream}" is not among the registries`);
    });
    config.replication?.rules.forEach(({ from, to, via }, i) => {
      const at = ['replication', 'rules', i];
      if (via === 'ecr' && !config.ecr) refuse([...at, 'via'], 'the ECR registries are not worked on ("ecr" is false)');
      if (via === 'ecr' && ofRegion.exec(from)?.[1] !== config.primaryRegion) {
        refuse([...at, 'from'], `ECR's replication is configured in ${config.primaryRegion} alone`);
      }
      to.forEach(({ registry }, j) => {
        if (via === 'ecr' && !ofRegion.test(registry)) refuse([...at, 'to', j, 'registry'], 'not an ECR registry');
      });
      const unknown = '" is neither among the registries nor the ECR of a region that is named';
      if (!isKnown(from)) refuse([...at, 'from'], `"${from}${unknown}`);
      to.forEach(({ registry }, j) => {
        if (!isKnown(registry)) refuse([...at, 'to', j, 'registry'], `"${registry}${unknown}`);
      });
    });
  });

export type LadingConfig = Readonly<z.infer<typeof configSchema>>;

/** Whether there is a post-quantum key: a rule asks for it, now or from a day to come, or the configuration does. */
export const hasPostQuantumKey = ({ keys, trust }: Pick<LadingConfig, 'keys' | 'trust'>): boolean =>
  keys.postQuantum.enabled ?? trust.algorithms.some(({ use }) => use !== 'classic');

/**
 * Reads the context key `lading` (an object; or its JSON text, as `cdk -c lading=…` gives it). The context key `stage`,
 * where there is one, takes the place of `lading.stage`.
 *
 * @throws LadingError `configuration-invalid` with a line for each thing that is wrong
 */
export function readConfig(context: { readonly lading?: unknown; readonly stage?: unknown }): LadingConfig {
  const given = parseText(context.lading ?? {});
  const isObject = given !== null && typeof given === 'object' && !Array.isArray(given);
  const parsed = configSchema.safeParse(
    isObject && context.stage !== undefined ? { ...given, stage: context.stage } : given,
  );
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${['lading', ...issue.path].join('.')}: ${issue.message}`);
  throw new LadingError('configuration-invalid', `the configuration cannot be used:\n${lines.join('\n')}`, {
    hint: 'mend the context of cdk.json, or what -c or CDK_CONTEXT_JSON put in its place; infra/config.ts lists what it takes',
  });
}

function parseText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new LadingError('configuration-invalid', 'the context key "lading" is a text that is not JSON', { cause });
  }
}

/** First part of the name of everything that has one. */
export const namePrefix = (config: LadingConfig): string =>
  config.stage === 'main' ? 'lading' : `lading-${config.stage}`;
