import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../../../lib/core/clock.ts';
import { failure, type S3Bench, startS3 } from './s3-client.ts';

const DAY = 24 * 60 * 60 * 1000;
const clock = manualClock('2026-01-01T00:00:00.000Z');
let bench: S3Bench;

beforeAll(async () => {
  bench = await startS3({ clock });
  const region = 'eu-central-1';
  await bench.service.createBucket({ name: 'docs', region, versioned: true });
  await bench.service.createBucket({ name: 'plain', region, versioned: false });
  await bench.service.createBucket({
    name: 'evidence',
    region,
    versioned: true,
    objectLock: { mode: 'COMPLIANCE', days: 30 },
  });
  await bench.service.createBucket({ name: 'governed', region, versioned: true, objectLock: {} });
});
afterAll(() => bench.stop());

const put = (Bucket: string, Key: string, Body: string, more: object = {}) =>
  bench.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Bucket: string, Key: string, more: object = {}) =>
  (await bench.client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body?.transformToString();
const remove = (Bucket: string, Key: string, more: object = {}) =>
  bench.client.send(new DeleteObjectCommand({ Bucket, Key, ...more }));

describe('versions', () => {
  it('stay readable under newer ones and under delete markers', async () => {
    const one = await put('docs', 'v', 'one');
    const two = await put('docs', 'v', 'two');
    expect(one.VersionId).not.toBe(two.VersionId);
    expect(await get('docs', 'v')).toBe('two');
    expect(await get('docs', 'v', { VersionId: one.VersionId })).toBe('one');

    const marker = await remove('docs', 'v');
    expect(marker).toMatchObject({ DeleteMarker: true });
    expect(await failure(get('docs', 'v'))).toMatchObject({ name: 'NoSuchKey', status: 404 });
    expect(await failure(get('docs', 'v', { VersionId: marker.VersionId }))).toMatchObject({
      name: 'MethodNotAllowed',
      status: 405,
    });
    expect(await get('docs', 'v', { VersionId: two.VersionId })).toBe('two');
    expect((await bench.client.send(new ListObjectsV2Command({ Bucket: 'docs', Prefix: 'v' }))).KeyCount).toBe(0);

    // Without its marker the object is back.
    expect(await remove('docs', 'v', { VersionId: marker.VersionId })).toMatchObject({ DeleteMarker: true });
    expect(await get('docs', 'v')).toBe('two');
    await remove('docs', 'v', { VersionId: two.VersionId });
    expect(await get('docs', 'v')).toBe('one');
    expect(await failure(get('docs', 'v', { VersionId: two.VersionId }))).toMatchObject({ name: 'NoSuchVersion' });
  });

  it('are listed newest first, page by page without a gap', async () => {
    const expected: string[] = [];
    for (const key of ['l/a', 'l/b']) {
      const ids: string[] = [];
      for (const body of ['1', '2', '3']) ids.unshift((await put('docs', key, body)).VersionId ?? '');
      ids.unshift((await remove('docs', key)).VersionId ?? '');
      expected.push(...ids.map((id) => `${key} ${id}`));
    }
    const seen: string[] = [];
    let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (;;) {
      const page = await bench.client.send(
        new ListObjectVersionsCommand({ Bucket: 'docs', Prefix: 'l/', MaxKeys: 3, ...marker }),
      );
      const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      expect(all.length).toBeLessThanOrEqual(3);
      seen.push(...all.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
      if (!page.IsTruncated) break;
      marker = {
        ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
        ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
      };
    }
    expect(seen.toSorted()).toEqual(expected.toSorted());
    const whole = await bench.client.send(new ListObjectVersionsCommand({ Bucket: 'docs', Prefix: 'l/a' }));
    expect(whole.Versions?.map(({ IsLatest, Size }) => [IsLatest, Size])).toEqual([
      [false, 1],
      [false, 1],
      [false, 1],
    ]);
    expect(whole.DeleteMarkers?.map(({ IsLatest }) => IsLatest)).toEqual([true]);
  });

  it('do not exist in a plain bucket, and stop with the suspension of versioning', async () => {
    const first = await put('plain', 'p', 'one');
    expect(first.VersionId).toBeUndefined();
    await put('plain', 'p', 'two');
    expect(await remove('plain', 'p')).not.toHaveProperty('DeleteMarker', true);
    const listed = await bench.client.send(new ListObjectVersionsCommand({ Bucket: 'plain' }));
    expect(listed.Versions).toBeUndefined();

    const where = { Bucket: 'plain' };
    expect((await bench.client.send(new GetBucketVersioningCommand(where))).Status).toBeUndefined();
    await put('plain', 's', 'null version');
    await bench.client.send(
      new PutBucketVersioningCommand({ ...where, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const kept = await put('plain', 's', 'kept');
    await bench.client.send(
      new PutBucketVersioningCommand({ ...where, VersioningConfiguration: { Status: 'Suspended' } }),
    );
    expect((await put('plain', 's', 'new null')).VersionId).toBe('null');
    const versions = (await bench.client.send(new ListObjectVersionsCommand({ ...where, Prefix: 's' }))).Versions;
    expect(versions?.map(({ VersionId }) => VersionId)).toEqual(['null', kept.VersionId]);
    expect(await get('plain', 's', { VersionId: 'null' })).toBe('new null');
    expect(await remove('plain', 's')).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
    expect(await failure(get('plain', 's'))).toMatchObject({ name: 'NoSuchKey' });
    expect(await get('plain', 's', { VersionId: kept.VersionId })).toBe('kept');
  });
});

describe('Object Lock', () => {
  it('keeps a version in COMPLIANCE mode from everyone until its day', async () => {
    const { VersionId } = await put('evidence', 'audit/1', 'segment');
    const where = { Bucket: 'evidence', Key: 'audit/1', VersionId };
    const head = await bench.client.send(new HeadObjectCommand({ Bucket: 'evidence', Key: 'audit/1' }));
    expect(head).toMatchObject({
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(clock.now().getTime() + 30 * DAY),
    });
    expect(await failure(bench.client.send(new DeleteObjectCommand(where)))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
    expect(
      await failure(bench.client.send(new DeleteObjectCommand({ ...where, BypassGovernanceRetention: true }))),
    ).toMatchObject({ name: 'AccessDenied' });
    const many = await bench.client.send(
      new DeleteObjectsCommand({ Bucket: 'evidence', Delete: { Objects: [{ Key: 'audit/1', VersionId }] } }),
    );
    expect(many.Errors).toMatchObject([{ Key: 'audit/1', VersionId, Code: 'AccessDenied' }]);

    const until = (days: number) => new Date(clock.now().getTime() + days * DAY);
    const retain = (days: number, Mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE') =>
      bench.client.send(
        new PutObjectRetentionCommand({
          ...where,
          Retention: { Mode, RetainUntilDate: until(days) },
          BypassGovernanceRetention: true,
        }),
      );
    expect(await failure(retain(29))).toMatchObject({ name: 'AccessDenied' });
    expect(await failure(retain(40, 'GOVERNANCE'))).toMatchObject({ name: 'AccessDenied' });
    expect(await failure(retain(-1))).toMatchObject({ name: 'InvalidArgument' });
    await retain(31);

    // A delete marker hides the object and takes nothing away.
    await remove('evidence', 'audit/1');
    expect(await get('evidence', 'audit/1', { VersionId })).toBe('segment');
    clock.advance(31 * DAY);
    await bench.client.send(new DeleteObjectCommand(where));
    expect(await failure(get('evidence', 'audit/1', { VersionId }))).toMatchObject({ name: 'NoSuchVersion' });
  });

  it('lets GOVERNANCE be passed by with the bypass only', async () => {
    const ObjectLockRetainUntilDate = new Date(clock.now().getTime() + DAY);
    const { VersionId } = await put('governed', 'g', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate });
    const where = { Bucket: 'governed', Key: 'g', VersionId };
    const retention = await bench.client.send(new GetObjectRetentionCommand(where));
    expect(retention.Retention).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: ObjectLockRetainUntilDate });
    expect(await failure(bench.client.send(new DeleteObjectCommand(where)))).toMatchObject({ name: 'AccessDenied' });
    const shorter = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(clock.now().getTime() + 1000) } as const;
    const shorten = (BypassGovernanceRetention: boolean) =>
      bench.client.send(new PutObjectRetentionCommand({ ...where, Retention: shorter, BypassGovernanceRetention }));
    expect(await failure(shorten(false))).toMatchObject({ name: 'AccessDenied' });
    await shorten(true);
    await bench.client.send(new DeleteObjectCommand({ ...where, BypassGovernanceRetention: true }));
    expect(bench.server.asked).toContain('s3:BypassGovernanceRetention arn:aws:s3:::governed/g');
  });

  it('holds a version by legal hold alone', async () => {
    const { VersionId } = await put('governed', 'h', 'x', { ObjectLockLegalHoldStatus: 'ON' });
    const where = { Bucket: 'governed', Key: 'h', VersionId };
    const hold = await bench.client.send(new GetObjectLegalHoldCommand(where));
    expect(hold.LegalHold?.Status).toBe('ON');
    const bypassing = { ...where, BypassGovernanceRetention: true };
    expect(await failure(bench.client.send(new DeleteObjectCommand(bypassing)))).toMatchObject({
      name: 'AccessDenied',
    });
    await bench.client.send(new PutObjectLegalHoldCommand({ ...where, LegalHold: { Status: 'OFF' } }));
    await bench.client.send(new DeleteObjectCommand(where));
    expect(await failure(bench.client.send(new GetObjectRetentionCommand({ Bucket: 'docs', Key: 'v' })))).toMatchObject(
      {
        name: 'InvalidRequest',
      },
    );
  });

  it('is configured on the bucket, and stays', async () => {
    const where = { Bucket: 'governed' };
    const rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 2 } } as const;
    await bench.client.send(
      new PutObjectLockConfigurationCommand({
        ...where,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: rule },
      }),
    );
    const got = await bench.client.send(new GetObjectLockConfigurationCommand(where));
    expect(got.ObjectLockConfiguration).toEqual({ ObjectLockEnabled: 'Enabled', Rule: rule });
    expect(await failure(bench.client.send(new GetObjectLockConfigurationCommand({ Bucket: 'docs' })))).toMatchObject({
      name: 'ObjectLockConfigurationNotFoundError',
      status: 404,
    });
    expect(
      await failure(
        bench.client.send(
          new PutBucketVersioningCommand({ ...where, VersioningConfiguration: { Status: 'Suspended' } }),
        ),
      ),
    ).toMatchObject({ name: 'InvalidBucketState' });
    await expect(
      bench.service.createBucket({ name: 'governed', region: 'eu-central-1', versioned: true }),
    ).rejects.toMatchObject({ code: 'bucket-invalid' });
  });

  it('outlives a restart', async () => {
    const { VersionId } = await put('evidence', 'audit/2', 'segment');
    await bench.restart();
    const where = { Bucket: 'evidence', Key: 'audit/2', VersionId };
    expect(await failure(bench.client.send(new DeleteObjectCommand(where)))).toMatchObject({ name: 'AccessDenied' });
    expect(await get('evidence', 'audit/2')).toBe('segment');
  });
});
