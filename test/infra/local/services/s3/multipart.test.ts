import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, type S3Bench, startS3 } from './s3-client.ts';

const MIB = 1024 * 1024;
let bench: S3Bench;

beforeAll(async () => {
  bench = await startS3();
  await bench.service.createBucket({ name: 'docs', region: 'eu-central-1', versioned: true });
});
afterAll(() => bench.stop());

const where = (Key: string) => ({ Bucket: 'docs', Key });
const begin = (Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}) =>
  bench.client.send(new CreateMultipartUploadCommand({ ...where(Key), ...more }));
const part = (Key: string, UploadId: string | undefined, PartNumber: number, Body: Uint8Array, more: object = {}) =>
  bench.client.send(new UploadPartCommand({ ...where(Key), UploadId, PartNumber, Body, ...more }));
const complete = (Key: string, UploadId: string | undefined, Parts: object[], more: object = {}) =>
  bench.client.send(
    new CompleteMultipartUploadCommand({ ...where(Key), UploadId, MultipartUpload: { Parts }, ...more }),
  );
const bytes = async (Key: string, more: object = {}) =>
  Buffer.from(
    (await (await bench.client.send(new GetObjectCommand({ ...where(Key), ...more }))).Body?.transformToByteArray()) ??
      [],
  );

describe('multipart uploads', () => {
  it('become one object with the entity tag of its parts', async () => {
    const pieces = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(17)];
    const { UploadId } = await begin('big', { Metadata: { a: 'b' }, ContentType: 'text/x' });
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const [i, piece] of pieces.entries()) {
      const { ETag } = await part('big', UploadId, i + 1, piece);
      parts.push({ PartNumber: i + 1, ETag });
    }
    const listed = await bench.client.send(new ListPartsCommand({ ...where('big'), UploadId, MaxParts: 2 }));
    expect(listed).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
    expect(listed.Parts?.map(({ Size }) => Size)).toEqual([5 * MIB, 5 * MIB]);
    expect(await failure(bytes('big'))).toMatchObject({ name: 'NoSuchKey' });

    const done = await complete('big', UploadId, parts);
    const md5s = pieces.map((piece) => createHash('md5').update(piece).digest());
    expect(done.ETag).toBe(`"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`);
    const whole = Buffer.concat(pieces);
    expect((await bytes('big')).equals(whole)).toBe(true);
    // Ranges run over the seams of the parts.
    const seam = await bytes('big', { Range: `bytes=${5 * MIB - 3}-${10 * MIB + 4}` });
    expect(seam.equals(whole.subarray(5 * MIB - 3, 10 * MIB + 5))).toBe(true);
    expect((await bytes('big', { PartNumber: 3 })).equals(pieces[2] ?? Buffer.alloc(0))).toBe(true);
    const head = await bench.client.send(new HeadObjectCommand({ ...where('big'), PartNumber: 2 }));
    expect(head).toMatchObject({ PartsCount: 3, ContentLength: 5 * MIB, Metadata: { a: 'b' }, ContentType: 'text/x' });

    // A completion whose answer was lost can be sent again.
    expect(await complete('big', UploadId, parts)).toMatchObject({ ETag: done.ETag, VersionId: done.VersionId });

    const copied = await bench.client.send(new CopyObjectCommand({ ...where('copy'), CopySource: 'docs/big' }));
    expect(copied.CopyObjectResult?.ETag).toBe(`"${createHash('md5').update(whole).digest('hex')}"`);
    await bench.client.send(new DeleteObjectCommand({ ...where('big'), VersionId: done.VersionId }));
    expect((await bytes('copy')).equals(whole)).toBe(true);
  });

  it.each([
    ['CRC32', 'COMPOSITE'],
    ['SHA256', 'COMPOSITE'],
    ['CRC64NVME', 'FULL_OBJECT'],
  ] as const)('combine %s checksums (%s)', async (algorithm, type) => {
    const key = `sum-${algorithm}`;
    const field = `Checksum${algorithm}` as const;
    const { UploadId } = await begin(key, { ChecksumAlgorithm: algorithm });
    const one = await part(key, UploadId, 1, Buffer.alloc(5 * MIB, 1), { ChecksumAlgorithm: algorithm });
    const two = await part(key, UploadId, 2, Buffer.from('end'), { ChecksumAlgorithm: algorithm });
    expect(one[field]).toBeDefined();
    const parts = [one, two].map((sent, i) => ({ PartNumber: i + 1, ETag: sent.ETag, [field]: sent[field] }));
    const done = await complete(key, UploadId, parts);
    expect(done.ChecksumType).toBe(type);
    expect(done[field]).toMatch(type === 'COMPOSITE' ? /-2$/ : /=$/);
    const got = await bench.client.send(new GetObjectCommand(where(key)));
    expect(got[field]).toBe(done[field]);
    expect((await got.Body?.transformToByteArray())?.length).toBe(5 * MIB + 3);
  });

  it('take parts from other objects', async () => {
    await bench.client.send(new PutObjectCommand({ ...where('source'), Body: '0123456789' }));
    const { UploadId } = await begin('parted');
    const copied = await bench.client.send(
      new UploadPartCopyCommand({
        ...where('parted'),
        UploadId,
        PartNumber: 1,
        CopySource: 'docs/source',
        CopySourceRange: 'bytes=2-5',
      }),
    );
    await complete('parted', UploadId, [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }]);
    expect((await bytes('parted')).toString()).toBe('2345');
  });

  it('refuse parts that are wrong, too small, out of order or not there', async () => {
    const { UploadId } = await begin('wrong');
    const one = await part('wrong', UploadId, 1, Buffer.from('small'));
    const two = await part('wrong', UploadId, 2, Buffer.from('end'));
    const p = (PartNumber: number, ETag: string | undefined) => ({ PartNumber, ETag });
    expect(await failure(complete('wrong', UploadId, [p(1, one.ETag), p(2, two.ETag)]))).toMatchObject({
      name: 'EntityTooSmall',
    });
    expect(await failure(complete('wrong', UploadId, [p(2, two.ETag), p(1, one.ETag)]))).toMatchObject({
      name: 'InvalidPartOrder',
    });
    expect(await failure(complete('wrong', UploadId, [p(1, two.ETag)]))).toMatchObject({ name: 'InvalidPart' });
    expect(await failure(complete('wrong', UploadId, [p(3, one.ETag)]))).toMatchObject({ name: 'InvalidPart' });
    expect(await failure(part('wrong', UploadId, 10_001, Buffer.from('x')))).toMatchObject({ name: 'InvalidArgument' });
    expect(await failure(part('other', UploadId, 1, Buffer.from('x')))).toMatchObject({ name: 'NoSuchUpload' });
    // Still open after every refusal; only the last part of a number counts.
    const again = await part('wrong', UploadId, 1, Buffer.from('better'));
    await complete('wrong', UploadId, [p(1, again.ETag)]);
    expect((await bytes('wrong')).toString()).toBe('better');
  });

  it('leave nothing when aborted, survive a restart when not', async () => {
    const before = (await readdir(join(bench.directory, 'data'))).length;
    const aborted = await begin('aborted');
    await part('aborted', aborted.UploadId, 1, Buffer.from('x'));
    const kept = await begin('kept', { Tagging: 'a=1' });
    const sent = await part('kept', kept.UploadId, 1, Buffer.from('kept'));
    const uploads = await bench.client.send(new ListMultipartUploadsCommand({ Bucket: 'docs' }));
    expect(uploads.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([
      ['aborted', aborted.UploadId],
      ['kept', kept.UploadId],
    ]);
    const gone = { ...where('aborted'), UploadId: aborted.UploadId };
    await bench.client.send(new AbortMultipartUploadCommand(gone));
    expect(await failure(bench.client.send(new AbortMultipartUploadCommand(gone)))).toMatchObject({
      name: 'NoSuchUpload',
    });
    expect(await failure(part('aborted', aborted.UploadId, 2, Buffer.from('x')))).toMatchObject({
      name: 'NoSuchUpload',
    });
    await bench.restart();
    expect((await readdir(join(bench.directory, 'data'))).length).toBe(before + 1);
    await complete('kept', kept.UploadId, [{ PartNumber: 1, ETag: sent.ETag }]);
    expect((await bytes('kept')).toString()).toBe('kept');
    expect((await bench.client.send(new HeadObjectCommand(where('kept')))).TagCount).toBe(1);
  });

  it('are listed page by page, rolled up by delimiter', async () => {
    for (const key of ['p/a', 'p/a', 'p/b/1', 'p/b/2', 'p/c']) await begin(key);
    const seen: string[] = [];
    let more: object = {};
    for (;;) {
      const page = await bench.client.send(
        new ListMultipartUploadsCommand({ Bucket: 'docs', Prefix: 'p/', Delimiter: '/', MaxUploads: 1, ...more }),
      );
      seen.push(...(page.Uploads ?? []).map(({ Key }) => Key ?? ''));
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''));
      if (!page.IsTruncated) break;
      more = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    expect(seen).toEqual(['p/a', 'p/a', 'p/b/', 'p/c']);
  });
});
