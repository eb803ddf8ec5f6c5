import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareKeys, SortedKeys } from '../../../../../infra/local/services/s3/keys.ts';
import { walkKeys } from '../../../../../infra/local/services/s3/listing.ts';
import { failure, type S3Bench, startS3 } from './s3-client.ts';

let bench: S3Bench;

beforeAll(async () => {
  bench = await startS3();
  await bench.service.createBucket({ name: 'docs', region: 'eu-central-1', versioned: true });
});
afterAll(() => bench.stop());

const put = (Key: string, Body = 'x') => bench.client.send(new PutObjectCommand({ Bucket: 'docs', Key, Body }));

const HOSTILE = [
  '../../etc/passwd',
  'a/../b',
  'a/./b',
  '..',
  '/lead',
  'trail/',
  'a//b',
  '%2e%2e/%2F',
  'q?x=1&y#z',
  'sp ace+plus',
  'quote\'"<&>]]>',
  'ünïcödé/日本/😀',
  '\uffff',
  'con:nul|*?"',
  '__proto__',
  'constructor',
  `${'x'.repeat(1023)}y`,
];

describe('keys', () => {
  it.each(HOSTILE)('are taken as they are: %j', async (key) => {
    await put(`h/${key}`.slice(0, 1024), key);
    await put(key, key);
    const got = await bench.client.send(new GetObjectCommand({ Bucket: 'docs', Key: key }));
    expect(await got.Body?.transformToString()).toBe(key);
    const listed = await bench.client.send(new ListObjectsV2Command({ Bucket: 'docs', Prefix: key, MaxKeys: 1 }));
    expect(listed.Contents?.[0]?.Key).toBe(key);
    await bench.client.send(new DeleteObjectCommand({ Bucket: 'docs', Key: key }));
  });

  it('with characters outside XML are listed with encoding-type=url', async () => {
    await put('ctl/\u0001\u001f\r\n\t');
    const listed = await bench.client.send(
      new ListObjectsV2Command({ Bucket: 'docs', Prefix: 'ctl/', EncodingType: 'url' }),
    );
    expect(listed.Contents?.map(({ Key }) => decodeURIComponent(Key ?? ''))).toEqual(['ctl/\u0001\u001f\r\n\t']);
  });

  it('are in the order of their UTF-8 bytes', () => {
    // Around the surrogates, where the order of UTF-16 units is another.
    const unit = fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀', '\u{10ffff}');
    const key = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ unit, maxLength: 4 }));
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });
});

describe('listings', () => {
  it('page through keys and common prefixes without a gap', async () => {
    for (const key of ['p/a', 'p/b/1', 'p/b/2', 'p/c', 'p/d/1', 'p/d/e/1', 'p/z']) await put(key);
    const seen: string[] = [];
    for await (const page of paginateListObjectsV2(
      { client: bench.client, pageSize: 2 },
      { Bucket: 'docs', Prefix: 'p/', Delimiter: '/' },
    )) {
      expect((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)).toBe(page.KeyCount);
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''));
    }
    expect(seen.toSorted()).toEqual(['p/a', 'p/b/', 'p/c', 'p/d/', 'p/z']);
    const after = await bench.client.send(
      new ListObjectsV2Command({ Bucket: 'docs', Prefix: 'p/', StartAfter: 'p/c' }),
    );
    expect(after.Contents?.map(({ Key }) => Key)).toEqual(['p/d/1', 'p/d/e/1', 'p/z']);
    const old = await bench.client.send(
      new ListObjectsCommand({ Bucket: 'docs', Prefix: 'p/', Delimiter: '/', MaxKeys: 2 }),
    );
    expect(old).toMatchObject({ IsTruncated: true, NextMarker: 'p/b/' });
    expect(
      await failure(bench.client.send(new ListObjectsV2Command({ Bucket: 'docs', ContinuationToken: 'made-up' }))),
    ).toMatchObject({ name: 'InvalidArgument' });
  });

  it('say size, entity tag and time', async () => {
    const { ETag } = await put('one/x', '12345');
    const listed = await bench.client.send(
      new ListObjectsV2Command({ Bucket: 'docs', Prefix: 'one/', FetchOwner: true }),
    );
    expect(listed.Contents).toMatchObject([
      {
        Key: 'one/x',
        Size: 5,
        ETag,
        StorageClass: 'STANDARD',
        ChecksumAlgorithm: ['CRC32'],
        Owner: { ID: '000000000000' },
      },
    ]);
    expect(listed.Contents?.[0]?.LastModified).toBeInstanceOf(Date);
  });

  it('equal the plain definition, whatever the pages', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '😀'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 20 }),
        fc.string({ unit: fc.constantFrom('a', '/', 'é'), maxLength: 2 }),
        fc.constantFrom('', '/', 'a/'),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        (list, prefix, delimiter, size, seed) => {
          const keys = new SortedKeys();
          for (const [i, one] of list.entries()) {
            keys.add(one);
            // A look in between: keys come before and after the first sorting.
            if (i === seed % 20) keys.at(0);
          }
          const expected = new Set(
            list
              .toSorted(compareKeys)
              .filter((one) => one.startsWith(prefix))
              .map((one) => {
                const cut = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
                return cut < 0 ? one : one.slice(0, cut + delimiter.length);
              }),
          );
          const seen: string[] = [];
          for (let after = ''; ; ) {
            const page: string[] = [];
            for (const entry of walkKeys(keys, { prefix, delimiter }, after)) {
              page.push(entry.kind === 'key' ? entry.key : entry.prefix);
              if (page.length === size) break;
            }
            seen.push(...page);
            if (page.length < size) break;
            after = page.at(-1) ?? '';
          }
          expect(seen).toEqual([...expected]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('buckets', () => {
  it('are made, found, listed and removed when empty', async () => {
    const Bucket = 'made-here';
    await bench.client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    expect(await failure(bench.client.send(new CreateBucketCommand({ Bucket })))).toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
    expect(await failure(bench.client.send(new CreateBucketCommand({ Bucket: 'Bad_Name' })))).toMatchObject({
      name: 'InvalidBucketName',
    });
    expect(await bench.client.send(new HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: 'eu-central-1' });
    const { Buckets } = await bench.client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['docs', Bucket]);
    const location = await bench.client.send(new GetBucketLocationCommand({ Bucket }));
    expect(location.LocationConstraint).toBe('eu-central-1');
    const { VersionId } = await bench.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(await failure(bench.client.send(new DeleteBucketCommand({ Bucket })))).toMatchObject({
      name: 'BucketNotEmpty',
    });
    const marker = await bench.client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    expect(marker.DeleteMarker).toBeUndefined();
    await bench.restart();
    expect(await failure(bench.client.send(new DeleteBucketCommand({ Bucket })))).toMatchObject({
      name: 'BucketNotEmpty',
    });
  });

  it('have the configuration of a new bucket, and refuse another', async () => {
    const Bucket = 'docs';
    const encryption = await bench.client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(encryption.ServerSideEncryptionConfiguration?.Rules?.[0]).toMatchObject({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
    });
    const access = await bench.client.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(access.PublicAccessBlockConfiguration?.RestrictPublicBuckets).toBe(true);
    expect(await failure(bench.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).toMatchObject({
      name: 'NoSuchLifecycleConfiguration',
      status: 404,
    });
    const set = bench.client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [] } }),
    );
    expect(await failure(set)).toMatchObject({ name: 'NotImplemented', status: 501 });
    expect(await failure(bench.client.send(new HeadBucketCommand({ Bucket: 'nowhere' })))).toMatchObject({
      status: 404,
    });
  });
});
