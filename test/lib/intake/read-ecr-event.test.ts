import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../../lib/events/index.ts';
import { compilePattern } from '../../../lib/events/pattern.ts';
import { ecrEventPattern, readEcrEvent } from '../../../lib/intake/index.ts';
import { DIGEST } from './support.ts';

/** The envelope of a real event, as published in bug reports; ids and names are made up. */
function event(detailType: string, detail: object, more: object = {}) {
  return parseEnvelope({
    version: '0',
    id: '4f5ec4d5-0000-4000-8000-000000000000',
    'detail-type': detailType,
    source: 'aws.ecr',
    account: '123456789012',
    time: '2026-05-08T15:13:09Z',
    region: 'eu-central-1',
    resources: [],
    detail,
    ...more,
  });
}

const image = (detail: object = {}, more: object = {}) =>
  event(
    'ECR Image Action',
    { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'team/node', 'image-digest': DIGEST, ...detail },
    more,
  );

const pushed = (data: object) => ({ kind: 'events', drafts: [{ detailType: 'Image Pushed', data }] });
const host = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

describe('an image action of ECR', () => {
  it('becomes a push with the host that account and region give', () => {
    const reading = readEcrEvent(
      image({
        'image-tag': '20',
        'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
        'artifact-media-type': 'application/vnd.oci.image.config.v1+json',
      }),
    );
    expect(reading).toMatchObject(
      pushed({
        subject: {
          registry: host,
          repository: 'team/node',
          digest: DIGEST,
          tags: ['20'],
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
        },
        origin: 'ecr',
        pushedAt: '2026-05-08T15:13:09.000Z',
        artifactType: 'application/vnd.oci.image.config.v1+json',
      }),
    );
  });

  it.each([[{}], [{ 'image-tag': '' }]])('may have no tag (%j)', (detail) => {
    expect(readEcrEvent(image(detail))).toMatchObject(pushed({ subject: { tags: [] } }));
  });

  it('names the domain of China there', () => {
    expect(readEcrEvent(image({}, { region: 'cn-north-1' }))).toMatchObject(
      pushed({ subject: { registry: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn' } }),
    );
  });

  it('becomes a deletion', () => {
    expect(readEcrEvent(image({ 'action-type': 'DELETE', 'image-tag': '20' }))).toMatchObject({
      drafts: [{ detailType: 'Image Deleted', data: { subject: { digest: DIGEST, tags: ['20'] } } }],
    });
  });

  it.each([
    [{ result: 'FAILURE' }, 'not-successful', 'the result was FAILURE'],
    [{ 'image-digest': 'not hex' }, 'no-digest', 'names no digest'],
    [{ 'action-type': 'TAG' }, 'not-followed', '"TAG" is not followed'],
    [{ 'action-type': 'UPDATE_STORAGE_CLASS', 'target-storage-class': 'DEEP' }, 'not-followed', 'DEEP'],
  ])('that asks for nothing is ignored with the reason: %j', (detail, reason, why) => {
    expect(readEcrEvent(image(detail))).toEqual({ kind: 'ignored', reason, why: expect.stringContaining(why) });
  });

  it('tells of images that go to the archival class, and of those that come out as of a push, too', () => {
    const moved = (to: string) =>
      readEcrEvent(
        image({
          'action-type': 'UPDATE_STORAGE_CLASS',
          'target-storage-class': to,
          'last-activated-at': '2025-10-10T19:13:02.74Z',
        }),
      );
    const changed = { detailType: 'Image Storage Changed', data: { subject: { digest: DIGEST } } };
    expect(moved('ARCHIVE')).toMatchObject({ drafts: [{ ...changed, data: { storageClass: 'archive' } }] });
    expect(moved('STANDARD')).toMatchObject({
      drafts: [{ ...changed, data: { storageClass: 'standard' } }, { detailType: 'Image Pushed' }],
    });
  });

  it('of another shape is an error, which ends in the dead-letter queue', () => {
    expect(() => readEcrEvent(image({ 'repository-name': 7 }))).toThrow();
    expect(() => readEcrEvent(event('ECR Pull Through Cache Action', {}))).toThrow();
  });
});

// After the samples of the ECR user guide, "Sample events from Amazon ECR"; its digests are not hexadecimal.
describe('the other events of ECR', () => {
  it('a referrer out of the archive is a push', () => {
    const detail = { result: 'SUCCESS', 'repository-name': 'team/node', 'image-digest': DIGEST, 'image-tag': '' };
    const artifact = { 'artifact-media-type': 'application/spdx+json', 'action-type': 'PUSH' };
    expect(readEcrEvent(event('ECR Referrer Action', { ...detail, ...artifact }))).toMatchObject(
      pushed({ subject: { digest: DIGEST, tags: [] }, artifactType: 'application/spdx+json' }),
    );
  });

  const replication = (detail: object) =>
    event('ECR Replication Action', {
      result: 'SUCCESS',
      'repository-name': 'team/node',
      'image-digest': DIGEST,
      'source-account': '999999999999',
      'action-type': 'REPLICATE',
      'source-region': 'us-west-2',
      'image-tag': '3-13',
      ...detail,
    });

  it('a replication is a push in the region that it was copied to', () => {
    expect(readEcrEvent(replication({}))).toMatchObject(pushed({ subject: { registry: host, tags: ['3-13'] } }));
    expect(readEcrEvent(replication({ result: 'FAILED', 'image-digest': 'sha256:7f5b26' }))).toMatchObject({
      kind: 'ignored',
      reason: 'not-successful',
    });
  });

  const cache = (detail: object) =>
    event('ECR Pull Through Cache Action', {
      'rule-version': '1',
      'sync-status': 'SUCCESS',
      'ecr-repository-prefix': 'docker-hub',
      'repository-name': 'docker-hub/library/node',
      'upstream-registry-url': 'registry-1.docker.io',
      'image-tag': '20',
      'image-digest': DIGEST,
      ...detail,
    });

  it('an image that came through the cache is a push', () => {
    expect(readEcrEvent(cache({}))).toMatchObject(pushed({ subject: { repository: 'docker-hub/library/node' } }));
    expect(
      readEcrEvent(cache({ 'sync-status': 'FAILED', 'failure-code': 'UPSTREAM', 'image-digest': undefined })),
    ).toEqual({ kind: 'ignored', reason: 'not-successful', why: 'the result was FAILED, UPSTREAM' });
  });

  it.each([
    ['ECR Image Scan', { 'scan-status': 'COMPLETE', 'finding-severity-counts': { CRITICAL: 7 }, 'image-tags': [] }],
    ['ECR Scan Resource Change', { 'action-type': 'SCAN_FREQUENCY_CHANGE', repositories: [], 'scan-type': 'ENHANCED' }],
    ['Inspector2 Scan', { 'scan-status': 'INITIAL_SCAN_COMPLETE', 'repository-name': 'arn:aws:ecr:…:repository/a' }],
    ['Inspector2 Finding', { status: 'ACTIVE', resources: [{ type: 'AWS_ECR_CONTAINER_IMAGE' }] }],
  ])('of %s are those of another scanner', (detailType, detail) => {
    expect(readEcrEvent(event(detailType, detail))).toMatchObject({ kind: 'ignored', reason: 'foreign-scan' });
  });

  it('are all asked for, and no other of the bus', () => {
    const pattern = compilePattern(ecrEventPattern);
    for (const detailType of ecrEventPattern['detail-type']) {
      const source = detailType.startsWith('ECR') ? 'aws.ecr' : 'aws.inspector2';
      expect(pattern.matches(event(detailType, {}, { source }))).toBe(true);
    }
    expect(pattern.matches(event('Inspector2 Coverage', {}, { source: 'aws.inspector2' }))).toBe(false);
    expect(readEcrEvent(event('Inspector2 Coverage', {}))).toMatchObject({ kind: 'ignored', reason: 'not-followed' });
  });
});
