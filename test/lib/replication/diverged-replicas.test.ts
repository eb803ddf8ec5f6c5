import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { divergedReplicas, replicationConfigSchema } from '../../../lib/replication/index.ts';

const of = { registry: 'source.example', repository: 'team/app' };
const target = { registry: 'target.example', repository: 'mirror/team/app' };
const config = replicationConfigSchema.parse({
  rules: [{ name: 'all', from: of.registry, to: [{ registry: target.registry, prefix: 'mirror/' }] }],
});

async function setup(copied: readonly string[]) {
  const clock = manualClock('2026-01-01T00:00:00.000Z');
  const replicas = memoryReplicas();
  for (const name of copied) {
    const digest = digestOf(name);
    const at = clock.now().toISOString();
    await replicas.intend({ target: { ...target, digest }, source: { ...of, digest }, root: digest, intendedAt: at });
    await replicas.complete({ ...target, digest }, at);
  }
  clock.advance(3_600_000);
  return (
    tags: Record<string, string>,
    held: { tags?: Record<string, string>; digests?: readonly string[] },
    graceMs = 60_000,
  ) =>
    divergedReplicas(
      {
        replicas,
        clock,
        mediaTypeOf: async () => 'application/vnd.oci.image.manifest.v1+json',
        list: async () => ({
          tags: toMap(held.tags ?? {}),
          has: async (digest) => (held.digests ?? []).some((name) => digestOf(name) === digest),
        }),
      },
      of,
      { config, tags: toMap(tags), graceMs },
    );
}

const toMap = (tags: Record<string, string>): ReadonlyMap<string, Digest> =>
  new Map(Object.entries(tags).map(([tag, name]) => [tag, digestOf(name)]));

describe('replicas that diverged', () => {
  it('are none where every tag is on its digest', async () => {
    const look = await setup(['a']);
    expect(await look({ '1': 'a' }, { tags: { '1': 'a' }, digests: ['a'] })).toEqual([]);
  });

  it('lack an image that was copied', async () => {
    const look = await setup(['a']);
    expect(await look({ '1': 'a' }, {})).toMatchObject([
      {
        detailType: 'Replica Diverged',
        data: { difference: 'missing', target, subject: { digest: digestOf('a'), tags: ['1'] } },
      },
    ]);
  });

  it('have a tag on another digest', async () => {
    const look = await setup(['a', 'b']);
    const events = await look({ latest: 'b' }, { tags: { latest: 'a' }, digests: ['a', 'b'] });
    expect(events).toMatchObject([{ data: { difference: 'tag-moved', subject: { digest: digestOf('b') } } }]);
  });

  it('are not those that were never copied, or only just now', async () => {
    const look = await setup(['a']);
    expect(await look({ '1': 'denied' }, {})).toEqual([]);
    expect(await look({ '1': 'a' }, {}, 7_200_000)).toEqual([]);
  });
});
