import type { Digest } from '../core/digest.ts';
import type { ConflictRule } from './model.ts';

export interface TagSides {
  /** What the tag is to be on: what the source has it on. */
  readonly wanted: Digest;
  /** What the target has it on now. */
  readonly there: Digest | undefined;
  /** What both sides last had it on, as far as Lading set it. */
  readonly agreed: Digest | undefined;
  /** When each side moved it to where it is, where that is known. ISO 8601. */
  readonly sourceMovedAt?: string | undefined;
  readonly targetMovedAt?: string | undefined;
}

export type TagDecision =
  | { readonly kind: 'set' }
  | { readonly kind: 'there' }
  | { readonly kind: 'keep'; readonly why: 'moved-at-target' | 'rule' }
  | { readonly kind: 'conflict' };

/**
 * Whether a tag of the target is moved to where the source has it: the compare of compare-and-set. Only a tag that is
 * where it was left last is simply moved. One that somebody else moved at the target is a conflict if the source moved it
 * too, and then the rule decides; both directions of a pair decide alike, so that it comes to rest.
 */
export function decideTag(sides: TagSides, rule: ConflictRule): TagDecision {
  const { wanted, there, agreed } = sides;
  if (there === wanted) return { kind: 'there' };
  if (there === undefined || there === agreed) return { kind: 'set' };
  switch (rule) {
    case 'source':
      return { kind: 'set' };
    case 'target':
      return { kind: 'keep', why: 'rule' };
    case 'report':
      return wanted === agreed ? { kind: 'keep', why: 'moved-at-target' } : { kind: 'conflict' };
    case 'newest':
      // Moved at the target alone: that is the news, and the rule of the other direction carries it.
      if (wanted === agreed) return { kind: 'keep', why: 'moved-at-target' };
      return isNewer(sides) ? { kind: 'set' } : { kind: 'keep', why: 'rule' };
    default:
      return rule satisfies never;
  }
}

/** By the registries' own times; without them, or at the same time, the digests decide, which both directions see alike. */
function isNewer({ wanted, there, sourceMovedAt, targetMovedAt }: TagSides): boolean {
  const source = Date.parse(sourceMovedAt ?? '');
  const target = Date.parse(targetMovedAt ?? '');
  if (Number.isNaN(source) || Number.isNaN(target) || source === target) return wanted > (there ?? '');
  return source > target;
}
