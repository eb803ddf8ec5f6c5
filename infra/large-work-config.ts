import { z } from 'zod';
import { pinnedImage, taskNetwork } from '../lib/scanners/config.ts';

/** The setting `largeWork`: what is too large for a function is done by container tasks; see docs/replication.md. */
export const largeWorkConfigSchema = z
  .strictObject({
    ...taskNetwork,
    /** Images of more bytes as stored are copied, and read for their SBOM, by a task. */
    aboveBytes: z
      .int()
      .min(0)
      .default(16 * 1024 ** 3),
    /** CPU units and MiB, in a pair that Fargate takes. */
    cpu: z.literal([512, 1024, 2048, 4096]).default(2048),
    memoryMb: z.int().min(1024).max(30_720).default(4096),
    /** What a task has not ended after so many hours, the next one goes on with. */
    hours: z.int().min(1).max(48).default(12),
    /** An image with Node 24 that the deployment puts the code of the functions on. Docker is needed then, to deploy. */
    base: pinnedImage.optional(),
    /** Instead: an image that you have built of the same code, with the folders of the bundles below `/lading`. */
    image: pinnedImage.optional(),
  })
  .refine(({ base, image }) => (base === undefined) !== (image === undefined), {
    path: ['base'],
    message: 'either the base that the image is built on, or the image',
  });
export type LargeWorkConfig = Readonly<z.infer<typeof largeWorkConfigSchema>>;
