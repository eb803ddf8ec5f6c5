import { findBase } from './find-base.ts';
import { type PlanImage, type RemediationPlan, weights } from './model.ts';
import { planRemediation } from './plan-remediation.ts';

/** One image to be built again, and whom it helps. */
export interface CascadeStep {
  readonly plan: RemediationPlan;
  /** Images that are built on it, near and far: they get what it clears when they are built again. */
  readonly dependents: readonly string[];
  /** Worth for the image and its dependents, each times its running instances, over what it costs to build them all. */
  readonly rank: number;
}

/**
 * In which order images are best built again: by findings cleared × running instances ÷ cost, where the findings that a
 * base clears count for every image on it; and never an image before the one that it is built on. Pure, and the
 * order of the images changes nothing.
 */
export function planCascade(images: readonly PlanImage[]): readonly CascadeStep[] {
  const sorted = images.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const bases = new Map(sorted.map((image) => [image.key, findBase(image, sorted)?.key]));
  const byKey = new Map(sorted.map((image) => [image.key, image]));
  const steps = sorted.flatMap((image): CascadeStep[] => {
    const plan = planRemediation(image, sorted);
    if (plan === undefined) return [];
    const dependents = sorted.filter((other) => ancestors(other.key, bases).includes(image.key)).map(({ key }) => key);
    return [
      {
        plan,
        dependents,
        rank: rankOf(
          image,
          plan,
          dependents.flatMap((key) => byKey.get(key) ?? []),
        ),
      },
    ];
  });
  return inOrder(steps, bases);
}

function ancestors(key: string, bases: ReadonlyMap<string, string | undefined>): readonly string[] {
  const found: string[] = [];
  // Each base has fewer layers than what is built on it, so this ends.
  for (let base = bases.get(key); base !== undefined; base = bases.get(base)) found.push(base);
  return found;
}

function rankOf(image: PlanImage, plan: RemediationPlan, dependents: readonly PlanImage[]): number {
  const cleared = new Set(plan.cleared);
  const inherited = dependents.reduce((sum, dependent) => {
    const worth = dependent.findings
      .filter(
        ({ id, layer, package: { name } }) =>
          cleared.has(`${id} ${name}`) && layer !== undefined && image.layers.includes(layer),
      )
      .reduce((own, { severity }) => own + weights[severity], 0);
    return sum + worth * Math.max(1, dependent.running);
  }, 0);
  const worth = plan.worth * Math.max(1, image.running) + inherited;
  return Math.round((worth / (plan.cost + dependents.length)) * 1000) / 1000;
}

/** The best first, but a base before what is built on it. */
function inOrder(
  steps: readonly CascadeStep[],
  bases: ReadonlyMap<string, string | undefined>,
): readonly CascadeStep[] {
  const waiting = steps.toSorted((a, b) => b.rank - a.rank || (a.plan.image < b.plan.image ? -1 : 1));
  const ordered: CascadeStep[] = [];
  while (waiting.length > 0) {
    const pending = new Set(waiting.map(({ plan }) => plan.image));
    const next = waiting.findIndex(({ plan }) => !ancestors(plan.image, bases).some((base) => pending.has(base)));
    ordered.push(...waiting.splice(next, 1));
  }
  return ordered;
}
