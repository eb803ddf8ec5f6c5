import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import type { EventDraft } from '../../../lib/events/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { type CatalogEntry, missingStage, reconcileRepository } from '../../../lib/inventory/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import type { WorkRecord } from '../../../lib/work/index.ts';

const of = { registry: 'r.example', repository: 'app' };
const entry = (name: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...of,
  digest: digestOf(name),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  artifactClass: 'image',
  children: [],
  layers: [],
  sizeBytes: 1,
  labels: {},
  pushedAt: '2026-01-01T00:00:00.000Z',
  firstSeenAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

const decided = (decision: string): EventDraft => ({
  source: 'lading.policy',
  detailType: 'Gate Decided',
  schemaVersion: 1,
  discriminator: '',
  data: { decision },
});

function record(stage: string, state: WorkRecord['state'] = 'completed', outcome: EventDraft[] = []): WorkRecord {
  return { subject: 'x', stage, version: '1', state, attempts: 1, updatedAt: '2026-01-01T00:00:00.000Z', outcome };
}

describe('the missing stage', () => {
  const until = (...stages: string[]): WorkRecord[] => stages.map((stage) => record(stage));
  it.each<[string, WorkRecord[], string | undefined]>([
    ['nothing', [], 'catalog'],
    ['the catalogue', until('catalog'), 'sbom'],
    ['an SBOM under way', [...until('catalog'), record('sbom', 'in-progress')], 'sbom'],
    ['a scan', until('catalog', 'sbom', 'match'), 'gate'],
    ['a denial', [...until('catalog', 'sbom', 'match'), record('gate', 'completed', [decided('deny')])], undefined],
    ['an allowance', [...until('catalog', 'sbom', 'match'), record('gate', 'completed', [decided('allow')])], 'sign'],
    [
      'a signature',
      [...until('catalog', 'sbom', 'match', 'sign'), record('gate', 'completed', [decided('allow')])],
      'replicate',
    ],
  ])('after %s', (_what, records, expected) => {
    expect(missingStage(entry('a'), records, true)).toBe(expected);
  });

  it('is none for referrers and replicas once they are catalogued', () => {
    expect(missingStage({ artifactClass: 'signature' }, until('catalog'), true)).toBeUndefined();
    expect(missingStage({ artifactClass: 'image', replicaOf: 'x' }, until('catalog'), true)).toBeUndefined();
  });
});

async function setup() {
  const clock = manualClock('2026-01-02T00:00:00.000Z');
  const catalog = memoryCatalog();
  const ledger = memoryLedger(clock);
  const finish = async (name: string, ...stages: string[]) => {
    for (const stage of stages) {
      const key = { subject: locationKey(entry(name)), stage, version: '1' };
      await ledger.begin(key, 'test', 1_000);
      await ledger.complete(key, 'test', stage === 'gate' ? [decided('deny')] : []);
    }
  };
  const listing = (tags: Record<string, string>, untagged: string[] = [], present: string[] = []) => ({
    tags: new Map(Object.entries(tags).map(([tag, name]) => [tag, digestOf(name)])),
    untagged: untagged.map((name) => digestOf(name)),
    has: async (digest: Digest) => present.some((name) => digestOf(name) === digest),
  });
  const sweep = (given: ReturnType<typeof listing>) =>
    reconcileRepository({ catalog, ledger, clock }, of, given, { graceMs: 60_000, replicated: false });
  return { clock, catalog, finish, listing, sweep };
}

const what = (events: readonly EventDraft[]) =>
  events.map(({ detailType, data }) => {
    const { subject } = data as { subject: { digest: string; tags: string[] } };
    return `${detailType} ${subject.digest} ${subject.tags.join(',')}`.trim();
  });

describe('the sweep', () => {
  it('announces what no event told, tagged or not', async () => {
    const { listing, sweep } = await setup();
    const { events } = await sweep(listing({ '1': 'a', latest: 'a' }, ['b']));
    expect(what(events)).toEqual([`Image Pushed ${digestOf('a')} 1,latest`, `Image Pushed ${digestOf('b')}`]);
  });

  it('is silent when everything is known, bound and done', async () => {
    const { catalog, finish, listing, sweep, clock } = await setup();
    await catalog.enter(entry('a'));
    await catalog.bindTag({ ...of, tag: '1', digest: digestOf('a'), boundAt: '2026-01-01T00:00:00.000Z' });
    await finish('a', 'catalog', 'sbom', 'match', 'gate');
    clock.advance(3_600_000);
    expect(await sweep(listing({ '1': 'a' }))).toEqual({ events: [], unknown: 0, stopped: 0, gone: 0, moved: 0 });
  });

  it('goes on with an image whose stages stopped, but not while they may still run', async () => {
    const { catalog, finish, listing, sweep, clock } = await setup();
    await catalog.enter(entry('a'));
    await catalog.bindTag({ ...of, tag: '1', digest: digestOf('a'), boundAt: '2026-01-01T00:00:00.000Z' });
    await finish('a', 'catalog');
    expect((await sweep(listing({ '1': 'a' }))).stopped).toBe(0);
    clock.advance(61_000);
    expect(what((await sweep(listing({ '1': 'a' }))).events)).toEqual([`Image Pushed ${digestOf('a')} 1`]);
  });

  it('follows a tag that moved and one that went', async () => {
    const { catalog, finish, listing, sweep } = await setup();
    for (const name of ['a', 'b']) {
      await catalog.enter(entry(name));
      await finish(name, 'catalog', 'sbom', 'match', 'gate');
    }
    const boundAt = '2026-01-01T00:00:00.000Z';
    await catalog.bindTag({ ...of, tag: 'latest', digest: digestOf('a'), boundAt });
    await catalog.bindTag({ ...of, tag: 'old', digest: digestOf('a'), boundAt });
    const { events, moved } = await sweep(listing({ latest: 'b' }, ['a']));
    expect(moved).toBe(1);
    expect(what(events)).toEqual([`Image Pushed ${digestOf('b')} latest`, `Image Deleted ${digestOf('a')} old`]);
  });

  it('believes that an image is gone only when the registry says so of its digest', async () => {
    const { catalog, listing, sweep } = await setup();
    await catalog.enter(entry('untagged'));
    await catalog.enter(entry('gone'));
    const { events, gone } = await sweep(listing({}, [], ['untagged']));
    expect(gone).toBe(1);
    expect(what(events).filter((line) => line.startsWith('Image Deleted'))).toEqual([
      `Image Deleted ${digestOf('gone')}`,
    ]);
  });
});
