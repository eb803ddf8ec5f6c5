import { z } from 'zod';
import { define } from '../define.ts';
import { digestSchema } from '../envelope.ts';

const site = z.string().min(1).max(63);
const imageAt = z.object({ repository: z.string(), digest: digestSchema });

export const edgeSiteChanged = define(
  'lading.edge',
  'Edge Site Changed',
  z.object({ site, change: z.enum(['registered', 'revised', 'revoked']), at: z.iso.datetime() }),
  (data) => `${data.site} ${data.change} ${data.at}`,
);

export const edgePlansDue = define(
  'lading.edge',
  'Edge Plans Due',
  z.object({ because: z.enum(['time', 'request']), sites: z.int().nonnegative() }),
  (data) => data.because,
);

export const edgeStateSigned = define(
  'lading.edge',
  'Edge State Signed',
  z.object({
    site,
    generation: z.int().positive(),
    /** Where any client can pull it. */
    artifact: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }),
    images: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    budgetBytes: z.int().nonnegative(),
    expiresAt: z.iso.datetime(),
    /** What was wished and cannot be: pins that do not fit, deadlines that the link is too slow for. */
    faults: z.array(z.string()).max(100),
  }),
  (data) => `${data.site} ${data.generation}`,
);

const told = { site, generation: z.int().nonnegative(), sequence: z.int().positive(), merkleRoot: digestSchema };

export const edgeSiteAcknowledged = define(
  'lading.edge',
  'Edge Site Acknowledged',
  z.object({
    ...told,
    images: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    budgetBytes: z.int().nonnegative(),
  }),
  (data) => `${data.site} ${data.sequence}`,
);

export const edgeSiteDiverged = define(
  'lading.edge',
  'Edge Site Diverged',
  z.object({
    ...told,
    expectedRoot: digestSchema.optional(),
    /** How many, and of them the first hundred. */
    missing: z.int().nonnegative(),
    extra: z.int().nonnegative(),
    examples: z.object({ missing: z.array(imageAt).max(100), extra: z.array(imageAt).max(100) }),
    /** Bytes over the budget. */
    overBudget: z.int().nonnegative(),
  }),
  (data) => `${data.site} ${data.sequence}`,
);
