import { z } from 'zod';
import { carbonChangesSchema } from './carbon.ts';
import { priceChangesSchema } from './prices.ts';

const name = z.string().min(1).max(100);

const budgetSchema = z.strictObject({
  name,
  /** Whose costs: all where it is left out. */
  by: z.enum(['repository', 'registry', 'account', 'team', 'label']).optional(),
  /** The name of the label, with `by: label`. */
  label: z.string().min(1).max(200).optional(),
  /** Owners as reports name them; `*` stands for any run but `/`, `**` for any. */
  owners: z.array(z.string().min(1).max(300)).min(1).max(100).default(['**']),
  /** US dollars a calendar month, UTC. */
  monthlyUsd: z.number().positive().max(1e9),
  /** Shares of it at which somebody is told, once a month each. */
  alertAt: z.array(z.number().positive().max(10)).min(1).max(10).default([0.8, 1]),
  /** Also told as soon as the month is expected to end over the budget. */
  forecast: z.boolean().default(true),
});
export type Budget = Readonly<z.infer<typeof budgetSchema>>;

/** What a function is taken to use for each event that it publishes: a model, by the event. */
const workSchema = z.strictObject({
  memoryMb: z.int().min(128).max(10_240),
  ms: z.number().nonnegative().max(900_000),
});

/** The setting `cost`. */
export const costConfigSchema = z.strictObject({
  /** Changes of the list prices. */
  prices: priceChangesSchema.prefault({}),
  carbon: carbonChangesSchema.prefault({}),
  /** Where images are pulled from: `same-region` costs nothing. A pull counts with all of the image's bytes, at most. */
  pulls: z.enum(['same-region', 'other-region', 'internet']).default('same-region'),
  /** Which scanner of AWS is paid for each image that is pushed; Lading's own costs what its functions do. */
  scanner: z.enum(['none', 'inspector']).default('none'),
  /** Milliseconds and memory by event; those that are named take the place of the usual ones. */
  work: z.record(z.string().max(60), workSchema).default({}),
  budgets: z
    .array(budgetSchema)
    .max(100)
    .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'two budgets have one name')
    .refine(
      (all) => all.every(({ by, label }) => (by === 'label') === (label !== undefined)),
      '"label" goes with "by": "label"',
    )
    .default([]),
});
export type CostConfig = Readonly<z.infer<typeof costConfigSchema>>;
