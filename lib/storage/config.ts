import { z } from 'zod';

const globs = z.array(z.string().min(1).max(300)).min(1).max(100);

/** The setting `storage`: what keeps a layer once, who owns which repository, and what a hit of a build cache is worth. */
export const storageConfigSchema = z.strictObject({
  /**
   * Whether a registry keeps a layer once for all its repositories or once in each. The first rule whose pattern fits
   * the host counts; without one, ECR keeps it once in each repository and every other registry once. With blob mounting
   * turned on, ECR keeps it once, too (ECR user guide, "Blob mounting").
   */
  sharing: z
    .array(z.strictObject({ registries: globs, scope: z.enum(['registry', 'repository']) }))
    .max(50)
    .default([]),
  /** A team owns what fits one of its patterns, `registry/repository`; of several teams, the first. */
  teams: z
    .array(z.strictObject({ name: z.string().min(1).max(100), repositories: globs }))
    .max(500)
    .default([]),
  /** The label that names the team of an image that no pattern of `teams` fits. */
  teamLabel: z.string().min(1).max(200).default('team'),
  cache: z
    .strictObject({
      /** What one use of a build cache saves, where nobody has measured it. */
      secondsSavedPerHit: z.number().nonnegative().max(86_400).default(60),
      /** Measured ones, by repository; the first that fits counts. */
      measured: z
        .array(z.strictObject({ repositories: globs, secondsSavedPerHit: z.number().nonnegative().max(86_400) }))
        .max(100)
        .default([]),
      /** US dollars for a minute of a build machine. */
      buildMinuteUsd: z.number().nonnegative().max(100).default(0.005),
      /** US dollars for a gigabyte of cache and month. */
      gbMonthUsd: z.number().nonnegative().max(100).default(0.1),
    })
    .prefault({}),
});
export type StorageConfig = Readonly<z.infer<typeof storageConfigSchema>>;
