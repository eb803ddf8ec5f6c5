import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialsOf } from '../../../../support/service-server.ts';
import { failure, type S3Bench, signed, startS3 } from './s3-client.ts';

let bench: S3Bench;
const granted = new Set(['s3:GetObject arn:aws:s3:::docs/own', 's3:PutObject arn:aws:s3:::docs/own']);

beforeAll(async () => {
  bench = await startS3({
    allow: (principal, { action, resource }) => principal === undefined || granted.has(`${action} ${resource}`),
  });
  await bench.service.createBucket({ name: 'docs', region: 'eu-central-1', versioned: true, objectLock: {} });
});
afterAll(() => bench.stop());

const where = { Bucket: 'docs', Key: 'own' };
const docs = { Bucket: 'docs' };

describe('permissions', () => {
  it.each([
    ['PutObject', new PutObjectCommand({ ...where, Body: 'x' }), ['s3:PutObject docs/own']],
    [
      'PutObject with headers',
      new PutObjectCommand({
        ...where,
        Body: 'x',
        Tagging: 'a=1',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 1000),
        ObjectLockLegalHoldStatus: 'OFF',
      }),
      [
        's3:PutObject docs/own',
        's3:PutObjectTagging docs/own',
        's3:PutObjectRetention docs/own',
        's3:PutObjectLegalHold docs/own',
      ],
    ],
    ['GetObject', new GetObjectCommand(where), ['s3:GetObject docs/own']],
    ['GetObject of a version', new GetObjectCommand({ ...where, VersionId: 'v' }), ['s3:GetObjectVersion docs/own']],
    ['HeadObject', new HeadObjectCommand(where), ['s3:GetObject docs/own']],
    ['GetObjectTagging', new GetObjectTaggingCommand(where), ['s3:GetObjectTagging docs/own']],
    [
      'CopyObject',
      new CopyObjectCommand({ ...where, CopySource: 'docs/from' }),
      ['s3:PutObject docs/own', 's3:GetObject docs/from', 's3:GetObjectTagging docs/from'],
    ],
    ['DeleteObject', new DeleteObjectCommand(where), ['s3:DeleteObject docs/own']],
    [
      'DeleteObject of a version, with bypass',
      new DeleteObjectCommand({ ...where, VersionId: 'v', BypassGovernanceRetention: true }),
      ['s3:DeleteObjectVersion docs/own', 's3:BypassGovernanceRetention docs/own'],
    ],
    [
      'DeleteObjects, key by key',
      new DeleteObjectsCommand({ ...docs, Delete: { Objects: [{ Key: 'a' }, { Key: 'b', VersionId: 'v' }] } }),
      ['s3:DeleteObject docs/a', 's3:DeleteObjectVersion docs/b'],
    ],
    [
      'PutObjectRetention',
      new PutObjectRetentionCommand({ ...where, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date() } }),
      ['s3:PutObjectRetention docs/own'],
    ],
    [
      'AbortMultipartUpload',
      new AbortMultipartUploadCommand({ ...where, UploadId: 'u' }),
      ['s3:AbortMultipartUpload docs/own'],
    ],
    ['ListParts', new ListPartsCommand({ ...where, UploadId: 'u' }), ['s3:ListMultipartUploadParts docs/own']],
    ['ListObjectsV2', new ListObjectsV2Command(docs), ['s3:ListBucket docs']],
    ['HeadBucket', new HeadBucketCommand(docs), ['s3:ListBucket docs']],
    ['ListObjectVersions', new ListObjectVersionsCommand(docs), ['s3:ListBucketVersions docs']],
    ['ListMultipartUploads', new ListMultipartUploadsCommand(docs), ['s3:ListBucketMultipartUploads docs']],
  ])('of %s', async (_name, command, expected) => {
    bench.server.asked.length = 0;
    // biome-ignore lint/suspicious/noExplicitAny: one `send` for commands of many types
    await bench.client.send(command as any).catch(() => undefined);
    expect(bench.server.asked).toEqual(expected.map((one) => one.replace(' ', ' arn:aws:s3:::')));
  });

  it('of DeleteObjects cover all objects where the body does not say which', async () => {
    const document = '<Delete><Object><Key>a</Key></Object></Delete>';
    const chunked = `${document.length.toString(16)}\r\n${document}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`;
    for (const body of [chunked, '', '<Delete>']) {
      bench.server.asked.length = 0;
      await fetch(`${bench.server.endpoint}/docs?delete`, {
        method: 'POST',
        headers: { ...signed(), 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
        body,
      });
      expect(bench.server.asked).toEqual([
        's3:DeleteObject arn:aws:s3:::docs/*',
        's3:DeleteObjectVersion arn:aws:s3:::docs/*',
      ]);
    }
  });

  it('of ListBuckets', async () => {
    bench.server.asked.length = 0;
    await bench.client.send(new ListBucketsCommand({}));
    expect(bench.server.asked).toEqual(['s3:ListAllMyBuckets *']);
  });

  it('hide from a caller without s3:ListBucket what does not exist', async () => {
    await bench.client.send(new PutObjectCommand({ ...where, Body: 'x' }));
    const role = bench.connect({ credentials: credentialsOf('Role') });
    await role.send(new PutObjectCommand({ ...where, Body: 'y' }));
    expect(await (await role.send(new GetObjectCommand(where))).Body?.transformToString()).toBe('y');
    await bench.client.send(new DeleteObjectCommand(where));
    expect(await failure(role.send(new GetObjectCommand(where)))).toMatchObject({ name: 'AccessDenied', status: 403 });
    granted.add('s3:ListBucket arn:aws:s3:::docs');
    expect(await failure(role.send(new GetObjectCommand(where)))).toMatchObject({ name: 'NoSuchKey', status: 404 });
    expect(await failure(role.send(new DeleteObjectCommand(where)))).toMatchObject({ name: 'AccessDenied' });
  });
});
