import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock, systemClock } from '../../lib/core/clock.ts';
import { mapLimit } from '../../lib/core/concurrency.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { createArtifactManifest } from '../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../lib/registry/adapters/memory.ts';
import { dynamoBudget, memoryBudget } from '../../lib/registry/adapters/request-budgets.ts';
import { dynamoSubjectLocks, memorySubjectLocks } from '../../lib/registry/adapters/subject-locks.ts';
import { addToReferrersTag, parseReferrer } from '../../lib/registry/attach-referrer.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

describe.each(['memory', 'dynamodb'])('a budget of requests (%s)', (kind) => {
  const budgetOf = (clock: ReturnType<typeof manualClock>) =>
    kind === 'memory' ? memoryBudget(clock) : dynamoBudget(dynamo.table, clock);

  it('gives a second at once and then its rate, and has forgotten by the next day', async () => {
    const clock = manualClock();
    const budget = budgetOf(clock);
    const name = `rate-${kind}`;
    const waits: number[] = [];
    for (let i = 0; i < 13; i++) waits.push(await budget.take(name, 10));
    expect(waits).toEqual([...new Array(10).fill(0), 100, 200, 300]);
    expect(await budget.take(`${name}-other`, 10)).toBe(0);
    clock.advance(1_000);
    expect(await budget.take(name, 10)).toBe(0);
    clock.advance(86_400_000);
    expect(await budget.take(name, 10)).toBe(0);
  });

  it('gives no request twice, however many take at once', async () => {
    const clock = manualClock();
    const budget = budgetOf(clock);
    const waits = await mapLimit(Array.from({ length: 30 }), 10, () => budget.take(`crowd-${kind}`, 10));
    expect(waits.sort((a, b) => a - b)).toEqual([
      ...new Array(10).fill(0),
      ...Array.from({ length: 20 }, (_, i) => (i + 1) * 100),
    ]);
  });
});

describe.each(['memory', 'dynamodb'])('one writer per subject (%s)', (kind) => {
  const make = () =>
    kind === 'memory'
      ? memorySubjectLocks()
      : dynamoSubjectLocks({ table: dynamo.table, clock: systemClock, sleep: async () => undefined });

  it('at a time, each in the end, also after one that failed', async () => {
    // Every writer of the database stands for a process of its own.
    const shared = make();
    let inside = 0;
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        (kind === 'memory' ? shared : make()).hold(`s-${kind}`, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          if (i === 3) throw new Error('failed');
          return i;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(11);
  });

  it('and others are not held up by it', async () => {
    const locks = make();
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = locks.hold(`a-${kind}`, () => promise);
    expect(await locks.hold(`b-${kind}`, async () => 'done')).toBe('done');
    resolve();
    await first;
  });
});

describe('writers of other processes', () => {
  it('lose no referrer of the fallback tag to each other, which they do without the lock', async () => {
    const repository = 'app';
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf('subject'), size: 7 };
    const registry = createMemoryRegistry({ referrersApi: false });
    const slow = {
      ...registry,
      getManifest: async (...given: Parameters<typeof registry.getManifest>) => {
        const found = await registry.getManifest(...given);
        await new Promise((resolve) => setImmediate(resolve));
        return found;
      },
    };
    await registry.putBlob({ repository, digest: digestOf('{}'), size: 2, content: Buffer.from('{}') });
    const referrers = Array.from({ length: 6 }, (_, i) =>
      createArtifactManifest({
        artifactType: 'application/vnd.example.note',
        layers: [],
        subject,
        annotations: { number: String(i) },
      }),
    );
    for (const { mediaType, bytes } of referrers) {
      await registry.putManifest({ repository, reference: digestOf(bytes), mediaType, bytes });
    }
    const write = (manifest: (typeof referrers)[number]) =>
      addToReferrersTag(slow, repository, parseReferrer(manifest));
    await Promise.all(
      referrers.map((manifest) =>
        dynamoSubjectLocks({ table: dynamo.table, clock: systemClock, sleep: async () => undefined }).hold(
          `registry/${repository}@${subject.digest}`,
          () => write(manifest),
        ),
      ),
    );
    const { descriptors } = await registry.listReferrers({ repository, digest: subject.digest });
    expect(descriptors.map(({ digest }) => digest).sort()).toEqual(
      referrers.map(({ bytes }) => digestOf(bytes)).sort(),
    );
  });

  it('that died hold a subject no longer than their lease, and one that waits in vain says so', async () => {
    const clock = manualClock();
    const locks = () =>
      dynamoSubjectLocks({
        table: dynamo.table,
        clock,
        random: () => 1,
        sleep: async (ms) => clock.advance(ms),
      });
    void locks().hold('dead', () => new Promise(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, 0));
    while ((await dynamo.table.get({ pk: 'WRITER#dead', sk: 'LEASE' })) === undefined);
    await expect(locks().hold('dead', async () => 'mine')).rejects.toMatchObject({
      code: 'registry-unavailable',
      retryable: true,
    });
    clock.advance(60_000);
    expect(await locks().hold('dead', async () => 'mine')).toBe('mine');
  });
});
