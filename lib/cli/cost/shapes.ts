import { z } from 'zod';
import { costKinds } from '../../cost/index.ts';

/** What the API answers about costs, as far as the command line reads it. */
const whole = z.string().regex(/^\d{1,60}$/);
const money = { microUsd: z.number(), micrograms: z.number() };
const part = z.object({ kind: z.enum(costKinds), region: z.string(), amount: whole, marginal: whole, ...money });
const dated = z.object({ asOf: z.string(), sources: z.array(z.string()) });

export const costAnswer = z.object({
  from: z.string(),
  until: z.string(),
  currency: z.literal('USD'),
  lines: z.array(z.object({ owner: z.string(), ...money, marginalMicroUsd: z.number(), parts: z.array(part) })),
  total: z.object({ ...money, parts: z.array(part) }),
  prices: dated,
  carbon: dated,
  events: z.number(),
  cut: z.boolean(),
  assumptions: z.array(z.string()),
});

export const forecastAnswer = z.object({
  month: z.string(),
  owner: z.string().optional(),
  soFarUsd: z.number(),
  expectedUsd: z.number(),
  lowUsd: z.number(),
  highUsd: z.number(),
  confidence: z.number(),
  method: z.string(),
  daily: z.array(z.object({ day: z.string(), usd: z.number() })),
  short: z.string().optional(),
});

export const budgetsAnswer = z.object({
  budgets: z.array(
    z.object({
      budget: z.string(),
      month: z.string(),
      limitUsd: z.number(),
      spentUsd: z.number(),
      expectedUsd: z.number().optional(),
      highUsd: z.number().optional(),
      reached: z.array(z.number()),
      willExceed: z.boolean(),
      state: z.enum(['within', 'warned', 'expected-over', 'over']),
      owners: z.array(z.object({ owner: z.string(), usd: z.number() })),
    }),
  ),
});
