import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

/** The setting `backup`: which registries are copied to the bucket `backup`, on the schedule `backupRegistries`. */
export const backupConfigSchema = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        registry: z.string().refine(isRegistryHost, 'not a registry host'),
        /** Globs of repositories. */
        repositories: z.array(z.string().min(1).max(200)).min(1).max(50).default(['**']),
      }),
    )
    .max(50)
    .default([]),
});
export type BackupConfig = Readonly<z.infer<typeof backupConfigSchema>>;
