import { z } from 'zod';

/** As registries have it (lib/registry): where the text of a secret is kept. */
const secretSource = z.union([
  z.strictObject({ secret: z.string().min(1).max(2048) }),
  z.strictObject({ parameter: z.string().min(1).max(2048) }),
]);
const variable = z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'not the name of a variable, in capitals');
/** What reads every image is named by its content: a tag could be moved to something else. */
export const pinnedImage = z
  .string()
  .max(500)
  .regex(/^[a-z0-9][a-z0-9./:_-]*@sha256:[a-f0-9]{64}$/, 'not an image by its digest, registry/name@sha256:…');

/** Where tasks of Fargate run. */
export const taskNetwork = {
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'not the id of a subnet'))
    .min(1)
    .max(16),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'not the id of a security group'))
    .max(5)
    .default([]),
  assignPublicIp: z.boolean().default(false),
};

const common = {
  /** Globs over `registry/repository` of what it scans. */
  repositories: z.array(z.string().min(1).max(400)).min(1).max(50).default(['**']),
  /** `catalogued`: each new image, once. `command`: only what somebody asks for. */
  on: z.enum(['catalogued', 'command']).default('catalogued'),
  /**
   * Days after which an image is scanned again, while it is there: what a scanner said at the push is no dissent on what
   * became known since. Only with `catalogued`.
   */
  againAfterDays: z.int().min(1).max(365).default(7),
  /** Scans that run at once. */
  concurrent: z.int().min(1).max(50).default(2),
  /** Scans that are begun within a day (UTC). The rest waits for the next one. */
  perDay: z.int().min(1).max(100_000).default(500),
  /** A scan that takes longer has failed. */
  timeoutMinutes: z.int().min(1).max(1440).default(30),
};
const task = {
  ...common,
  image: pinnedImage,
  /** CPU units and MiB, in a pair that Fargate takes. */
  cpu: z.literal([256, 512, 1024, 2048, 4096]).default(1024),
  memoryMb: z.int().min(512).max(30_720).default(4096),
  /** For the program: where its database is, and the like. Not for secrets, which stand in `secrets`. */
  environment: z.record(variable, z.string().max(1000)).default({}),
  /** Variables that are filled from Secrets Manager: the secret's name, and the key in its JSON if it holds JSON. */
  secrets: z
    .record(variable, z.strictObject({ secret: z.string().min(1).max(2048), key: z.string().max(100).optional() }))
    .default({}),
};
const service = {
  ...common,
  /** It stands beside us, at an address that is private; and plain http is spoken to it. */
  allowPrivate: z.boolean().default(false),
  allowInsecure: z.boolean().default(false),
};
const address = z.url({ protocol: /^https?$/, error: 'not an http address' });

/** Programs that make an SBOM and no findings. They have no vote: what they list is compared with our own SBOM. */
export const generatorKinds = ['syft-sbom', 'trivy-sbom'] as const;
export type GeneratorKind = (typeof generatorKinds)[number];
export const isGeneratorKind = (kind: string): kind is GeneratorKind =>
  (generatorKinds as readonly string[]).includes(kind);

/** Programs that run as container tasks. */
export const taskKinds = ['trivy', 'grype', 'docker-scout', 'snyk', ...generatorKinds] as const;
export type TaskKind = (typeof taskKinds)[number];

/** The program, as its image has it. */
export const programs: Readonly<Record<TaskKind, string>> = {
  trivy: 'trivy',
  grype: '/grype',
  'docker-scout': '/docker-scout',
  snyk: 'snyk',
  'syft-sbom': '/syft',
  'trivy-sbom': 'trivy',
};
/** The folder that the containers of a task share. The report stands in it, and the login of the registry. */
export const WORK_FOLDER = '/lading';

const scannerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('trivy'), ...task }),
  z.strictObject({ kind: z.literal('grype'), ...task }),
  z.strictObject({ kind: z.literal('docker-scout'), ...task }),
  z.strictObject({ kind: z.literal('snyk'), ...task }),
  z.strictObject({ kind: z.literal('syft-sbom'), ...task }),
  z.strictObject({ kind: z.literal('trivy-sbom'), ...task }),
  z.strictObject({
    kind: z.literal('trivy-server'),
    ...service,
    url: address,
    /** Of the option `--token`. */
    token: secretSource.optional(),
    tokenHeader: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,60}$/)
      .default('Trivy-Token'),
  }),
  z.strictObject({
    kind: z.literal('clair'),
    ...service,
    indexer: address,
    /** @default the indexer's: Clair in combo mode */
    matcher: address.optional(),
    /** The base64 key of `auth.psk`, and who we are among its `iss`. */
    key: secretSource.optional(),
    issuer: z.string().min(1).max(100).default('lading'),
  }),
  z.strictObject({ kind: z.literal('ecr-basic'), ...common }),
  z.strictObject({ kind: z.literal('inspector'), ...common }),
  z.strictObject({
    kind: z.literal('harbor'),
    ...service,
    /** The host of the registry that Harbor is. */
    registry: z.string().min(1).max(255),
    /** @default https and that host */
    url: address.optional(),
    /** JSON with `username` and `password` of a robot that may scan and read artifacts. */
    credentials: secretSource,
  }),
]);
export type ScannerConfig = Readonly<z.infer<typeof scannerSchema>>;
export type TaskScanner = Extract<ScannerConfig, { readonly kind: TaskKind }>;

/** As whose report it votes; Trivy is Trivy, as a program or as a server. */
export const voterOfKind = (kind: ScannerConfig['kind']): string => (kind === 'trivy-server' ? 'trivy' : kind);
export const isTaskScanner = (scanner: ScannerConfig): scanner is TaskScanner =>
  (taskKinds as readonly string[]).includes(scanner.kind);

/** The setting `scanners`: other scanners that are started here; reports of any are taken in without it. */
export const scannersConfigSchema = z
  .strictObject({
    use: z.array(scannerSchema).max(10).default([]),
    /** Where container tasks run. Needed by those that are tasks. */
    tasks: z
      .strictObject({
        ...taskNetwork,
        /** The AWS CLI, which brings the scanner's report to the bucket. */
        courier: pinnedImage,
      })
      .optional(),
  })
  .superRefine(({ use, tasks }, context) => {
    use.forEach((scanner, i) => {
      const voter = voterOfKind(scanner.kind);
      if (use.findIndex(({ kind }) => voterOfKind(kind) === voter) !== i) {
        context.addIssue({ code: 'custom', path: ['use', i, 'kind'], message: `"${voter}" votes already` });
      }
      if (isTaskScanner(scanner) && tasks === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['tasks'],
          message: `"${scanner.kind}" is a task, and needs to know where`,
        });
      }
      if ('image' in scanner) return;
      for (const name of ['url', 'indexer', 'matcher'] as const) {
        const url: unknown = Reflect.get(scanner, name);
        if (
          typeof url !== 'string' ||
          url.startsWith('https:') ||
          ('allowInsecure' in scanner && scanner.allowInsecure)
        )
          continue;
        context.addIssue({ code: 'custom', path: ['use', i, name], message: 'plain http, without allowInsecure' });
      }
    });
  });
export type ScannersConfig = Readonly<z.infer<typeof scannersConfigSchema>>;
