import { digestOf } from '../../../../lib/core/digest.ts';
import type { RetentionPolicy } from '../../../../lib/lifecycle/index.ts';
import { evaluatePolicy } from '../../../../lib/lifecycle/policy/evaluate-policy.ts';
import type { Unit } from '../../../../lib/lifecycle/policy/unit.ts';

export const DAY = 86_400_000;
export const now = Date.UTC(2026, 5, 1);
export const daysAgo = (days: number): number => now - days * DAY;

/** An image as the simulators of other registries see it. Times in ms. */
export interface SimulatedImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly pushedAt: number;
  readonly pulledAt?: number | undefined;
  readonly createdAt: number;
}

export function unit(id: string, more: Partial<Unit> = {}): Unit {
  return {
    id,
    digest: digestOf(id),
    tags: [id],
    pushedAt: daysAgo(100),
    pulledAt: 'never',
    createdAt: undefined,
    usedAt: 'unknown',
    artifactClass: 'image',
    platforms: [],
    labels: new Map(),
    signed: false,
    sizeBytes: 1000,
    ...more,
  };
}

/** The images as units: each with all its tags, or each tag by itself and what has none. */
export function toUnits(images: readonly SimulatedImage[], kind: RetentionPolicy['unit']): Unit[] {
  return images.flatMap(({ id, tags, pushedAt, pulledAt, createdAt }) => {
    const about = { digest: digestOf(id), pushedAt, pulledAt: pulledAt ?? ('never' as const), createdAt };
    if (kind === 'image' || tags.length === 0) return [unit(id, { ...about, tags })];
    return tags.map((tag) => unit(tag, { ...about, tags: [tag] }));
  });
}

/** Ids of what a policy expires; of what it archives, with that before. */
export const expired = (policy: RetentionPolicy, units: readonly Unit[]): string[] =>
  evaluatePolicy(policy, units, now)
    .filter(({ action }) => action !== 'keep')
    .map(({ action, unit: { id } }) => (action === 'expire' ? id : `${action} ${id}`))
    .sort();
