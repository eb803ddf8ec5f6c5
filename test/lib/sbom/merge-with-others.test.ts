import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSboms, listPackages, listSbom, mergeWithOthers, sbomSchema } from '../../../lib/sbom/index.ts';
import { sbomArbitrary } from './formats/arbitrary-sbom.ts';

describe('an SBOM merged with those of others', () => {
  it('has what any of them has, each with who found it, and keeps what is ours as it was', () => {
    fc.assert(
      fc.property(sbomArbitrary, sbomArbitrary, (own, other) => {
        const listed = listPackages(other).filter(({ version }) => version !== '');
        const merged = mergeWithOthers(own, [{ who: 'theirs', packages: listed }]);
        expect(sbomSchema.safeParse(merged).success).toBe(true);
        const byId = new Map(merged.packages.map((one) => [one.id, one]));
        expect(byId.size).toBe(merged.packages.length);
        for (const one of own.packages) {
          const { foundBy = [], ...rest } = byId.get(one.id) ?? { foundBy: [] };
          expect(rest).toEqual(one);
          expect(foundBy[0]).toBe('lading 2');
        }
        // Nothing of either is missing, and nothing is there that neither has.
        for (const side of [listSbom(own), { packages: listed }]) {
          expect(compareSboms(listSbom(merged), side).added).toEqual([]);
          expect(compareSboms(listSbom(merged), side).changed).toEqual([]);
        }
        for (const one of merged.packages) expect(one.foundBy?.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same, whatever the order, and merged twice', () => {
    fc.assert(
      fc.property(sbomArbitrary, sbomArbitrary, (own, other) => {
        const packages = listPackages(other);
        const once = mergeWithOthers(own, [{ who: 'a', packages }]);
        const twice = mergeWithOthers(own, [
          { who: 'a', packages },
          { who: 'a', packages },
        ]);
        expect(twice).toEqual(once);
        expect(new Set(once.packages.map(({ id }) => id)).size).toBe(once.packages.length);
      }),
      { numRuns: 30 },
    );
  });
});
