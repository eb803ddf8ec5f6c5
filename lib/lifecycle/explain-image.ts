import { LadingError } from '../core/errors.ts';
import type { ImageReference } from '../core/image-reference.ts';
import type { RetentionPlan } from './model.ts';

export interface Explanation {
  readonly fate: string;
  readonly because: readonly string[];
}

/**
 * What a plan has in store for an image, and why.
 * @throws LadingError `image-unknown` where no plan names it
 */
export function explainImage(image: ImageReference, plans: readonly RetentionPlan[]): Explanation {
  const plan = plans.find(({ registry, repository }) => registry === image.registry && repository === image.repository);
  const isIt = (tag: string | undefined, digest: string): boolean =>
    image.digest === undefined ? tag === image.tag : digest === image.digest;
  const isIn = ({ root, tags, deletes, partTags }: RetentionPlan['expire'][number]): boolean =>
    deletes.some((digest) => isIt(undefined, digest)) ||
    tags.some((tag) => isIt(tag, root)) ||
    partTags.some(({ tag, digest }) => isIt(tag, digest));
  const graph = plan?.expire.find(isIn);
  const aside = [...(plan?.due ?? []), ...(plan?.waiting ?? [])].find(
    ({ root, tags }) => tags.some((tag) => isIt(tag, root)) || isIt(undefined, root),
  );
  if (plan && aside) {
    return 'until' in aside
      ? { fate: 'is set aside', because: [`until ${aside.until}`, 'put it back with "lading retention release"'] }
      : {
          fate: plan.refused ? 'is set aside, and would be deleted now' : 'was set aside, and is deleted now',
          because: [aside.why, ...(plan.refused ? [plan.refused] : [])],
        };
  }
  if (plan && graph) {
    const others = graph.deletes.length - 1;
    return {
      fate: plan.refused
        ? 'would go, but the plan is not carried out'
        : plan.dryRun
          ? 'would go (dry run)'
          : plan.quarantineDays > 0
            ? `is set aside for ${plan.quarantineDays} days, and goes then`
            : 'goes',
      because: [
        `${graph.root}: ${graph.why}`,
        ...(graph.costs === undefined ? [] : [graph.costs]),
        ...(others > 0 ? [`with ${others} that nothing else needs: children and what refers to them`] : []),
        ...(plan.refused ? [plan.refused] : []),
      ],
    };
  }
  const because = [
    ...(plan?.spared ?? [])
      .filter(({ digest, tags }) => isIt(undefined, digest) || tags.some((tag) => isIt(tag, digest)))
      .flatMap(({ rule, why }) => [why, `it would go by ${rule}`]),
    ...(plan?.keep ?? []).filter(({ tag, digest }) => isIt(tag, digest)).map(({ tag, why }) => `tag ${tag}: ${why}`),
  ];
  if (because.length > 0) return { fate: 'stays', because };
  // Plans name what is tagged and what goes; the rest stays as a part of these, or is not there at all.
  if (plan && image.digest !== undefined) {
    return { fate: 'stays, if it is there', because: ['no rule takes it, or something that is kept needs it'] };
  }
  throw new LadingError('image-unknown', `no plan names ${image.repository}:${image.tag ?? ''}`, {
    hint: 'see which images there are with "lading images"',
  });
}
