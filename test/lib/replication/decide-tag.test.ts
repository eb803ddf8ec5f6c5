import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { decideTag, type TagSides } from '../../../lib/replication/decide-tag.ts';
import type { ConflictRule } from '../../../lib/replication/model.ts';

const [old, here, there] = ['old', 'here', 'there'].map(digestOf) as [Digest, Digest, Digest];

describe('moving a tag', () => {
  it.each<[string, Partial<TagSides>, ConflictRule, string]>([
    ['is not needed where it is there', { there: here }, 'report', 'there'],
    ['sets what is not there yet', {}, 'report', 'set'],
    ['moves what is where it was left', { there: old, agreed: old }, 'report', 'set'],
    ['is a conflict where both sides moved it', { there, agreed: old }, 'report', 'conflict'],
    ['is a conflict where nothing is known of the tag that is there', { there }, 'report', 'conflict'],
    ['leaves it to the other direction what moved at the target alone', { there, agreed: here }, 'newest', 'keep'],
    ['brings back what moved at the target where the source rules', { there, agreed: here }, 'source', 'set'],
    ['lets the target rule', { there, agreed: old }, 'target', 'keep'],
  ])('%s', (_what, sides, rule, expected) => {
    expect(decideTag({ wanted: here, there: undefined, agreed: undefined, ...sides }, rule).kind).toBe(expected);
  });

  it('brings both directions of a pair to the same digest, whenever each side moved it', () => {
    const digest = fc.constantFrom(...['a', 'b', 'c'].map(digestOf));
    const time = fc.option(
      fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-03T00:00:00.000Z'),
      { nil: undefined },
    );
    const agreement = fc.option(digest, { nil: undefined });
    const pairs: [ConflictRule, ConflictRule][] = [
      ['newest', 'newest'],
      ['source', 'target'],
    ];
    fc.assert(
      fc.property(digest, digest, agreement, time, time, fc.constantFrom(...pairs), (a, b, agreed, atA, atB, rules) => {
        const sides = { a, b };
        const known = { toB: agreed, toA: agreed };
        for (let round = 0; round < 3; round++) {
          const forth = { wanted: sides.a, there: sides.b, agreed: known.toB, sourceMovedAt: atA, targetMovedAt: atB };
          if (decideTag(forth, rules[0]).kind === 'set') sides.b = sides.a;
          if (sides.a === sides.b) known.toB = sides.a;
          const back = { wanted: sides.b, there: sides.a, agreed: known.toA, sourceMovedAt: atB, targetMovedAt: atA };
          if (decideTag(back, rules[1]).kind === 'set') sides.a = sides.b;
          if (sides.a === sides.b) known.toA = sides.a;
        }
        expect(sides.a).toBe(sides.b);
      }),
    );
  });
});
