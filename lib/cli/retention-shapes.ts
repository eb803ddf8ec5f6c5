import { z } from 'zod';
import { digestSchema } from '../events/index.ts';
import { holdSchema, quarantineSchema, replaySchema } from '../lifecycle/index.ts';

/** What the API answers about retention, as far as the command line reads it. */
const named = { registry: z.string(), repository: z.string() };
export const replaysAnswer = z.object({ replays: z.array(replaySchema) });
export const quarantinedAnswer = z.object({ quarantined: z.array(quarantineSchema.extend(named)) });
export const holdsAnswer = z.object({ holds: z.array(holdSchema.extend({ ...named, digest: digestSchema })) });
export const heldAnswer = z.object({ image: z.string(), outcome: z.enum(['held', 'condemned']) });
export const liftedAnswer = z.object({ image: z.string(), lifted: z.boolean() });
export const usageAnswer = z.object({ held: z.number(), unknown: z.number(), condemned: z.array(z.string()) });
