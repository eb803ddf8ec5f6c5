import { describe, expect, it } from 'vitest';
import { memoryHealth } from '../../../lib/availability/adapters/memory-health.ts';
import { availabilityConfigSchema, recordedPlaces, resolveImage } from '../../../lib/availability/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import type { ImageLocation } from '../../../lib/core/image-reference.ts';
import { registryError } from '../../../lib/registry/index.ts';

const digest = digestOf('image');
const source = { registry: 'home.example', repository: 'team/app', digest };
const target = (registry: string): ImageLocation => ({ registry, repository: 'copy/team/app', digest });
const rules = [
  {
    name: 'all',
    from: 'home.example',
    repositories: ['**'],
    to: ['east.example', 'west.example'].map((registry) => ({ registry, prefix: 'copy/' })),
  },
];

interface Options {
  readonly down?: readonly string[];
  /** Registries that do not hold it, whatever is recorded. */
  readonly empty?: readonly string[];
  /** Registries that do not answer, though nobody noted it. */
  readonly silent?: readonly string[];
  readonly slow?: Readonly<Record<string, number>>;
  readonly complete?: readonly string[];
}

async function setUp({
  down = [],
  empty = [],
  silent = [],
  slow = {},
  complete = ['east.example', 'west.example'],
}: Options = {}) {
  const clock = manualClock('2026-05-01T12:00:00Z');
  const health = memoryHealth();
  for (const registry of ['home.example', 'east.example', 'west.example']) {
    const at = clock.now().toISOString();
    await health.swap(undefined, {
      registry,
      probes: [{ at, answered: true, milliseconds: slow[registry] ?? 50 }],
      breaker: down.includes(registry)
        ? { state: 'open', since: at, until: '2026-05-01T12:10:00.000Z', relapses: 0 }
        : { state: 'closed' },
    });
  }
  const replicas = {
    find: async ({ registry }: ImageLocation) => (registry === 'home.example' ? undefined : { source }),
    async *replicasOf() {
      for (const registry of ['west.example', 'east.example']) {
        yield {
          target: target(registry),
          state: complete.includes(registry) ? ('complete' as const) : ('intended' as const),
        };
      }
    },
    tags: {
      find: async ({ registry }: { readonly registry: string }, tag: string) =>
        tag === 'v1' && registry === 'west.example' ? { digest, setAt: '2026-04-01T00:00:00.000Z' } : undefined,
    },
  };
  const asked: string[] = [];
  const ports = {
    clock,
    health,
    places: recordedPlaces(replicas, { rules } as never),
    open: async (registry: string) => ({
      async headManifest({ repository, reference }: { readonly repository: string; readonly reference: string }) {
        asked.push(`${registry}/${repository} ${reference === digest ? 'digest' : reference}`);
        if (silent.includes(registry) || down.includes(registry))
          throw registryError('registry-unavailable', 'silence');
        if (empty.includes(registry) || !['v1', 'latest', digest].includes(reference)) return undefined;
        return { digest, mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 5 };
      },
    }),
  };
  const config = availabilityConfigSchema.parse({
    locations: [{ name: 'oregon', registries: ['west.example', 'east.example'] }],
  });
  return {
    asked,
    resolve: (request: { tag?: string; near?: string; registry?: string; digest?: typeof digest } = {}) => {
      const { registry = 'home.example', ...rest } = request;
      const repository = registry === 'home.example' ? 'team/app' : 'copy/team/app';
      return resolveImage(ports, { registry, repository, ...rest }, config);
    },
  };
}

describe('resolving an image', () => {
  it('gives the one that is near to whoever asks, after asking it', async () => {
    const { resolve, asked } = await setUp();
    expect(await resolve({ tag: 'v1', near: 'oregon' })).toMatchObject({
      kind: 'resolved',
      tagFrom: 'source',
      place: target('west.example'),
      candidates: [
        { at: target('west.example'), verdict: 'chosen', reason: 'number 1 near oregon' },
        { at: target('east.example'), verdict: 'not-needed' },
        { at: source, verdict: 'not-needed', reason: 'not near' },
      ],
    });
    expect(asked).toEqual(['home.example/team/app v1', 'west.example/copy/team/app digest']);
  });

  it('gives the quickest where nobody said who is near, and of equals the source', async () => {
    const { resolve } = await setUp({ slow: { 'east.example': 9 } });
    expect(await resolve({ digest })).toMatchObject({ place: target('east.example') });
    expect(await (await setUp()).resolve({ digest })).toMatchObject({ place: source });
  });

  it('is asked with the name of a copy as well as with that of the source', async () => {
    const { resolve } = await setUp();
    expect(await resolve({ registry: 'east.example', digest, near: 'oregon' })).toMatchObject({
      place: target('west.example'),
    });
  });

  it('never names a copy that has not arrived whole', async () => {
    const { resolve } = await setUp({ complete: ['east.example'] });
    const found = await resolve({ digest, near: 'oregon' });
    expect(found).toMatchObject({ place: target('east.example') });
    expect(JSON.stringify(found)).not.toContain('west.example');
  });

  it('goes on to the next one where a copy is gone or silent, and says so', async () => {
    const { resolve } = await setUp({ empty: ['west.example'], silent: ['east.example'] });
    expect(await resolve({ digest, near: 'oregon' })).toMatchObject({
      place: source,
      candidates: [
        { verdict: 'missing', reason: 'it does not hold the image any more' },
        { verdict: 'unreachable', reason: 'silence' },
        { verdict: 'chosen' },
      ],
    });
  });

  it('tells what a tag was last seen to name, where the source cannot be asked', async () => {
    const { resolve, asked } = await setUp({ down: ['home.example'] });
    expect(await resolve({ tag: 'v1' })).toMatchObject({ kind: 'resolved', tagFrom: 'recorded', digest });
    expect(asked).not.toContain('home.example/team/app v1');
    expect(await resolve({ tag: 'v2' })).toEqual({
      kind: 'tag-unknown',
      detail: 'home.example is taken for down, and it is not recorded what team/app:v2 named',
    });
  });

  it('knows a tag that is not there from a registry that does not answer', async () => {
    const { resolve } = await setUp();
    expect(await resolve({ tag: 'none' })).toEqual({
      kind: 'tag-unknown',
      detail: 'home.example/team/app has no tag none',
    });
  });

  it('asks one that is taken for down last of all, and says where the image is nowhere', async () => {
    const down = ['home.example', 'east.example', 'west.example'];
    const { resolve } = await setUp({ down });
    const found = await resolve({ digest });
    expect(found).toMatchObject({ kind: 'nowhere', candidates: down.map(() => ({ verdict: 'down' })) });
    const one = await setUp({ down: ['west.example'] });
    expect(await one.resolve({ digest, near: 'oregon' })).toMatchObject({ place: target('east.example') });
  });
});
