import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { dynamoScanStore } from '../../lib/vulnerabilities/adapters/dynamo-scan-store.ts';
import { memoryScanStore } from '../../lib/vulnerabilities/adapters/memory-scan-store.ts';
import type { ScanRecord, ScanStore } from '../../lib/vulnerabilities/index.ts';
import { startDynamo } from '../support/dynamo.ts';

const dynamo = await startDynamo('scans');
afterAll(() => dynamo.close());
const makers: [string, () => ScanStore][] = [
  ['in memory', memoryScanStore],
  ['in DynamoDB', () => dynamoScanStore(dynamo.table)],
];

const record = (name: string, sequence: number, packages = 1): ScanRecord => ({
  subject: {
    registry: 'registry.example',
    repository: name,
    digest: digestOf(name),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    tags: ['1.0'],
  },
  sbom: { key: 'sboms/x', digest: digestOf('sbom'), outcome: 'complete' },
  snapshot: { ...(sequence > 0 ? { id: digestOf(`${sequence}`) } : {}), sequence },
  scan: {
    key: `scans/${sequence}`,
    digest: digestOf(`scan ${sequence} ${packages}`),
    matcher: 'test/1',
    counts: { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 },
    fixable: 0,
    uncovered: 0,
    packages,
    sbomOutcome: 'complete',
  },
  scannedAt: '2026-01-01T00:00:00.000Z',
});

describe.each(makers)('a scan store %s', (_name, make) => {
  const store = make();
  const key = (name: string): string => locationKey(record(name, 1).subject);

  it('finds what was put, by location', async () => {
    expect(await store.find(key('a'))).toBeUndefined();
    expect(await store.put(record('a', 0))).toBe('stored');
    expect(await store.find(key('a'))).toEqual(record('a', 0));
    expect(await store.find(key('b'))).toBeUndefined();
  });

  it('keeps the scan against the newest snapshot, whatever order they come in', async () => {
    expect(await store.put(record('a', 3))).toBe('stored');
    expect(await store.put(record('a', 2))).toBe('superseded');
    expect(await store.find(key('a'))).toEqual(record('a', 3));
    expect(await store.put(record('a', 3, 2))).toBe('stored');
    expect(await store.find(key('a'))).toEqual(record('a', 3, 2));
  });

  it('goes over all images', async () => {
    await store.put(record('b', 1));
    const images: string[] = [];
    for await (const { subject } of store.all()) images.push(subject.repository);
    expect(images.sort()).toEqual(['a', 'b']);
  });
});
