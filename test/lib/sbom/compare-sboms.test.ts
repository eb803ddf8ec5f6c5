import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSboms, isSame, type ListedPackage, listSbom } from '../../../lib/sbom/index.ts';
import { sbomArbitrary } from './formats/arbitrary-sbom.ts';

const one = (type: string, name: string, version: string): ListedPackage => ({ type, name, version, licenses: [] });
const compare = (a: readonly ListedPackage[], b: readonly ListedPackage[]) =>
  compareSboms({ packages: a }, { packages: b });

describe('two SBOMs', () => {
  it('differ by what was added, removed and changed, version by version', () => {
    expect(
      compare(
        [one('npm', 'a', '1'), one('npm', 'b', '1'), one('npm', 'b', '2'), one('npm', 'c', '1'), one('npm', 'd', '1')],
        [one('npm', 'a', '1'), one('npm', 'b', '2'), one('npm', 'b', '3'), one('npm', 'd', '1'), one('npm', 'd', '2')],
      ),
    ).toEqual({
      added: [{ type: 'npm', name: 'd', version: '2' }],
      removed: [{ type: 'npm', name: 'c', version: '1' }],
      changed: [{ type: 'npm', name: 'b', from: ['1'], to: ['3'] }],
      same: 3,
      unidentified: 0,
    });
  });

  it('name packages as their registries compare names', () => {
    const a = [one('pypi', 'Foo_Bar', '1'), one('golang', 'github.com/A/b', 'v1.0.0'), one('deb', 'x', '0:1')];
    const b = [one('pypi', 'foo-bar', '1'), one('golang', 'github.com/a/b', '1.0.0'), one('deb', 'x', '1')];
    expect(isSame(compare(a, b))).toBe(true);
    expect(isSame(compare([one('maven', 'A', '1')], [one('maven', 'a', '1')]))).toBe(false);
  });

  it('leave out what neither can identify, and say how much', () => {
    expect(compare([one('unknown', 'a', '1')], [])).toMatchObject({ removed: [], unidentified: 1 });
  });

  it('are the same as themselves, and differ by the same from either side', () => {
    fc.assert(
      fc.property(sbomArbitrary, sbomArbitrary, (x, y) => {
        const [a, b] = [listSbom(x), listSbom(y)];
        expect(isSame(compareSboms(a, a))).toBe(true);
        const there = compareSboms(a, b);
        const back = compareSboms(b, a);
        expect(back.added).toEqual(there.removed);
        expect(back.removed).toEqual(there.added);
        expect(back.changed.map(({ from, to }) => [to, from])).toEqual(there.changed.map(({ from, to }) => [from, to]));
        expect(back.same).toBe(there.same);
      }),
      { numRuns: 60 },
    );
  });
});
