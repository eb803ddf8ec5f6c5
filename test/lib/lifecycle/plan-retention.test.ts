import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { type CatalogEntry, CompactRepository, DigestNumbers, type TagBinding } from '../../../lib/inventory/index.ts';
import { indexBases } from '../../../lib/lifecycle/base-images.ts';
import {
  planRetention,
  type RetentionConfig,
  type RetentionInputs,
  retentionConfigSchema,
} from '../../../lib/lifecycle/index.ts';
import { planRepository } from '../../../lib/lifecycle/plan-retention.ts';

const of = { registry: 'r.example', repository: 'app' };
const now = new Date('2026-06-01T00:00:00.000Z');
const daysAgo = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();

function manifest(name: string, more: Partial<CatalogEntry> = {}): CatalogEntry {
  const pushedAt = more.pushedAt ?? daysAgo(100);
  return {
    ...of,
    digest: digestOf(name),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactClass: 'image',
    children: [],
    layers: [],
    sizeBytes: 100,
    labels: {},
    firstSeenAt: pushedAt,
    ...more,
    pushedAt,
  };
}

const tag = (name: string, digest: Digest, days = 100): TagBinding => ({
  ...of,
  tag: name,
  digest,
  boundAt: daysAgo(days),
});
const child = (name: string) => ({ digest: digestOf(name), mediaType: 'x/y', size: 100 });
const layer = (name: string, size: number) => ({ digest: digestOf(name), mediaType: 'x/y', size });

/** Keeps the newest so many of the selected tags and expires the others of them. */
const newest = (count: number, tags?: string[]): object[] => {
  const select = tags ? { tags } : { tagged: 'yes' };
  return [
    { name: 'others', select, when: [{ beyondNewest: { count } }], action: 'expire' },
    { name: 'newest', select, action: 'keep' },
  ];
};
const untagged = (days: number): object => ({
  name: 'untagged',
  select: { tagged: 'no' },
  when: [{ olderThan: { days } }],
  action: 'expire',
});

type Given = Partial<RetentionInputs> & {
  /** Images of another repository of the registry. */
  readonly others?: readonly CatalogEntry[];
};

function plan({ others, ...given }: Given, rules: unknown[] = newest(1), more: object = {}) {
  const policies = [{ name: 'test', rules }];
  const config = retentionConfigSchema.parse({ policies, dryRun: false, maxDeletedShare: 1, ...more });
  if (others) return planBeside(others, { entries: [], tags: [], leases: [], ...given }, config);
  return planRetention({ of, entries: [], tags: [], leases: [], heldElsewhere: () => false, config, now, ...given });
}

function planBeside(
  others: readonly CatalogEntry[],
  given: Pick<RetentionInputs, 'entries' | 'tags' | 'leases'>,
  config: RetentionConfig,
) {
  const digests = new DigestNumbers();
  const [repository, other] = [of, { ...of, repository: 'other' }].map(
    (one) => new CompactRepository(one, digests),
  ) as [CompactRepository, CompactRepository];
  for (const entry of given.entries) repository.addEntry(entry);
  for (const one of given.tags) repository.addTag(one);
  for (const entry of others) other.addEntry(entry);
  const dependentOf = indexBases([repository, other]);
  const own = { repository, dependentOf: (row: number) => dependentOf(repository, row), heldElsewhere: () => false };
  return planRepository({ ...given, ...own, config, now });
}

describe('a retention plan', () => {
  it('keeps the newest tags of a rule and expires the rest with their referrers', () => {
    const entries = [
      manifest('old'),
      manifest('old signature', { artifactClass: 'signature', referrerOf: digestOf('old') }),
      manifest('new'),
      manifest('new signature', { artifactClass: 'signature', referrerOf: digestOf('new') }),
    ];
    const made = plan({ entries, tags: [tag('1', digestOf('old'), 50), tag('2', digestOf('new'), 40)] });
    expect(made.expire).toEqual([
      {
        root: digestOf('old'),
        mediaType: entries[0]?.mediaType,
        tags: ['1'],
        partTags: [],
        why: 'rule "others": number 2 by pushed, the newest 1 count',
        action: 'expire',
        deletes: [digestOf('old'), digestOf('old signature')],
      },
    ]);
    expect(made.keep).toEqual([{ tag: '2', digest: digestOf('new'), why: 'rule "newest"' }]);
  });

  it('keeps a child that another index still lists, and deletes the one that only the expired index listed', () => {
    const entries = [
      manifest('index 1', { artifactClass: 'index', children: [child('shared'), child('own')] }),
      manifest('index 2', { artifactClass: 'index', children: [child('shared')] }),
      manifest('shared'),
      manifest('own'),
    ];
    const made = plan({ entries, tags: [tag('1', digestOf('index 1'), 9), tag('2', digestOf('index 2'), 8)] });
    expect(made.expire.flatMap((graph) => graph.deletes)).toEqual([digestOf('index 1'), digestOf('own')]);
  });

  it('lets a tagged child go with its expired index, as one graph', () => {
    const entries = [
      manifest('child', { pushedAt: daysAgo(90) }),
      manifest('index', { artifactClass: 'index', children: [child('child')] }),
      manifest('new'),
    ];
    const tags = [tag('1-amd64', digestOf('child'), 90), tag('1', digestOf('index'), 80), tag('2', digestOf('new'), 1)];
    expect(plan({ entries, tags }).expire).toMatchObject([
      {
        root: digestOf('index'),
        tags: ['1'],
        partTags: [{ tag: '1-amd64', digest: digestOf('child') }],
        deletes: [digestOf('index'), digestOf('child')],
      },
    ]);
  });

  it('keeps a digest that a kept tag names too, whatever its other tags say', () => {
    const tags = [tag('1', digestOf('a'), 50), tag('stable', digestOf('a'), 50), tag('2', digestOf('b'), 1)];
    const rules = newest(1, ['?']);
    const made = plan({ entries: [manifest('a'), manifest('b')], tags }, rules);
    expect(made.expire).toEqual([]);
    expect(made.spared).toMatchObject([
      { digest: digestOf('a'), tags: ['1', 'stable'], why: 'the tag stable is kept' },
    ]);
  });

  it('counts as freed only what nothing else holds', () => {
    const entries = [
      manifest('old', { layers: [layer('base', 1_000), layer('app 1', 20)], sizeBytes: 1_120 }),
      manifest('new', { layers: [layer('base', 1_000), layer('app 2', 30)], sizeBytes: 1_130 }),
    ];
    const tags = [tag('1', digestOf('old'), 5), tag('2', digestOf('new'), 4)];
    expect(plan({ entries, tags }).freedBytes).toBe(120);
    expect(plan({ entries, tags, heldElsewhere: (blob) => blob === digestOf('app 1') }).freedBytes).toBe(100);
  });

  it('never touches what is leased, young, or matched by no rule', () => {
    const entries = [
      manifest('leased'),
      manifest('young', { pushedAt: daysAgo(0.5) }),
      manifest('other'),
      manifest('new'),
    ];
    const tags = [
      tag('v1', digestOf('leased'), 60),
      tag('v2', digestOf('young'), 50),
      tag('v3', digestOf('new'), 1),
      tag('main', digestOf('other'), 900),
    ];
    const lease = (until: string) => [{ digest: digestOf('leased'), reason: 'ecs/web', until }];
    const rules = newest(1, ['v*']);
    const held = plan({ entries, tags, leases: lease('2026-06-02T00:00:00.000Z') }, rules);
    expect(held.expire).toEqual([]);
    expect(held.spared.map(({ tags, why }) => [...tags, why])).toEqual([
      ['v1', 'held until 2026-06-02T00:00:00.000Z: ecs/web'],
      ['v2', 'younger than 24 hours'],
    ]);
    const after = plan({ entries, tags, leases: lease('2026-05-31T00:00:00.000Z') }, rules);
    expect(after.expire.map((graph) => graph.root)).toEqual([digestOf('leased')]);
  });

  it('expires untagged manifests only where the configuration says after how long', () => {
    const entries = [manifest('loose'), manifest('of index'), manifest('index', { children: [child('of index')] })];
    const tags = [tag('1', digestOf('index'))];
    expect(plan({ entries, tags }).expire).toEqual([]);
    expect(plan({ entries, tags }, [untagged(101)]).expire).toEqual([]);
    const made = plan({ entries, tags }, [untagged(30)]);
    expect(made.expire.map(({ root, why }) => ({ root, why }))).toEqual([
      { root: digestOf('loose'), why: 'rule "untagged": pushed 100.0 days ago' },
    ]);
  });

  it('lets the tags of signatures live and die with their subject', () => {
    const hex = digestOf('old').slice(7);
    const entries = [manifest('old'), manifest('old sig'), manifest('new')];
    const tags = [
      tag('1', digestOf('old'), 3),
      tag(`sha256-${hex}.sig`, digestOf('old sig'), 1),
      tag('2', digestOf('new'), 2),
    ];
    const made = plan({ entries, tags });
    expect(made.expire.map((graph) => graph.deletes)).toEqual([[digestOf('old'), digestOf('old sig')]]);
    expect(made.keep.map((kept) => kept.tag)).toEqual(['2']);
  });

  it('never touches what is on hold, under an immutable tag, or what another image is built on', () => {
    const stack = (...names: string[]) => names.map((name) => layer(name, 10));
    const entries = [
      manifest('held'),
      manifest('signed off'),
      manifest('base', { layers: stack('os', 'libs') }),
      manifest('like it', { layers: stack('os', 'other') }),
      manifest('app', { repository: 'other', layers: stack('os', 'libs', 'app') }),
    ];
    const own = entries.slice(0, 4);
    const tags = ['held', 'signed off', 'base', 'like it'].map((name, i) => tag(`v${i}`, digestOf(name), 50));
    const hold = {
      digest: digestOf('held'),
      name: 'case-7',
      kind: 'legal' as const,
      reason: 'a lawsuit',
      by: 'me',
      since: daysAgo(9),
    };
    const given = { entries: own, tags, holds: [hold], others: entries.slice(4) };
    const all = [{ name: 'all', action: 'expire' }];
    const made = plan(given, all, { immutableTags: [{ repositories: ['app'], tags: ['v1'] }] });
    expect(made.expire.map(({ root }) => root)).toEqual([digestOf('like it')]);
    expect(made.spared.map(({ why }) => why)).toEqual([
      'on hold (legal, case-7): a lawsuit',
      'under the immutable tag v1',
      `what r.example/other@${digestOf('app')} is built on`,
    ]);
    const others = plan(given, all, { immutableTags: [{ repositories: ['web'], tags: ['**'] }], keepBases: false });
    expect(others.expire).toHaveLength(3);
  });

  it('keeps the index by which a platform that runs is started again', () => {
    const entries = [
      manifest('index', { artifactClass: 'index', children: [child('amd64'), child('arm64')] }),
      manifest('amd64'),
      manifest('arm64'),
    ];
    const leases = [{ digest: digestOf('amd64'), reason: 'pod shop/web', until: '2027-01-01T00:00:00.000Z' }];
    const made = plan({ entries, tags: [tag('1', digestOf('index'))], leases }, [{ name: 'all', action: 'expire' }]);
    expect(made.expire).toEqual([]);
    expect(made.spared[0]?.why).toContain('pod shop/web');
  });

  it('goes by the mildest that one of the tags of an image has in store', () => {
    const tags = [tag('a', digestOf('x')), tag('b', digestOf('x'))];
    const fates = (first: string, second: string) => {
      const rules = [
        { name: 'a', select: { tags: ['a'] }, action: first },
        { name: 'b', select: { tags: ['b'] }, action: second },
      ];
      const made = plan({ entries: [manifest('x')], tags }, rules);
      return [...made.expire.map(({ action }) => action), ...made.untag.map((one) => `untag ${one.tag}`)];
    };
    expect(fates('expire', 'archive')).toEqual(['archive']);
    expect(fates('quarantine', 'archive')).toEqual(['quarantine']);
    expect(fates('untag', 'expire')).toEqual(['untag a']);
    expect(fates('untag', 'keep')).toEqual(['untag a']);
  });

  it('goes by the smaller priority first, and by times of its policy', () => {
    const given = { entries: [manifest('x')], tags: [tag('a', digestOf('x'))] };
    const rules = [
      { name: 'late', action: 'expire' },
      { name: 'first', priority: -1, action: 'keep' },
    ];
    expect(plan(given, rules).expire).toEqual([]);
    const policies = (schedule: object) => ({
      policies: [{ name: 'p', rules: [{ name: 'all', action: 'expire' }], schedule }],
    });
    // The first of June 2026 is a Monday, and it is midnight.
    expect(plan(given, [], policies({ weekdays: ['sunday'] })).refused).toBe('the policy acts on sunday only');
    expect(plan(given, [], policies({ weekdays: ['monday'], hours: [22, 4] })).refused).toBeUndefined();
    expect(plan(given, [], policies({ hours: [1, 5] })).refused).toBe(
      "the policy acts from 1 until 5 o'clock UTC only",
    );
  });

  it('refuses to go over its budget', () => {
    const entries = [manifest('a'), manifest('b'), manifest('c')];
    const tags = [tag('1', digestOf('a'), 3), tag('2', digestOf('b'), 2), tag('3', digestOf('c'), 1)];
    expect(plan({ entries, tags }, undefined, { maxDeletedShare: 0.5 }).refused).toContain('67 % of the repository');
    expect(plan({ entries, tags }, undefined, { maxDeleted: 1 }).refused).toContain('over the budget of 1');
    expect(plan({ entries, tags }).refused).toBeUndefined();
  });
});

/** Random repositories: indexes over images, referrers of anything, tags on anything. */
const repositories = fc
  .record({
    images: fc.integer({ min: 1, max: 12 }),
    indexes: fc.array(fc.array(fc.nat(11), { maxLength: 4 }), { maxLength: 5 }),
    referrers: fc.array(fc.nat(20), { maxLength: 8 }),
    tags: fc.array(fc.record({ target: fc.nat(24), days: fc.integer({ min: 0, max: 200 }) }), { maxLength: 15 }),
    leased: fc.array(fc.nat(24), { maxLength: 3 }),
    keepLast: fc.integer({ min: 0, max: 4 }),
    untaggedDays: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    ages: fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 25, maxLength: 25 }),
  })
  .map((shape) => {
    const images = Array.from({ length: shape.images }, (_, i) => manifest(`image ${i}`));
    const indexes = shape.indexes.map((children, i) =>
      manifest(`index ${i}`, {
        artifactClass: 'index',
        children: children.map((c) => child(`image ${c % shape.images}`)),
      }),
    );
    const subjects = [...images, ...indexes];
    const referrers = shape.referrers.map((subject, i) =>
      manifest(`referrer ${i}`, {
        artifactClass: 'signature',
        referrerOf: (subjects[subject % subjects.length] as CatalogEntry).digest,
      }),
    );
    const entries = [...subjects, ...referrers].map((entry, i) => ({
      ...entry,
      pushedAt: daysAgo(shape.ages[i % 25] as number),
      firstSeenAt: daysAgo(shape.ages[i % 25] as number),
    }));
    const pick = (n: number): Digest => (entries[n % entries.length] as CatalogEntry).digest;
    const tags = shape.tags.map(({ target, days }, i) => tag(`t${i}`, pick(target), days));
    const leases = shape.leased.map((n) => ({ digest: pick(n), reason: 'runs', until: '2099-01-01T00:00:00.000Z' }));
    return { entries, tags, leases, keepLast: shape.keepLast, untaggedDays: shape.untaggedDays };
  });

describe('every retention plan', () => {
  it('leaves whole all that is tagged and kept, leased, young, or listed by what stays', () => {
    fc.assert(
      fc.property(repositories, ({ entries, tags, leases, keepLast, untaggedDays }) => {
        const made = plan({ entries, tags, leases }, [
          ...newest(keepLast),
          ...(untaggedDays ? [untagged(untaggedDays)] : []),
        ]);
        const deleted = new Set(made.expire.flatMap((graph) => graph.deletes));
        for (const kept of made.keep) expect(deleted.has(kept.digest)).toBe(false);
        for (const lease of leases) expect(deleted.has(lease.digest)).toBe(false);
        for (const entry of entries) {
          if (deleted.has(entry.digest)) {
            expect(now.getTime() - Date.parse(entry.pushedAt)).toBeGreaterThanOrEqual(86_400_000);
            continue;
          }
          for (const one of entry.children) expect(deleted.has(one.digest)).toBe(false);
          // What stays keeps its signatures.
          for (const other of entries)
            if (other.referrerOf === entry.digest) expect(deleted.has(other.digest)).toBe(false);
        }
        const listed = made.expire.flatMap((graph) => graph.deletes);
        expect(new Set(listed).size).toBe(listed.length);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order in which the catalogue lists things', () => {
    fc.assert(
      fc.property(repositories, ({ entries, tags, leases, keepLast }) => {
        const rules = newest(keepLast);
        const digests = (made: ReturnType<typeof plan>) => made.expire.flatMap((graph) => graph.deletes).sort();
        const forward = plan({ entries, tags, leases }, rules);
        const backward = plan({ entries: [...entries].reverse(), tags: [...tags].reverse(), leases }, rules);
        expect(digests(backward)).toEqual(digests(forward));
        expect(backward.freedBytes).toBe(forward.freedBytes);
      }),
    );
  });
});
