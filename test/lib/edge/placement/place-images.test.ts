import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../../lib/core/digest.ts';
import type { EdgeSite } from '../../../../lib/edge/index.ts';
import { filesOf } from '../../../../lib/edge/placement/load.ts';
import { type Candidate, candidateKey, type Placement, type SiteView } from '../../../../lib/edge/placement/model.ts';
import { placeImages } from '../../../../lib/edge/placement/place-images.ts';
import { scoreOf } from '../../../../lib/edge/placement/score.ts';
import { compileWish } from '../../../../lib/edge/placement/wishes.ts';
import { candidateOf, edgeConfig, NOW, nothingKnown, siteOf } from '../edge-fixtures.ts';

const options = { weights: edgeConfig.weights, now: new Date(NOW) };
const place = (site: Partial<EdgeSite>, candidates: readonly Candidate[], view: Partial<SiteView> = {}): Placement =>
  placeImages(siteOf('ship', 'pem', site), candidates, { ...nothingKnown, ...view }, options);
const names = ({ placed }: Placement): readonly string[] => placed.map(({ candidate }) => candidate.repository);
const kinds = ({ faults }: Placement): readonly string[] => faults.map(({ kind }) => kind);

describe('placement', () => {
  it('counts a shared layer once', () => {
    const base = ['base', 600_000] as const;
    const images = [candidateOf('a', [base, ['a', 1_000]]), candidateOf('b', [base, ['b', 1_000]])];
    const found = place({ budgetBytes: 700_000 }, images);
    expect(names(found)).toEqual(['a', 'b']);
    expect(found.bytes).toBe(600_000 + 2 * 1_000 + 2 * 100);
    expect(found.placed.map(({ marginalBytes }) => marginalBytes)).toEqual([601_100, 1_100]);
  });

  it('takes what is pulled more for what it takes', () => {
    const images = [candidateOf('cold', [['c', 900_000]]), candidateOf('hot', [['h', 900_000]])];
    const hot = images[1] as Candidate;
    const found = place({}, images, { pullsPerDay: new Map([[candidateKey(hot), 40]]) });
    expect(names(found)).toEqual(['hot']);
    expect(found.passedOver).toMatchObject([{ candidate: { repository: 'cold' }, why: 'no-room' }]);
  });

  it('leaves out what the link costs more for than it is worth, and what is there already in', () => {
    const image = candidateOf('dear', [['d', 500_000]], { signals: { pushedAt: '2020-01-01T00:00:00.000Z' } });
    const link = { bytesPerSecond: 1_000, costPerGiB: 5_000, connected: true };
    const used = { pullsPerDay: new Map([[candidateKey(image), 0.1]]) };
    expect(place({ link }, [image], used).passedOver).toMatchObject([{ why: 'too-little-worth' }]);
    const held = new Set<Digest>(filesOf(image).keys());
    expect(names(place({ link }, [image], { ...used, held }))).toEqual(['dear']);
    // Where nothing comes over a link, the link costs nothing.
    expect(names(place({ link: { ...link, connected: false } }, [image], used))).toEqual(['dear']);
  });

  it('places pins before all that is worth more, in their order, and says which does not fit', () => {
    const images = [
      candidateOf('x', [['x', 600_000]]),
      candidateOf('y', [['y', 600_000]]),
      candidateOf('z', [['z', 9]]),
    ];
    const pullsPerDay = new Map(images.map((image) => [candidateKey(image), 100] as const));
    const found = place({ pins: ['y', 'x:1', 'none', 'x:*', 'a@b'] }, images, { pullsPerDay });
    expect(found.placed.map(({ candidate, reason }) => [candidate.repository, reason])).toEqual([
      ['y', 'pinned'],
      ['z', 'placed'],
    ]);
    expect(kinds(found)).toEqual(['does-not-fit', 'matches-nothing', 'does-not-fit', 'unreadable']);
    expect(found.faults[0]).toMatchObject({ wish: 'x:1', detail: expect.stringContaining('of the budget are left') });
  });

  it('never places what is banned, not allowed or out of scope, pinned or running or not', () => {
    const images = ['banned', 'denied', 'other'].map((name) => candidateOf(name, [[name, 10]]));
    const denied = { ...(images[1] as Candidate), allowed: false };
    const all = [images[0] as Candidate, denied, images[2] as Candidate];
    const wishes = {
      pins: ['banned', 'denied', 'other'],
      bans: ['ban*'],
      scope: { repositories: ['banned', 'denied'] },
    };
    const found = place(wishes, all, { inUse: new Set([denied.digest]) });
    expect(found.placed).toEqual([]);
    expect(kinds(found)).toEqual(['not-allowed', 'banned', 'not-allowed', 'out-of-scope']);
  });

  it('keeps what runs there, first of all', () => {
    const images = [candidateOf('pinned', [['p', 700_000]]), candidateOf('runs', [['r', 700_000]])];
    const runs = images[1] as Candidate;
    const found = place({ pins: ['pinned'] }, images, { inUse: new Set([runs.digest]) });
    expect(found.placed.map(({ candidate, reason }) => [candidate.repository, reason])).toEqual([['runs', 'in-use']]);
    expect(kinds(found)).toEqual(['does-not-fit']);
    const gone = place({}, [], { inUse: new Set([runs.digest]) });
    expect(gone.faults).toMatchObject([{ kind: 'matches-nothing', wish: runs.digest }]);
  });

  it('prefers what has a deadline, and says where the link is too slow for it', () => {
    const images = [candidateOf('late', [['l', 900_000]]), candidateOf('now', [['n', 900_000]])];
    const deadlines = [{ image: 'now', by: '2026-03-01T13:00:00.000Z' }];
    expect(names(place({ deadlines }, images))).toEqual(['now']);
    expect(kinds(place({ deadlines }, images))).toEqual([]);
    const slow = { bytesPerSecond: 10, costPerGiB: 0, connected: true };
    expect(kinds(place({ deadlines, link: slow }, images))).toEqual(['late']);
    // The link opens after the deadline.
    const shut = { ...slow, bytesPerSecond: 1e9, windows: [{ from: '22:00', until: '23:00' }] };
    expect(kinds(place({ deadlines, link: shut }, images))).toEqual(['late']);
  });

  it('does not exchange what is as good', () => {
    const images = [candidateOf('a', [['a', 900_000]]), candidateOf('b', [['b', 900_000]])];
    const b = images[1] as Candidate;
    expect(names(place({}, images))).toEqual(['a']);
    expect(names(place({}, images, { before: new Set([candidateKey(b)]) }))).toEqual(['b']);
  });
});

describe('wishes', () => {
  it.each([
    ['team/app', true],
    ['team/*', true],
    ['**', true],
    ['team/app:1.*', true],
    ['team/app:2.*', false],
    ['app', false],
    [`team/app@sha256:${'a'.repeat(64)}`, true],
    [`team/app@sha256:${'b'.repeat(64)}`, false],
  ])('%s', (wish, matches) => {
    const image = { repository: 'team/app', tags: ['1.2', 'latest'], digest: `sha256:${'a'.repeat(64)}` };
    expect(compileWish(wish)?.(image)).toBe(matches);
  });

  it('that name nothing are none', () => {
    for (const wish of [':1', 'app:', 'app@sha256:1', '@']) expect(compileWish(wish)).toBeUndefined();
  });
});

describe('any placement', () => {
  const layerArb = fc.integer({ min: 0, max: 11 });
  const imageArb = fc.record({
    layers: fc.uniqueArray(layerArb, { maxLength: 5 }),
    allowed: fc.boolean(),
    pulls: fc.integer({ min: 0, max: 50 }),
    held: fc.boolean(),
    inUse: fc.boolean(),
  });
  const caseArb = fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 12, maxLength: 12 }),
    images: fc.array(imageArb, { maxLength: 14 }),
    pins: fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 4 }),
    bans: fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 4 }),
    budgetBytes: fc.integer({ min: 0, max: 1_500_000 }),
    costPerGiB: fc.integer({ min: 0, max: 100 }),
    connected: fc.boolean(),
  });

  const build = (drawn: typeof caseArb extends fc.Arbitrary<infer T> ? T : never) => {
    const candidates = drawn.images.map(({ layers, allowed }, i) =>
      candidateOf(
        `image${i}`,
        layers.map((layer) => [`layer${layer}`, drawn.sizes[layer] as number] as const),
        { allowed },
      ),
    );
    const chosen = (key: 'held' | 'inUse') => candidates.filter((_one, i) => drawn.images[i]?.[key]);
    const view: SiteView = {
      held: new Set(chosen('held').flatMap((one) => [...filesOf(one).keys()])),
      inUse: new Set(chosen('inUse').map(({ digest }) => digest)),
      pullsPerDay: new Map(candidates.map((one, i) => [candidateKey(one), drawn.images[i]?.pulls ?? 0])),
      before: new Set(),
    };
    const site = siteOf('ship', 'pem', {
      budgetBytes: drawn.budgetBytes,
      link: { bytesPerSecond: 10_000, costPerGiB: drawn.costPerGiB, connected: drawn.connected },
      pins: drawn.pins.map((i) => `image${i}`),
      bans: drawn.bans.map((i) => `image${i}`),
    });
    return { candidates, view, site };
  };

  it('keeps the budget, counts each file once, places nothing banned or refused, and every pin or a fault', () => {
    fc.assert(
      fc.property(caseArb, (drawn) => {
        const { candidates, view, site } = build(drawn);
        const found = placeImages(site, candidates, view, options);
        const files = new Map(found.placed.flatMap(({ candidate }) => [...filesOf(candidate)]));
        const bytes = [...files.values()].reduce((sum, size) => sum + size, 0);
        expect(found.bytes).toBe(bytes);
        expect(bytes).toBeLessThanOrEqual(site.budgetBytes);
        expect(found.placed.reduce((sum, { marginalBytes }) => sum + marginalBytes, 0)).toBe(bytes);
        for (const { candidate, score, terms } of found.placed) {
          expect(site.bans).not.toContain(candidate.repository);
          expect(candidate.allowed).toBe(true);
          expect(score).toBe(scoreOf(terms));
        }
        const placed = new Set(names(found));
        for (const pin of site.pins) {
          expect(placed.has(pin) || found.faults.some(({ wish }) => wish === pin)).toBe(true);
        }
        for (const digest of view.inUse) {
          const isThere = found.placed.some(({ candidate }) => candidate.digest === digest);
          expect(isThere || found.faults.some(({ wish }) => wish.includes(digest))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is the same whatever order images come in, and leaves nothing out that would fit and is worth it', () => {
    fc.assert(
      fc.property(caseArb, fc.infiniteStream(fc.nat()), (drawn, order) => {
        const { candidates, view, site } = build(drawn);
        const found = placeImages(site, candidates, view, options);
        const shuffled = candidates
          .map((one) => [order.next().value as number, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        expect(placeImages(site, shuffled, view, options)).toEqual(found);
        const there = new Set(found.placed.flatMap(({ candidate }) => [...filesOf(candidate).keys()]));
        for (const { candidate, why, score } of found.passedOver) {
          const added = [...filesOf(candidate)].reduce(
            (sum, [digest, size]) => (there.has(digest) ? sum : sum + size),
            0,
          );
          if (why === 'no-room') expect(added).toBeGreaterThan(site.budgetBytes - found.bytes);
          if (why === 'too-little-worth') expect(score).toBeLessThan(options.weights.leastScore);
        }
      }),
      { numRuns: 200 },
    );
  });
});
