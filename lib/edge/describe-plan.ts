import { z } from 'zod';
import { digestSchema } from '../events/index.ts';
import { type EdgeSite, placementReasons, scoreTermSchema } from './model.ts';
import type { Candidate, Placement } from './placement/model.ts';

const named = { repository: z.string(), tags: z.array(z.string()), digest: digestSchema };
const scored = { score: z.number().optional(), terms: z.array(scoreTermSchema).optional() };

/** A plan as it is told: why each image is in it, or is not. */
export const edgePlanSchema = z.object({
  site: z.string(),
  budgetBytes: z.number(),
  bytes: z.number(),
  placed: z.array(
    z.object({
      ...{ ...named, ...scored, reason: z.enum(placementReasons) },
      ...{ marginalBytes: z.number(), transferBytes: z.number() },
    }),
  ),
  passedOver: z.array(z.object({ ...named, ...scored, why: z.string() })),
  /** Images that are left out of `passedOver`. */
  more: z.number(),
  faults: z.array(z.object({ kind: z.string(), wish: z.string(), image: z.string().optional(), detail: z.string() })),
});
export type EdgePlan = z.infer<typeof edgePlanSchema>;

const MOST_PASSED_OVER = 2_000;

export function describePlan({ name, budgetBytes }: EdgeSite, placement: Placement): EdgePlan {
  const of = ({ repository, tags, digest }: Candidate) => ({ repository, tags: [...tags], digest });
  const { placed, passedOver, faults, bytes } = placement;
  return {
    ...{ site: name, budgetBytes, bytes },
    placed: placed.map(({ candidate, terms, ...rest }) => ({ ...of(candidate), ...rest, terms: [...terms] })),
    passedOver: passedOver.slice(0, MOST_PASSED_OVER).map(({ candidate, why, score, terms }) => ({
      ...{ ...of(candidate), why },
      ...(score === undefined || terms === undefined ? {} : { score, terms: [...terms] }),
    })),
    more: Math.max(0, passedOver.length - MOST_PASSED_OVER),
    faults: [...faults],
  };
}
