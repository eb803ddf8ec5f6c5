import { z } from 'zod';
import { externalSbomSchema } from '../external-sboms/index.ts';
import { sbomQualitySchema } from '../sbom/index.ts';

const packageName = z.object({ type: z.string(), name: z.string(), version: z.string() });

/** What the routes about SBOMs answer. */
export const sbomAnswers = {
  sboms: z.object({
    image: z.string(),
    own: z
      .object({ generator: z.string(), packages: z.int().nonnegative(), outcome: z.string() })
      .optional()
      .describe('absent until it is made'),
    external: z.array(externalSbomSchema),
  }),
  attached: z.object({ sbom: externalSbomSchema }),
  difference: z.object({
    added: z.array(packageName),
    removed: z.array(packageName),
    changed: z.array(
      z.object({ type: z.string(), name: z.string(), from: z.array(z.string()), to: z.array(z.string()) }),
    ),
    same: z.int().nonnegative(),
    unidentified: z.int().nonnegative(),
  }),
  quality: sbomQualitySchema,
};
