import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutOff, failure, type S3Bench, startS3 } from './s3-client.ts';

let bench: S3Bench;

beforeAll(async () => {
  bench = await startS3();
  await bench.service.createBucket({ name: 'plain', region: 'eu-central-1', versioned: false });
  await bench.service.createBucket({ name: 'kept', region: 'eu-central-1', versioned: true });
  await bench.service.createBucket({ name: 'far', region: 'us-west-2', versioned: true });
});
afterAll(() => bench.stop());

const put = (Key: string, Body: string | Uint8Array, more: object = {}, Bucket = 'kept') =>
  bench.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more: object = {}, Bucket = 'kept') =>
  bench.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const text = async (Key: string, more: object = {}, Bucket = 'kept') =>
  (await get(Key, more, Bucket)).Body?.transformToString();

describe('objects', () => {
  it('give back bytes, headers and metadata as they were put', async () => {
    const body = randomBytes(300_000);
    const sent = await put('a/b', body, {
      ContentType: 'application/x-lading',
      CacheControl: 'no-cache',
      ContentEncoding: 'zstd',
      ContentLanguage: 'de',
      ContentDisposition: 'attachment',
      Metadata: { digest: 'sha256:abc', size: 'größer' },
    });
    expect(sent.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(sent.ChecksumCRC32).toBeDefined();
    const got = await get('a/b');
    expect(Buffer.compare((await got.Body?.transformToByteArray()) ?? new Uint8Array(), body)).toBe(0);
    expect(got).toMatchObject({
      ContentType: 'application/x-lading',
      CacheControl: 'no-cache',
      ContentEncoding: 'zstd',
      ContentLanguage: 'de',
      ContentDisposition: 'attachment',
      ContentLength: body.length,
      ETag: sent.ETag,
      VersionId: sent.VersionId,
      ChecksumCRC32: sent.ChecksumCRC32,
      Metadata: { digest: 'sha256:abc', size: 'größer' },
    });
    const head = await bench.client.send(new HeadObjectCommand({ Bucket: 'kept', Key: 'a/b' }));
    expect(head).toMatchObject({ ContentLength: body.length, ETag: sent.ETag, Metadata: { digest: 'sha256:abc' } });
  });

  it('take streams of known length as aws-chunked bodies with a trailing checksum', async () => {
    const pieces = [randomBytes(70_000), Buffer.alloc(0), randomBytes(1), randomBytes(130_000)];
    const body = Buffer.concat(pieces);
    const sent = await bench.client.send(
      new PutObjectCommand({ Bucket: 'kept', Key: 'stream', Body: Readable.from(pieces), ContentLength: body.length }),
    );
    expect(sent.ChecksumCRC32).toBeDefined();
    const got = await get('stream');
    expect(got.ContentEncoding).toBeUndefined();
    expect(Buffer.compare((await got.Body?.transformToByteArray()) ?? new Uint8Array(), body)).toBe(0);
  });

  it.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'] as const)(
    'verify %s and give it back',
    async (algorithm) => {
      const sent = await put(`sum/${algorithm}`, 'hello world', { ChecksumAlgorithm: algorithm });
      const field = `Checksum${algorithm}` as const;
      expect(sent[field]).toMatch(/^[A-Za-z0-9+/]+=*$/);
      const got = await get(`sum/${algorithm}`);
      expect(got[field]).toBe(sent[field]);
      expect(await got.Body?.transformToString()).toBe('hello world');
      const wrong = await failure(put(`sum/${algorithm}-wrong`, 'hello world!', { [field]: sent[field] }));
      expect(wrong).toMatchObject({ name: 'BadDigest', status: 400 });
      expect(await failure(get(`sum/${algorithm}-wrong`))).toMatchObject({ name: 'NoSuchKey' });
    },
  );

  it('refuse a body that is not what Content-MD5 says', async () => {
    expect(await failure(put('md5', 'x', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }))).toMatchObject({
      name: 'BadDigest',
    });
    expect(await failure(put('md5', 'x', { ContentMD5: 'nonsense' }))).toMatchObject({ name: 'InvalidDigest' });
    expect(await failure(get('md5'))).toMatchObject({ name: 'NoSuchKey', status: 404 });
  });

  it('hold nothing on disk of an upload that was refused or cut off', async () => {
    const before = await readdir(join(bench.directory, 'data'));
    await failure(put('refused', 'x', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }));
    await cutOff(bench, '/kept/cut', { 'content-length': '5000' }, Buffer.alloc(1000));
    await expect.poll(async () => (await readdir(join(bench.directory, 'data'))).length).toBe(before.length);
    expect(await failure(get('cut'))).toMatchObject({ name: 'NoSuchKey' });
  });

  it('serve ranges', async () => {
    await put('range', '0123456789');
    expect(await text('range', { Range: 'bytes=2-4' })).toBe('234');
    expect(await text('range', { Range: 'bytes=7-' })).toBe('789');
    expect(await text('range', { Range: 'bytes=-3' })).toBe('789');
    expect(await text('range', { Range: 'bytes=8-99' })).toBe('89');
    const part = await get('range', { Range: 'bytes=0-0' });
    expect(part).toMatchObject({ ContentRange: 'bytes 0-0/10', ContentLength: 1, $metadata: { httpStatusCode: 206 } });
    expect(part.ChecksumCRC32).toBeUndefined();
    expect(await failure(get('range', { Range: 'bytes=10-' }))).toMatchObject({ name: 'InvalidRange', status: 416 });
    await put('empty', new Uint8Array(0));
    expect(await text('empty')).toBe('');
    expect(await failure(get('empty', { Range: 'bytes=0-' }))).toMatchObject({ name: 'InvalidRange' });
  });

  it('answer conditional reads', async () => {
    const { ETag } = await put('cond', 'one');
    const past = new Date(Date.now() - 60_000);
    const future = new Date(Date.now() + 60_000);
    expect(await failure(get('cond', { IfNoneMatch: ETag }))).toMatchObject({ status: 304 });
    expect(await failure(get('cond', { IfModifiedSince: future }))).toMatchObject({ status: 304 });
    expect(await failure(get('cond', { IfMatch: '"other"' }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    expect(await failure(get('cond', { IfUnmodifiedSince: past }))).toMatchObject({ status: 412 });
    expect(await text('cond', { IfMatch: ETag, IfUnmodifiedSince: past })).toBe('one');
    expect(await text('cond', { IfNoneMatch: '"other"', IfModifiedSince: future })).toBe('one');
  });

  it('copy, with metadata and tags kept or replaced, also what was uploaded in parts', async () => {
    await put('from ü/x', 'content', { Metadata: { a: '1' }, Tagging: 'stage=scan&b=%26', ContentType: 'text/x' });
    const copied = await bench.client.send(
      new CopyObjectCommand({ Bucket: 'kept', Key: 'to', CopySource: encodeURI('/kept/from ü/x') }),
    );
    expect(copied.CopyObjectResult?.ETag).toMatch(/^"/);
    const got = await get('to');
    expect(got).toMatchObject({ Metadata: { a: '1' }, TagCount: 2, ContentType: 'text/x' });
    await bench.client.send(
      new CopyObjectCommand({
        Bucket: 'kept',
        Key: 'to',
        CopySource: 'kept/to',
        MetadataDirective: 'REPLACE',
        Metadata: { b: '2' },
        TaggingDirective: 'REPLACE',
        Tagging: 'c=3',
      }),
    );
    expect(await get('to')).toMatchObject({ Metadata: { b: '2' }, TagCount: 1 });
    expect(
      await failure(bench.client.send(new CopyObjectCommand({ Bucket: 'kept', Key: 'to', CopySource: 'kept/to' }))),
    ).toMatchObject({ name: 'InvalidRequest' });
    // The copy does not depend on its source.
    await bench.client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'src' }));
    await put('src', 'short-lived', {}, 'plain');
    await bench.client.send(new CopyObjectCommand({ Bucket: 'kept', Key: 'survivor', CopySource: 'plain/src' }));
    await bench.client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'src' }));
    expect(await text('survivor')).toBe('short-lived');
  });

  it('keep tags apart from versions', async () => {
    const { VersionId } = await put('tagged', 'x');
    const where = { Bucket: 'kept', Key: 'tagged' };
    const TagSet = [{ Key: 'a', Value: '<&>' }];
    await bench.client.send(new PutObjectTaggingCommand({ ...where, Tagging: { TagSet } }));
    const got = await bench.client.send(new GetObjectTaggingCommand(where));
    expect(got).toMatchObject({ TagSet, VersionId });
    expect(await text('tagged')).toBe('x');
    await bench.client.send(new DeleteObjectTaggingCommand(where));
    expect((await bench.client.send(new GetObjectTaggingCommand(where))).TagSet).toEqual([]);
    const twice = { TagSet: [...TagSet, ...TagSet] };
    expect(await failure(bench.client.send(new PutObjectTaggingCommand({ ...where, Tagging: twice })))).toMatchObject({
      name: 'InvalidTag',
    });
  });

  it('refuse what is not implemented instead of overwriting', async () => {
    const { VersionId } = await put('safe', 'precious');
    const acl = bench.client.send(new PutObjectAclCommand({ Bucket: 'kept', Key: 'safe', ACL: 'private' }));
    expect(await failure(acl)).toMatchObject({ name: 'NotImplemented', status: 501 });
    expect(await get('safe')).toMatchObject({ VersionId, ContentLength: 8 });
    for (const more of [
      { StorageClass: 'DEEP_ARCHIVE' },
      { ServerSideEncryption: 'aws:kms' },
      { WebsiteRedirectLocation: '/x' },
    ]) {
      expect(await failure(put('safe', 'x', more))).toMatchObject({ name: 'NotImplemented' });
    }
    expect(await failure(put('safe', 'x', { ACL: 'public-read' }))).toMatchObject({
      name: 'AccessControlListNotSupported',
    });
  });

  it('send the caller of another region away', async () => {
    expect(await failure(put('x', 'x', {}, 'far'))).toMatchObject({ name: 'PermanentRedirect', status: 301 });
    const west = bench.connect({ region: 'us-west-2' });
    await west.send(new PutObjectCommand({ Bucket: 'far', Key: 'x', Body: 'x' }));
  });

  it('refuse keys over 1,024 bytes, and answer errors to HEAD without a body', async () => {
    expect(await failure(put('ü'.repeat(513), 'x'))).toMatchObject({ name: 'KeyTooLongError' });
    await put('k'.repeat(1024), 'x');
    const head = bench.client.send(new HeadObjectCommand({ Bucket: 'kept', Key: 'missing' }));
    expect(await failure(head)).toMatchObject({ name: 'NotFound', status: 404 });
  });

  it('are deleted many at once, each with its own outcome', async () => {
    await put('m/1', '1', {}, 'plain');
    await put('m/<2>&', '2', {}, 'plain');
    const done = await bench.client.send(
      new DeleteObjectsCommand({
        Bucket: 'plain',
        Delete: { Objects: [{ Key: 'm/1' }, { Key: 'm/<2>&' }, { Key: 'm/3' }] },
      }),
    );
    expect(done.Deleted?.map(({ Key }) => Key)).toEqual(['m/1', 'm/<2>&', 'm/3']);
    expect(await failure(get('m/1', {}, 'plain'))).toMatchObject({ name: 'NoSuchKey' });
  });
});
