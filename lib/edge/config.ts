import { z } from 'zod';
import { isRegistryHost, isRepositoryName } from '../core/image-reference.ts';

/**
 * What things are worth to a site, and what they take. All that is worth something is told in pulls a day, all that it
 * takes in GiB of disk: a score is the one over the other. See docs/edge.md.
 */
const weightsSchema = z.strictObject({
  /** Of a pull a day at this very site. */
  pullsHere: z.number().nonnegative().default(1),
  /** Of having been pulled anywhere just now; half of it a week ago. */
  pulledAnywhere: z.number().nonnegative().default(0.2),
  /** Of running anywhere just now; half of it a week ago. */
  runningAnywhere: z.number().nonnegative().default(0.3),
  /** Of having been pushed just now; half of it a week ago. */
  newness: z.number().nonnegative().default(0.05),
  /** Of a deadline that is near. */
  deadline: z.number().nonnegative().default(5),
  /** Of being in the state before: what is as good is not exchanged. */
  incumbent: z.number().nonnegative().default(0.02),
  /** GiB of disk that a unit of money on the link is as bad as. */
  gibPerCost: z.number().nonnegative().default(10),
  /** GiB of disk that an hour of the link is as bad as. */
  gibPerHour: z.number().nonnegative().default(0.1),
  /** What is worth less for what it takes is left out, room or not. */
  leastScore: z.number().nonnegative().default(0.01),
});
export type PlacementWeights = Readonly<z.infer<typeof weightsSchema>>;

/** The setting `edge`: whether there are sites, and how it is decided what each should hold. */
export const edgeConfigSchema = z.strictObject({
  /** Without it there are no functions for sites. */
  enabled: z.boolean().default(false),
  /** The registry that sites are served from. @default the first source among the registries */
  registry: z.string().refine(isRegistryHost, 'not a registry host').optional(),
  /** What desired states are stored below, one repository for each site. */
  namespace: z.string().max(150).refine(isRepositoryName, 'not the name of a repository').default('lading/edge'),
  /** A state is an order for so long; past its middle it is made anew though it says the same. */
  stateDays: z.number().positive().max(365).default(14),
  /** What runs at a site is not to be dropped for so long after it said so. */
  leaseDays: z.number().positive().max(365).default(14),
  /** What sites write into their tokens, so that a token for another hub is none for this one. */
  audience: z.string().min(1).max(200).default('lading-edge'),
  weights: weightsSchema.prefault({}),
});
export type EdgeConfig = Readonly<z.infer<typeof edgeConfigSchema>>;
