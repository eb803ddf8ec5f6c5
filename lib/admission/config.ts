import { z } from 'zod';

const glob = z.string().min(1).max(200);

const treatment = {
  /** `warn`: everything is let in, and what would have been refused is told to whoever asked. */
  mode: z.enum(['enforce', 'warn', 'off']).optional(),
  /** What becomes of a workload when it cannot be told whether its images are trusted. */
  onFailure: z.enum(['deny', 'allow']).optional(),
};

/** The setting `admission`: what may run in clusters and as tasks. */
export const admissionConfigSchema = z.strictObject({
  mode: treatment.mode.unwrap().default('enforce'),
  onFailure: treatment.onFailure.unwrap().default('deny'),
  /** The first rule whose globs match the namespace holds; what it leaves out is as above. */
  namespaces: z
    .array(z.strictObject({ match: z.array(glob).min(1).max(50), ...treatment }))
    .max(50)
    .default([]),
  /**
   * Images that are let in without a verdict, as globs over `registry/repository`. Nothing by default: a cluster's own
   * images need a rule, or a namespace that is `off`.
   */
  exempt: z.array(glob).max(100).default([]),
  /**
   * Whose signatures let run what Lading has no verdict on: a trust policy of Notary Project with its stores
   * (`NotationTrustConfig` of lib/signing). AWS Signer's, made when an image is pushed to ECR, are such signatures.
   */
  signatures: z
    .strictObject({
      trustPolicy: z.record(z.string(), z.unknown()),
      trustStores: z.record(z.string().max(100), z.array(z.string().max(16_384)).min(1).max(20)),
    })
    .optional(),
  /** Tags are replaced by the digests that they name, so that what was checked is what runs. */
  pinDigests: z.boolean().default(true),
  /** Tasks of ECS that run what is not trusted are stopped; else they are only told of. */
  stopTasks: z.boolean().default(false),
  /** Named in messages to people who are refused. */
  contact: z.string().max(200).optional(),
});
export type AdmissionConfig = Readonly<z.infer<typeof admissionConfigSchema>>;
