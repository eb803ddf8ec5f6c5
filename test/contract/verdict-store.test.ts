import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { dynamoVerdictStore } from '../../lib/policy/adapters/dynamo-verdict-store.ts';
import { memoryVerdictStore } from '../../lib/policy/adapters/memory-verdict-store.ts';
import type { Verdict, VerdictStore } from '../../lib/policy/index.ts';
import { startDynamo } from '../support/dynamo.ts';

const dynamo = await startDynamo('verdicts');
afterAll(() => dynamo.close());
const makers: [string, () => VerdictStore][] = [
  ['in memory', memoryVerdictStore],
  ['in DynamoDB', () => dynamoVerdictStore(dynamo.table)],
];

const verdict = (inputs: string, more: Partial<Verdict> = {}): Verdict => ({
  subject: {
    registry: 'registry.example',
    repository: 'apps/shop',
    digest: digestOf('image'),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    tags: [],
  },
  decision: 'allow',
  reasons: [],
  warnings: ['w'],
  policy: { name: 'default', digest: digestOf('policy') },
  inputs: { key: `verdicts/inputs/${inputs}`, digest: digestOf(inputs) },
  scan: digestOf('scan'),
  asOf: '2026-01-01T00:00:00.000Z',
  decidedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});
const image = locationKey(verdict('a').subject);

describe.each(makers)('a verdict store %s', (_name, make) => {
  const store = make();

  it('keeps the first verdict on the same inputs', async () => {
    expect(await store.standing(image)).toBeUndefined();
    expect(await store.record(verdict('a'))).toEqual(verdict('a'));
    expect(await store.record(verdict('a', { decidedAt: '2027-01-01T00:00:00.000Z' }))).toEqual(verdict('a'));
    expect(await store.find(image, digestOf('a'))).toEqual(verdict('a'));
    expect(await store.find(image, digestOf('b'))).toBeUndefined();
  });

  it('lets the verdict on the latest scan stand', async () => {
    const newer = verdict('b', { decision: 'deny', reasons: ['r'], asOf: '2026-01-03T00:00:00.000Z' });
    await store.record(newer);
    await store.record(verdict('c', { asOf: '2026-01-02T00:00:00.000Z' }));
    expect(await store.standing(image)).toEqual(newer);
    expect(await store.find(image, digestOf('c'))).toMatchObject({ decision: 'allow' });
  });

  it('lets an older verdict stand again when its scan is the latest once more', async () => {
    await store.record(verdict('a', { asOf: '2026-01-04T00:00:00.000Z' }));
    expect(await store.standing(image)).toMatchObject({ decision: 'allow', asOf: '2026-01-04T00:00:00.000Z' });
  });
});
