import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

const hostSchema = z.string().refine(isRegistryHost, 'not a registry host');

const targetSchema = z.strictObject({
  /** A host of the setting `registries`. */
  registry: hostSchema,
  /** Put before the repository's name, for example `mirror/`. */
  prefix: z.string().max(100).default(''),
});

const ruleSchema = z.strictObject({
  name: z.string().min(1).max(60),
  /** The host that images are copied from. */
  from: hostSchema,
  /** Globs of repositories (`team/*`, `**`). */
  repositories: z.array(z.string().min(1)).min(1).default(['**']),
  to: z.array(targetSchema).min(1).max(25),
});

/** The setting `replication`: which repositories are copied where. Without rules nothing is. */
export const replicationConfigSchema = z.strictObject({ rules: z.array(ruleSchema).max(50).default([]) });
export type ReplicationConfig = Readonly<z.infer<typeof replicationConfigSchema>>;
