import { z } from 'zod';
import {
  gateDecided,
  imageAttested,
  imageReplicated,
  imageSigned,
  sbomCreated,
  scanCompleted,
} from '../../../lib/events/index.ts';

/** What the view reads of the API's answer about one image. */
export const imageStateSchema = z.object({
  image: z.object({
    entry: z.object({ registry: z.string(), repository: z.string(), digest: z.string(), artifactClass: z.string() }),
    stages: z.array(z.object({ stage: z.string(), state: z.string(), completedAt: z.string().optional() })),
    settled: z.boolean(),
    sbom: sbomCreated.data.optional(),
    scan: scanCompleted.data.shape.scan.optional(),
    verdict: gateDecided.data.optional(),
    signature: imageSigned.data.shape.signature.optional(),
    attestation: imageAttested.data.optional(),
    replicas: z.array(imageReplicated.data),
  }),
});
export type ImageState = z.infer<typeof imageStateSchema>['image'];
