import { z } from 'zod';
import { define } from '../define.ts';

const credentialsData = z.object({
  registry: z.string(),
  /** Name or ARN of the secret. */
  secret: z.string(),
  /** Of the secret, and not what it holds. */
  version: z.string(),
  /** Under which the registry knows the token. */
  tokenId: z.string().optional(),
});
export const credentialsRotated = define(
  'lading.registry',
  'Credentials Rotated',
  credentialsData.extend({
    expiresAt: z.iso.datetime().optional(),
    /** Whether the ones before them hold until they are withdrawn. */
    replaced: z.boolean(),
  }),
  (data) => `${data.registry} ${data.version}`,
);
export const credentialsWithdrawn = define(
  'lading.registry',
  'Credentials Withdrawn',
  credentialsData,
  (data) => `${data.registry} ${data.version}`,
);
