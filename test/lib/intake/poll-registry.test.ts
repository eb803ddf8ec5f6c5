import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { dynamoPolls } from '../../../lib/intake/adapters/dynamo-polls.ts';
import { memoryPolls } from '../../../lib/intake/adapters/memory-polls.ts';
import { intakeConfigSchema } from '../../../lib/intake/config.ts';
import { pollRegistry } from '../../../lib/intake/index.ts';
import type { PollStore } from '../../../lib/intake/ports.ts';
import { registryError } from '../../../lib/registry/errors.ts';
import { startDynamo } from '../../support/dynamo.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A registry of tags alone. */
function registryOf(content: Record<string, Record<string, string>>) {
  const heads: string[] = [];
  return {
    content,
    heads,
    async *listRepositories() {
      yield* Object.keys(content);
    },
    async *listTags(repository: string) {
      yield* Object.keys(content[repository] ?? {});
    },
    async headManifest({ repository, reference }: { repository: string; reference: string }) {
      heads.push(`${repository}:${reference}`);
      const text = content[repository]?.[reference];
      if (text === 'broken') throw registryError('registry-protocol', 'of schema 1');
      return text === undefined ? undefined : { digest: digestOf(text), mediaType: MANIFEST, size: 1 };
    },
  };
}

function world(store: PollStore, registry: ReturnType<typeof registryOf>, poll: object = {}) {
  const told: string[] = [];
  const [config] = intakeConfigSchema.parse({
    polls: [{ registry: 'hub.example', repositories: ['*'], ...poll }],
  }).polls;
  if (!config) throw new Error('no poll');
  let steps = Number.POSITIVE_INFINITY;
  const run = () =>
    pollRegistry(
      {
        registry,
        store,
        clock: manualClock(),
        mayGoOn: () => steps-- > 0,
        publish: async (drafts, key) => {
          for (const { data } of drafts) {
            const { subject } = data as { subject: { repository: string; digest: Digest; tags: string[] } };
            expect(key).toBe(`hub.example/${subject.repository}:${subject.tags[0]}@${subject.digest}`);
            told.push(`${subject.repository}:${subject.tags.join()}`);
          }
        },
      },
      config,
    );
  const limit = (to: number): void => {
    steps = to;
  };
  return { run, told, limit };
}

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo('polls');
});
afterAll(() => dynamo.close());

describe.each(['memory', 'dynamodb'])('polling a registry that sends nothing (%s)', (kind) => {
  const storeOf = (): PollStore => {
    if (kind === 'memory') return memoryPolls();
    // A prefix of its own for every test.
    const prefix = crypto.randomUUID();
    const inner = dynamoPolls(dynamo.table);
    const of = (at: { registry: string; repository: string }) => ({ ...at, registry: prefix });
    return {
      seen: (at) => inner.seen(of(at)),
      remember: (at, ...more) => inner.remember(of(at), ...more),
      forget: (at, tag) => inner.forget(of(at), tag),
      complete: (at) => inner.complete(of(at)),
      cursor: () => inner.cursor(prefix),
      saveCursor: (_, cursor) => inner.saveCursor(prefix, cursor),
    };
  };

  it('remembers what is there first, and then tells what is new, what has moved and what came back', async () => {
    const registry = registryOf({ app: { v1: 'one', latest: 'one' }, other: { x: 'x' } });
    const { run, told } = world(storeOf(), registry);
    expect(await run()).toEqual({ repositories: 2, tags: 3, announced: 0, finished: true });
    expect(await run()).toMatchObject({ announced: 0 });
    registry.content['app'] = { v1: 'one', v2: 'two', latest: 'two' };
    expect(await run()).toMatchObject({ announced: 2 });
    expect(told).toEqual(['app:latest', 'app:v2']);
    registry.content['app'] = { v1: 'one' };
    await run();
    registry.content['app'] = { v1: 'one', v2: 'two' };
    await run();
    expect(told).toEqual(['app:latest', 'app:v2', 'app:v2']);
    registry.content['new'] = { v1: 'n' };
    await run();
    // A repository that is new to the poll is seen for the first time, too.
    expect(told).toHaveLength(3);
  });

  it('tells all of it at the first run where that is wanted', async () => {
    const { run, told } = world(storeOf(), registryOf({ app: { v1: 'one', v2: 'two' } }), { firstRun: 'announce' });
    await run();
    await run();
    expect(told).toEqual(['app:v1', 'app:v2']);
  });

  it('asks for nothing that is not wanted, and is not kept up by what cannot be read', async () => {
    const registry = registryOf({ app: { v1: 'one', old: 'broken', nightly: 'n' }, unwanted: { v1: 'u' } });
    const { run, told } = world(storeOf(), registry, {
      repositories: ['app'],
      tags: ['v*', 'old'],
      firstRun: 'announce',
    });
    await run();
    expect(registry.heads.sort()).toEqual(['app:old', 'app:v1']);
    expect(told).toEqual(['app:v1']);
  });

  it('goes on in the next run where the time was over, misses nothing and tells nothing twice', async () => {
    const many = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`t${String(i).padStart(3, '0')}`, `c${i}`]));
    const registry = registryOf({ app: many, zoo: { v1: 'z' } });
    const store = storeOf();
    const { run, told, limit } = world(store, registry, { firstRun: 'announce' });
    let runs = 0;
    for (let finished = false; !finished; runs++) {
      limit(1);
      ({ finished } = await run());
      expect(runs).toBeLessThan(20);
    }
    expect(runs).toBeGreaterThan(1);
    expect(told).toHaveLength(131);
    expect(new Set(told).size).toBe(131);
    expect(registry.heads).toHaveLength(131);
    limit(Number.POSITIVE_INFINITY);
    expect(await run()).toMatchObject({ announced: 0, finished: true, tags: 131 });
  });

  it('tells again what it could not note as seen', async () => {
    const store = storeOf();
    let fails = true;
    const shaky: PollStore = {
      ...store,
      async remember(...given) {
        if (fails) throw new Error('the table does not answer');
        await store.remember(...given);
      },
    };
    const { run, told } = world(shaky, registryOf({ app: { v1: 'one' } }), { firstRun: 'announce' });
    await expect(run()).rejects.toThrow('does not answer');
    fails = false;
    await run();
    await run();
    expect(told).toEqual(['app:v1', 'app:v1']);
  });
});

it('is configured once per registry', () => {
  const poll = { registry: 'hub.example', repositories: ['a'] };
  expect(intakeConfigSchema.safeParse({ polls: [poll, poll] }).success).toBe(false);
  expect(intakeConfigSchema.safeParse({ polls: [{ ...poll, repositories: [] }] }).success).toBe(false);
});
