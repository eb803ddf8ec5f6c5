import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateRange, type OsvEvent, sortEvents } from '../../../../lib/formats/osv/index.ts';
import { compareVersions } from '../../../../lib/formats/versions/index.ts';

const range = (...events: OsvEvent[]) => ({ scheme: 'semver' as const, events: sortEvents('semver', events) });

describe('evaluateRange', () => {
  it('follows the examples of the OSV schema', () => {
    const unfixed = range(['introduced', '0']);
    expect(evaluateRange(unfixed, '9.9.9')).toEqual({ kind: 'affected', end: 'open' });
    const fixed = range(['introduced', '0'], ['fixed', '1.0.2']);
    expect(evaluateRange(fixed, '1.0.1')).toEqual({ kind: 'affected', end: 'fixed', fix: '1.0.2' });
    expect(evaluateRange(fixed, '1.0.2')).toEqual({ kind: 'not-affected' });
    const two = range(['introduced', '1.0.0'], ['fixed', '1.0.2'], ['introduced', '3.0.0'], ['fixed', '3.2.5']);
    expect(
      ['0.9.0', '1.0.0', '1.0.2', '2.0.0', '3.0.0', '3.2.4', '3.2.5'].map((v) => evaluateRange(two, v).kind),
    ).toEqual(['not-affected', 'affected', 'not-affected', 'not-affected', 'affected', 'affected', 'not-affected']);
    expect(evaluateRange(two, '3.1.0')).toEqual({ kind: 'affected', end: 'fixed', fix: '3.2.5' });
  });

  it('takes last_affected as the end, and names no fix for it', () => {
    const last = range(['introduced', '0'], ['last_affected', '2.1.214']);
    expect(evaluateRange(last, '2.1.214')).toEqual({ kind: 'affected', end: 'last-affected' });
    expect(evaluateRange(last, '2.1.215')).toEqual({ kind: 'not-affected' });
  });

  it('is bounded by limits, of which any will do', () => {
    const limited = range(['introduced', '1.0.0'], ['limit', '2.0.0']);
    expect(evaluateRange(limited, '1.5.0').kind).toBe('affected');
    expect(evaluateRange(limited, '2.0.0').kind).toBe('not-affected');
    expect(evaluateRange(range(['introduced', '1.0.0'], ['limit', '*']), '7.0.0').kind).toBe('affected');
    expect(evaluateRange(range(['introduced', '0'], ['limit', '1.0.0'], ['limit', '3.0.0']), '2.0.0').kind).toBe(
      'affected',
    );
  });

  it('says undecided where a version cannot be ordered, never "not affected"', () => {
    expect(evaluateRange(range(['introduced', '0'], ['fixed', '1.0.0']), 'main').kind).toBe('undecided');
    expect(evaluateRange(range(['introduced', '0'], ['fixed', 'deadbeef!']), '1.0.0').kind).toBe('undecided');
    expect(evaluateRange(range(['introduced', '0'], ['limit', 'what']), '1.0.0').kind).toBe('undecided');
  });

  it('begins before any version at "0", whatever the scheme makes of it', () => {
    const deb = {
      scheme: 'deb' as const,
      events: sortEvents('deb', [
        ['fixed', '0.1'],
        ['introduced', '0'],
      ]),
    };
    expect(evaluateRange(deb, '0~beta').kind).toBe('affected');
  });

  it('agrees with the pseudo-code of the schema, in whatever order the events are written', () => {
    const version = fc.integer({ min: 0, max: 12 }).map((n) => `${n}.0.0`);
    const event = fc.tuple(
      fc.constantFrom('introduced', 'fixed', 'last_affected', 'limit'),
      version,
    ) as fc.Arbitrary<OsvEvent>;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), version, fc.infiniteStream(fc.nat()), (events, v, random) => {
        const shuffled = [...events].sort(() => (random.next().value as number) % 2 || -1);
        const result = evaluateRange({ scheme: 'semver', events: sortEvents('semver', shuffled) }, v);
        expect(result.kind).toBe(isAffectedBySchema(events, v) ? 'affected' : 'not-affected');
        if (result.kind === 'affected' && result.fix) {
          expect(compareVersions('semver', result.fix, v)).toBe(1);
          expect(events).toContainEqual(['fixed', result.fix]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The pseudo-code ("Evaluation"), word for word; at one version an introduction comes first. */
function isAffectedBySchema(events: readonly OsvEvent[], v: string): boolean {
  const order = (a: string, b: string): number => Number(compareVersions('semver', a, b));
  const limits = events.filter(([kind]) => kind === 'limit');
  if (limits.length > 0 && !limits.some(([, limit]) => order(v, limit) < 0)) return false;
  const ranks = ['introduced', 'last_affected', 'fixed', 'limit'];
  const sorted = [...events].sort(([ka, a], [kb, b]) => order(a, b) || ranks.indexOf(ka) - ranks.indexOf(kb));
  let vulnerable = false;
  for (const [kind, at] of sorted) {
    if (kind === 'introduced' && order(v, at) >= 0) vulnerable = true;
    else if (kind === 'fixed' && order(v, at) >= 0) vulnerable = false;
    else if (kind === 'last_affected' && order(v, at) > 0) vulnerable = false;
  }
  return vulnerable;
}
