import { request } from 'node:http';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, type S3Bench, signed, startS3 } from './s3-client.ts';

let bench: S3Bench;

beforeAll(async () => {
  bench = await startS3();
  await bench.service.createBucket({ name: 'docs', region: 'eu-central-1', versioned: true });
});
afterAll(() => bench.stop());

const put = (Key: string, Body: string, more: object = {}) =>
  bench.client.send(new PutObjectCommand({ Bucket: 'docs', Key, Body, ...more }));
const remove = (Key: string, more: object = {}) =>
  bench.client.send(new DeleteObjectCommand({ Bucket: 'docs', Key, ...more }));
const text = async (Key: string) =>
  (await bench.client.send(new GetObjectCommand({ Bucket: 'docs', Key }))).Body?.transformToString();

/** A PUT whose body is held back until `finish`. */
function slowPut(key: string, headers: Record<string, string>) {
  let answer: (status: number) => void;
  const status = new Promise<number>((resolve) => {
    answer = resolve;
  });
  const sent = request(
    `${bench.server.endpoint}/docs/${key}`,
    { method: 'PUT', headers: { ...signed(), ...headers, 'content-length': '4' } },
    (response) => {
      response.resume();
      answer(response.statusCode ?? 0);
    },
  );
  sent.write('ab');
  return {
    status,
    finish: () => sent.end('cd'),
  };
}

describe('conditional writes', () => {
  it('create only what is not there; a delete marker counts as nothing', async () => {
    await put('new', '1', { IfNoneMatch: '*' });
    expect(await failure(put('new', '2', { IfNoneMatch: '*' }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    expect(await text('new')).toBe('1');
    await remove('new');
    await put('new', '3', { IfNoneMatch: '*' });
    expect(await text('new')).toBe('3');
  });

  it('replace only what is still as it was', async () => {
    const { ETag } = await put('cas', '1');
    await put('cas', '2', { IfMatch: ETag });
    expect(await failure(put('cas', '3', { IfMatch: ETag }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    expect(await failure(put('nowhere', '1', { IfMatch: ETag }))).toMatchObject({ name: 'NoSuchKey', status: 404 });
    expect(await text('cas')).toBe('2');
    expect(bench.server.asked).toContain('s3:GetObject arn:aws:s3:::docs/cas');
  });

  it('let exactly one of many at once win; the others see 412 or 409', async () => {
    for (let round = 0; round < 5; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          put(`race/${round}`, String(i), { IfNoneMatch: '*' }).then(
            () => 200,
            (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode,
          ),
        ),
      );
      expect(outcomes.filter((status) => status === 200)).toHaveLength(1);
      expect(outcomes.filter((status) => ![200, 412, 409].includes(status))).toEqual([]);
    }
  });

  it('count every compare-and-swap exactly once', async () => {
    await put('counter', '0');
    const increment = async (): Promise<void> => {
      for (;;) {
        const got = await bench.client.send(new GetObjectCommand({ Bucket: 'docs', Key: 'counter' }));
        const value = Number(await got.Body?.transformToString());
        const status = await put('counter', String(value + 1), { IfMatch: got.ETag }).then(
          () => 200,
          (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode,
        );
        if (status === 200) return;
        expect([409, 412]).toContain(status);
      }
    };
    await Promise.all(Array.from({ length: 10 }, increment));
    expect(await text('counter')).toBe('10');
  });

  it('fail with 412 where another write came in between, and with 409 where a deletion did', async () => {
    const before = bench.server.asked.length;
    const overtaken = slowPut('between', { 'if-none-match': '*' });
    await expect.poll(() => bench.server.asked.length).toBeGreaterThan(before);
    await put('between', 'quick');
    overtaken.finish();
    expect(await overtaken.status).toBe(412);

    await put('deleted', 'x');
    await remove('deleted');
    const started = bench.server.asked.length;
    const undercut = slowPut('deleted', { 'if-none-match': '*' });
    await expect.poll(() => bench.server.asked.length).toBeGreaterThan(started);
    await put('deleted', 'y');
    await remove('deleted');
    undercut.finish();
    expect(await undercut.status).toBe(409);
    await put('deleted', 'again', { IfNoneMatch: '*' });
  });

  it('hold for copies, completions and deletions', async () => {
    const { ETag } = await put('target', 'x');
    const copy = (more: object) =>
      bench.client.send(new CopyObjectCommand({ Bucket: 'docs', Key: 'target', CopySource: 'docs/cas', ...more }));
    expect(await failure(copy({ IfNoneMatch: '*' }))).toMatchObject({ status: 412 });
    expect(await failure(copy({ CopySourceIfMatch: '"no"' }))).toMatchObject({ status: 412 });
    const { CopyObjectResult } = await copy({ IfMatch: ETag });

    const where = { Bucket: 'docs', Key: 'target' };
    const { UploadId } = await bench.client.send(new CreateMultipartUploadCommand(where));
    const part = await bench.client.send(new UploadPartCommand({ ...where, UploadId, PartNumber: 1, Body: 'part' }));
    const complete = (more: object) =>
      bench.client.send(
        new CompleteMultipartUploadCommand({
          ...where,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
          ...more,
        }),
      );
    expect(await failure(complete({ IfNoneMatch: '*' }))).toMatchObject({ name: 'PreconditionFailed', status: 412 });
    const done = await complete({ IfMatch: CopyObjectResult?.ETag });
    expect(await text('target')).toBe('part');

    expect(await failure(remove('target', { IfMatch: ETag }))).toMatchObject({ status: 412 });
    await remove('target', { IfMatch: done.ETag });
  });

  it('know no other conditions', async () => {
    expect(await failure(put('new', 'x', { IfNoneMatch: '"etag"' }))).toMatchObject({ name: 'NotImplemented' });
  });
});
