import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import type { EventDraft } from '../../../lib/events/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import {
  bindTags,
  type CatalogEntry,
  forgetImage,
  listRepositories,
  missingStage,
  reconcileRepository,
} from '../../../lib/inventory/index.ts';
import { untoldStatements } from '../../../lib/inventory/missing-work.ts';
import { registryError } from '../../../lib/registry/errors.ts';
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

describe('statements that the copies of an image lack', () => {
  const attested = (name: string): EventDraft => ({
    ...decided('allow'),
    source: 'lading.signing',
    detailType: 'Image Attested',
    data: { verdict: digestOf(name) },
  });
  const told = (name: string, state: WorkRecord['state'] = 'completed'): WorkRecord => ({
    ...record('replicate-statements', state),
    version: digestOf(name),
  });

  it('are told again until the copies have them, and only where there are copies', () => {
    const records = [record('attest', 'completed', [attested('new')]), told('old')];
    expect(untoldStatements(records, true)).toEqual([attested('new')]);
    expect(untoldStatements([...records, told('new', 'in-progress')], true)).toEqual([attested('new')]);
    expect(untoldStatements([...records, told('new')], true)).toEqual([]);
    expect(untoldStatements(records, false)).toEqual([]);
    expect(untoldStatements([record('attest')], true)).toEqual([]);
  });
});

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
    listedAt: clock.now(),
  });
  const sweep = (given: ReturnType<typeof listing>, sbomVersion = '1') =>
    reconcileRepository({ catalog, ledger, clock }, of, given, { graceMs: 60_000, replicated: false, sbomVersion });
  return { clock, catalog, ledger, finish, listing, sweep };
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

  it('has SBOMs made again that another version of the catalogers made, once', async () => {
    const { catalog, finish, ledger, listing, sweep, clock } = await setup();
    await catalog.enter(entry('a'));
    await catalog.bindTag({ ...of, tag: '1', digest: digestOf('a'), boundAt: '2026-01-01T00:00:00.000Z' });
    await finish('a', 'catalog', 'sbom', 'match', 'gate');
    clock.advance(61_000);
    expect(what((await sweep(listing({ '1': 'a' }), '2')).events)).toEqual([`Image Pushed ${digestOf('a')} 1`]);
    const again = { subject: locationKey(entry('a')), stage: 'sbom', version: '2' };
    await ledger.begin(again, 'test', 1_000);
    await ledger.complete(again, 'test', []);
    clock.advance(61_000);
    expect((await sweep(listing({ '1': 'a' }), '2')).events).toEqual([]);
  });

  it('tells again what changed for an image, where no verdict was made since', async () => {
    const { catalog, finish, ledger, listing, sweep, clock } = await setup();
    await catalog.enter(entry('a'));
    await catalog.bindTag({ ...of, tag: '1', digest: digestOf('a'), boundAt: '2026-01-01T00:00:00.000Z' });
    await finish('a', 'catalog', 'sbom', 'match', 'gate');
    const news = { ...decided('deny'), detailType: 'Findings Changed' };
    const decide = async (stage: string, version: string, outcome: readonly EventDraft[]) => {
      clock.advance(1_000);
      const key = { subject: locationKey(entry('a')), stage, version };
      await ledger.begin(key, 'test', 1_000);
      await ledger.complete(key, 'test', outcome);
    };
    await decide('rematch', '2', [news]);
    expect((await sweep(listing({ '1': 'a' }))).events).toEqual([]);
    clock.advance(3_600_000);
    expect((await sweep(listing({ '1': 'a' }))).events).toEqual([news]);
    await decide('gate', '2', [decided('deny')]);
    clock.advance(3_600_000);
    expect((await sweep(listing({ '1': 'a' }))).events).toEqual([]);
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

describe('tags that a sweep tells of', () => {
  it('keep their time where they are known to name the digest, and are bound where they are not', async () => {
    const { catalog } = await setup();
    const image = { ...of, digest: digestOf('a'), tags: ['known', 'moved', 'new'] };
    const early = '2026-01-01T00:00:00.000Z';
    const late = '2026-01-05T00:00:00.000Z';
    await catalog.bindTag({ ...of, tag: 'known', digest: digestOf('a'), boundAt: early });
    await catalog.bindTag({ ...of, tag: 'moved', digest: digestOf('b'), boundAt: early });
    await bindTags(catalog, image, { boundAt: late, sweep: true });
    const times = async () => Promise.all(image.tags.map(async (tag) => (await catalog.tag(of, tag))?.boundAt));
    expect(await times()).toEqual([early, late, late]);
    await bindTags(catalog, image, { boundAt: late, sweep: false });
    expect(await times()).toEqual([late, late, late]);
  });
});

describe('an image that is gone', () => {
  it('is worked on anew if it comes again, and only if the registry says that it was gone', async () => {
    const { catalog, finish, ledger } = await setup();
    await catalog.enter(entry('a'));
    await finish('a', 'catalog', 'sbom', 'retention');
    const deleted = { ...of, digest: digestOf('a'), tags: [], deletedAt: '2026-01-03T00:00:00.000Z' };
    const registry = (there: boolean) => ({
      headManifest: async () => (there ? { digest: digestOf('a'), mediaType: 'x/y', size: 1 } : undefined),
    });
    const states = async () =>
      (await ledger.list(locationKey(entry('a')))).map(({ stage, state }) => `${stage} ${state}`);
    await forgetImage({ catalog, ledger, registry: registry(true) }, deleted);
    expect(await states()).toEqual(['catalog completed', 'sbom completed', 'retention completed']);
    await forgetImage({ catalog, ledger, registry: registry(false) }, deleted);
    expect(await states()).toEqual(['catalog lapsed', 'sbom lapsed', 'retention completed']);
    expect((await catalog.find(entry('a')))?.deletedAt).toBe(deleted.deletedAt);
  });
});

describe('the repositories of a registry', () => {
  const listing = (names: readonly string[], error?: Error) => ({
    host: of.registry,
    async *listRepositories() {
      yield* names;
      if (error) throw error;
    },
  });

  it('are those that it lists and those that are known, also where it gives no list', async () => {
    const { catalog } = await setup();
    await catalog.enter(entry('a'));
    await catalog.enter({ ...entry('b'), registry: 'other.example', repository: 'elsewhere' });
    expect(await listRepositories(listing(['new', 'app']), catalog)).toEqual(['app', 'new']);
    expect(await listRepositories(listing([], registryError('registry-refused', 'no list')), catalog)).toEqual(['app']);
    const down = registryError('registry-unavailable', 'down');
    await expect(listRepositories(listing(['new'], down), catalog)).rejects.toBe(down);
  });
});
