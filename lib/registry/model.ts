import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

const hostSchema = z.custom<string>((v) => typeof v === 'string' && isRegistryHost(v), 'not a registry host');

/** `host`, `host:port`, or `*.suffix` for any name below a suffix of at least two labels. */
const hostPatternSchema = z
  .string()
  .max(255)
  .regex(
    /^(?:\*(?:\.[a-zA-Z0-9-]+){2,}|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/,
    'not a host, host:port or *.suffix of at least two labels',
  );

const credentialsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('anonymous') }),
  z.strictObject({ kind: z.literal('basic'), username: z.string().min(1), password: z.string().min(1) }),
  z.strictObject({ kind: z.literal('bearer'), token: z.string().min(1) }),
  /** The name or ARN of a secret that holds `{ username, password }` or `{ token }`. */
  z.strictObject({ kind: z.literal('secret'), secret: z.string().min(1) }),
]);

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
});

export const registryEntrySchema = z.discriminatedUnion('kind', [distributionEntrySchema, ecrEntrySchema]);

/** The allow-list: a registry that is not in it is never spoken to. */
export const registriesConfigSchema = z.strictObject({
  entries: z.array(registryEntrySchema).superRefine((entries, context) => {
    const hosts = entries.map((entry) => entry.host.toLowerCase());
    const twice = hosts.find((host, i) => hosts.indexOf(host) !== i);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `the host "${twice}" appears twice` });
  }),
});

export type DistributionEntry = Readonly<z.infer<typeof distributionEntrySchema>>;
export type EcrEntry = Readonly<z.infer<typeof ecrEntrySchema>>;
export type RegistryEntry = DistributionEntry | EcrEntry;
export type RegistriesConfig = Readonly<z.infer<typeof registriesConfigSchema>>;
export type RegistriesConfigInput = z.input<typeof registriesConfigSchema>;
