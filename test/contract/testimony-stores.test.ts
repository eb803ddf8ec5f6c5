import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { dynamoDigestQueue } from '../../lib/notifications/adapters/dynamo-digest-queue.ts';
import { memoryDigestQueue } from '../../lib/notifications/adapters/memory-digest-queue.ts';
import type { DigestQueue, Notification } from '../../lib/notifications/index.ts';
import { dynamoWaiverStore } from '../../lib/policy/adapters/dynamo-waiver-store.ts';
import { memoryWaiverStore } from '../../lib/policy/adapters/memory-waiver-store.ts';
import type { Waiver, WaiverStore } from '../../lib/policy/index.ts';
import { dynamoVoteStore } from '../../lib/scanners/adapters/dynamo-vote-store.ts';
import { memoryVoteStore } from '../../lib/scanners/adapters/memory-vote-store.ts';
import type { Vote, VoteStore } from '../../lib/scanners/index.ts';
import { dynamoVexStore } from '../../lib/vex/adapters/dynamo-vex-store.ts';
import { memoryVexStore } from '../../lib/vex/adapters/memory-vex-store.ts';
import type { VexRecord, VexStore } from '../../lib/vex/index.ts';
import { startDynamo } from '../support/dynamo.ts';

const dynamo = await startDynamo('verdicts');
afterAll(() => dynamo.close());
let count = 0;
/** Each test has names of its own: the table is one. */
const unique = (): string => `r${count++}`;

const waiverStores: [string, () => WaiverStore][] = [
  ['in memory', memoryWaiverStore],
  ['in DynamoDB', () => dynamoWaiverStore(dynamo.table)],
];
const waiver = (id: string, more: Partial<Waiver> = {}): Waiver => ({
  id: `w-${digestOf(id).slice(7, 23)}`,
  vulnerability: 'CVE-2026-1',
  image: '**',
  reason: 'r',
  author: 'a',
  createdAt: '2026-01-01T00:00:00.000Z',
  until: '2026-02-01T00:00:00.000Z',
  ...more,
});

describe.each(waiverStores)('waivers %s', (_where, make) => {
  it('keeps the first of equal ones until it is taken back', async () => {
    const [store, one] = [make(), waiver(unique())];
    expect(await store.add(one)).toEqual(one);
    expect(await store.add({ ...one, createdAt: '2026-01-02T00:00:00.000Z' })).toEqual(one);
    const removed = { at: '2026-01-03T00:00:00.000Z', by: 'b' };
    expect(await store.remove(one.id, removed)).toEqual({ ...one, removed });
    expect(await store.remove(one.id, { ...removed, by: 'c' })).toEqual({ ...one, removed });
    const again = { ...one, createdAt: '2026-01-04T00:00:00.000Z' };
    expect(await store.add(again)).toEqual(again);
    expect(await store.find(one.id)).toEqual(again);
    expect(await store.list()).toContainEqual(again);
  });

  it('knows none that was never given', async () => {
    const store = make();
    const { id } = waiver(unique());
    expect(await store.find(id)).toBeUndefined();
    expect(await store.remove(id, { at: '2026-01-03T00:00:00.000Z', by: 'b' })).toBeUndefined();
    expect(await store.find(id)).toBeUndefined();
  });

  it('never goes back in what was reviewed', async () => {
    const store = make();
    await store.markReviewed('2026-01-02T00:00:00.000Z');
    await store.markReviewed('2026-01-01T00:00:00.000Z');
    expect(await store.reviewedUntil()).toBe('2026-01-02T00:00:00.000Z');
  });
});

const voteStores: [string, () => VoteStore][] = [
  ['in memory', memoryVoteStore],
  ['in DynamoDB', () => dynamoVoteStore(dynamo.table)],
];
const vote = (
  voter: string,
  scannedAt: string | undefined,
  findings = 1,
  receivedAt = '2026-03-01T00:00:00.000Z',
): Vote => ({
  voter,
  via: 'file',
  receivedAt,
  report: {
    schemaVersion: 1,
    scanner: { name: 'trivy', label: 'Trivy' },
    image: {},
    ...(scannedAt ? { scannedAt } : {}),
    covers: 'all',
    findings: Array.from({ length: findings }, (_, i) => ({
      id: `CVE-2026-${1000 + i}`,
      aliases: [],
      package: { name: `package-${i}`, version: '1.0', type: 'deb' },
      severity: 'high' as const,
      fixedVersions: [],
      fixState: 'unknown' as const,
      locations: ['/var/lib/dpkg/status'],
    })),
  },
});

describe.each(voteStores)('votes %s', (_where, make) => {
  it('keeps the newest report of each scanner about an image, told apart by times in any offset', async () => {
    const [store, image] = [make(), unique()];
    expect(await store.put(image, vote('trivy', '2026-01-02T00:00:00Z'))).toBe('stored');
    expect(await store.put(image, vote('trivy', '2026-01-02T00:00:00Z'))).toBe('unchanged');
    expect(await store.put(image, vote('trivy', '2026-01-02T00:30:00+01:00', 2))).toBe('superseded');
    expect(await store.put(image, vote('trivy', '2026-01-03T00:00:00Z', 3))).toBe('stored');
    expect(await store.put(image, vote('grype', undefined))).toBe('stored');
    expect((await store.of(image)).map(({ voter, report }) => [voter, report.findings.length])).toEqual([
      ['grype', 1],
      ['trivy', 3],
    ]);
    expect(await store.of(unique())).toEqual([]);
  });

  it('is not kept out of date by a clock that is ahead', async () => {
    const [store, image] = [make(), unique()];
    await store.put(image, vote('trivy', '2099-01-01T00:00:00Z'));
    expect(await store.put(image, vote('trivy', '2026-04-01T00:00:00Z', 2, '2026-04-01T00:00:01.000Z'))).toBe('stored');
  });

  it('holds the report of an image with thousands of findings', async () => {
    const [store, image] = [make(), unique()];
    await store.put(image, vote('trivy', undefined, 8000));
    expect((await store.of(image))[0]?.report.findings).toHaveLength(8000);
  });
});

const vexStores: [string, () => VexStore][] = [
  ['in memory', memoryVexStore],
  ['in DynamoDB', () => dynamoVexStore(dynamo.table)],
];
const record = (repository: string, document: string, more: Partial<VexRecord> = {}): VexRecord => ({
  schemaVersion: 1,
  registry: 'registry.example',
  repository,
  origin: { document, author: 'a', format: 'openvex', via: 'file' },
  statements: [{ ids: ['CVE-1'], status: 'fixed', time: '2026-01-01T00:00:00.000Z', products: [] }],
  skipped: 0,
  addedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

describe.each(vexStores)('VEX %s', (_where, make) => {
  it('keeps the newest form of each document of a repository', async () => {
    const [store, repository] = [make(), unique()];
    const at = { registry: 'registry.example', repository };
    const first = record(repository, 'one');
    expect(await store.put(first)).toBe('stored');
    expect(await store.put({ ...first, addedAt: '2026-02-01T00:00:00.000Z' })).toBe('unchanged');
    const newer = { ...first, statements: [] };
    expect(await store.put(newer)).toBe('stored');
    const attested = record(repository, 'one', { origin: { ...first.origin, via: 'attestation', trustedBy: 'key' } });
    expect(await store.put(attested)).toBe('stored');
    expect(await store.of(at)).toHaveLength(2);
    expect(await store.of(at)).toEqual(expect.arrayContaining([newer, attested]));
    expect(await store.of({ registry: 'registry.example', repository: unique() })).toEqual([]);
  });
});

const digestQueues: [string, () => DigestQueue][] = [
  ['in memory', memoryDigestQueue],
  ['in DynamoDB', () => dynamoDigestQueue(dynamo.table)],
];

describe.each(digestQueues)('notifications that wait %s', (_where, make) => {
  it('wait once, the oldest first, until they are taken out', async () => {
    const [queue, channel] = [make(), unique()];
    const waiting = (id: string, time: string): Notification => ({
      ...{ id, time, event: 'Gate Decided', source: 'lading.policy', severity: 'warning', title: 't', lines: ['l'] },
      ...{ subject: 's', correlationId: 'c', topic: 'p', data: { large: true } },
    });
    await queue.add(channel, waiting('b', '2026-01-02T00:00:00.000Z'));
    await queue.add(channel, waiting('a', '2026-01-01T00:00:00.000Z'));
    await queue.add(channel, waiting('a', '2026-01-01T00:00:00.000Z'));
    const found = await queue.waiting(channel);
    expect(found.map(({ id, data }) => [id, data])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
    await queue.remove(channel, found.slice(0, 1));
    expect((await queue.waiting(channel)).map(({ id }) => id)).toEqual(['b']);
    expect(await queue.waiting(unique())).toEqual([]);
  });
});
