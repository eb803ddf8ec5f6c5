import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';
import { awsRoleSchema, credentialsSchema, rotationSchema } from './credentials/model.ts';

const hostSchema = z.custom<string>((v) => typeof v === 'string' && isRegistryHost(v), 'not a registry host');

/** `host`, `host:port`, or `*.suffix` for any name below a suffix of at least two labels. */
const hostPatternSchema = z
  .string()
  .max(255)
  .regex(
    /^(?:\*(?:\.[a-zA-Z0-9-]+){2,}|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/,
    'not a host, host:port or *.suffix of at least two labels',
  );

const common = {
  /** The name in image references and events. */
  host: hostSchema,
  /** What replication may do with it: read from a source, write to a replica. */
  role: z.enum(['source', 'replica']).default('source'),
  /** Hosts beside its own that may appear as bearer realm, redirect or upload location. */
  allowHosts: z.array(hostPatternSchema).default([]),
  /** Plain http. */
  allowInsecure: z.boolean().default(false),
  /** Loopback and private addresses (RFC 1918, RFC 4193, RFC 6598); link-local and metadata addresses stay blocked. */
  allowPrivate: z.boolean().default(false),
  /** Bytes per chunk of an upload; whole layers in one request when absent. */
  chunkBytes: z
    .number()
    .int()
    .min(64 * 1024)
    .max(256 * 1024 * 1024)
    .optional(),
};

const distributionEntrySchema = z.strictObject({
  kind: z.literal('distribution'),
  ...common,
  /** Where it is spoken to, if not at `https://<host>`: scheme, host and port. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  credentials: credentialsSchema.default({ kind: 'anonymous' }),
  /**
   * Instead of these, for functions that write: so that what only reads holds nothing that could. The deployment gives
   * each function the ones that it needs as `credentials`.
   */
  writeCredentials: credentialsSchema.optional(),
  /**
   * What the registry calls itself at its token service. A challenge that names another is not heeded: the token would
   * open that other one. Known for public registries.
   */
  service: z.string().min(1).max(255).optional(),
  /** Replaces the credentials regularly. They must be a secret of Secrets Manager, into which the new ones are put. */
  rotation: rotationSchema.optional(),
});

const ecrEntrySchema = z.strictObject({
  kind: z.literal('ecr'),
  ...common,
  region: z.string().regex(/^[a-z]{2,3}(?:-[a-z0-9]+)+-\d$/, 'not a region'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'not an account id')
    .optional(),
  /** Makes a repository at the first push to it; the role then needs `ecr:CreateRepository`. */
  createRepositories: z.boolean().default(false),
  /** Taken before ECR is spoken to: a role of the registry's account, or that of a workload outside of AWS. */
  awsRole: awsRoleSchema.optional(),
});

export const registryEntrySchema = z.discriminatedUnion('kind', [distributionEntrySchema, ecrEntrySchema]);

/** The allow-list: a registry that is not in it is never spoken to. */
export const registriesConfigSchema = z.strictObject({
  entries: z.array(registryEntrySchema).superRefine((entries, context) => {
    const hosts = entries.map((entry) => entry.host.toLowerCase());
    const twice = hosts.find((host, i) => hosts.indexOf(host) !== i);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `the host "${twice}" appears twice` });
    entries.forEach((entry, i) => {
      if (entry.kind === 'ecr' || !entry.rotation || rotatedSecret(entry) !== undefined) return;
      const message = 'only credentials that are a secret of Secrets Manager, in JSON, can be rotated';
      context.addIssue({ code: 'custom', path: [i, 'rotation'], message });
    });
  }),
});

/** The secret that an entry's rotation writes to. */
export function rotatedSecret({
  credentials,
}: {
  readonly credentials: z.infer<typeof credentialsSchema>;
}): string | undefined {
  if (credentials.kind === 'secret') return credentials.secret;
  if (credentials.kind !== 'stored' || credentials.token !== undefined) return undefined;
  return 'secret' in credentials.from ? credentials.from.secret : undefined;
}

export type DistributionEntry = Readonly<z.infer<typeof distributionEntrySchema>>;
export type EcrEntry = Readonly<z.infer<typeof ecrEntrySchema>>;
export type RegistryEntry = DistributionEntry | EcrEntry;
export type RegistriesConfig = Readonly<z.infer<typeof registriesConfigSchema>>;
export type RegistriesConfigInput = z.input<typeof registriesConfigSchema>;
