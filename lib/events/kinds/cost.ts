import { z } from 'zod';
import { define } from '../define.ts';

export const budgetExceeded = define(
  'lading.cost',
  'Budget Exceeded',
  z.object({
    budget: z.string(),
    /** The calendar month, UTC: `2026-03`. */
    month: z.string(),
    /** `spent`: a share of the budget was reached. `expected`: the month is expected to end over it. */
    reason: z.enum(['spent', 'expected']),
    /** The share that was reached: 0.8 of the budget; 1 where it is expected to be exceeded. */
    threshold: z.number().positive(),
    /** US dollars. */
    limitUsd: z.number().positive(),
    spentUsd: z.number().nonnegative(),
    expectedUsd: z.number().nonnegative().optional(),
    /** Who spent most of it. */
    owners: z.array(z.object({ owner: z.string(), usd: z.number() })).max(10),
  }),
  (data) => `${data.budget} ${data.month} ${data.reason} ${data.threshold}`,
);
