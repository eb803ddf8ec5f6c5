import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { brokenBlobs, type Client, pushBlob, sha512Of, startRegistry } from './support.ts';

const startUpload = async (client: Client, repository: string, query = ''): Promise<string> =>
  String((await client('POST', `/v2/${repository}/blobs/uploads/${query}`)).headers.location);

describe('pushing blobs', () => {
  it('in one POST, in POST and PUT, and by either algorithm', async () => {
    const { client, directory } = await startRegistry();
    for (const digest of [digestOf('hello'), sha512Of('hello')]) {
      const one = await client('POST', `/v2/a/b/blobs/uploads/?digest=${digest}`, { body: 'hello' });
      expect([one.status, one.headers.location]).toEqual([201, `/v2/a/b/blobs/${digest}`]);
      const location = await startUpload(client, 'two');
      const put = await client('PUT', `${location}?digest=${digest}`, { body: 'hello' });
      expect([put.status, put.headers['docker-content-digest']]).toEqual([201, digest]);
      for (const repository of ['a/b', 'two']) {
        const got = await client('GET', `/v2/${repository}/blobs/${digest}`);
        expect([got.status, got.body.toString(), got.headers['docker-content-digest']]).toEqual([200, 'hello', digest]);
        const head = await client('HEAD', `/v2/${repository}/blobs/${digest}`);
        expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '5', 0]);
      }
    }
    // One file each, however many repositories.
    expect(await readdir(join(directory, 'blobs', 'sha256'))).toHaveLength(1);
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
  });

  it('in chunks, with the state told, and 416 with the way back when out of order', async () => {
    const { client } = await startRegistry();
    const location = await startUpload(client, 'chunks', '?digest-algorithm=sha512');
    const chunk = (body: string, start: number, method = 'PATCH', query = '') =>
      client(method, location + query, { body, headers: { 'content-range': `${start}-${start + body.length - 1}` } });
    expect(await chunk('hello ', 0)).toMatchObject({ status: 202, headers: { range: '0-5', location } });
    const wrong = await chunk('there', 7);
    expect(wrong).toMatchObject({ status: 416, codes: ['BLOB_UPLOAD_INVALID'], headers: { range: '0-5', location } });
    expect(await chunk('hello ', 0)).toMatchObject({ status: 416 });
    expect(await client('GET', location)).toMatchObject({ status: 204, headers: { range: '0-5', location } });
    const digest = sha512Of('hello there');
    expect(await chunk('there', 5, 'PUT', `?digest=${digest}`)).toMatchObject({ status: 416 });
    expect(await chunk('there', 6, 'PUT', `?digest=${digest}`)).toMatchObject({ status: 201 });
    expect((await client('GET', `/v2/chunks/blobs/${digest}`)).body.toString()).toBe('hello there');
    expect(await client('GET', location)).toMatchObject({ status: 404, codes: ['BLOB_UPLOAD_UNKNOWN'] });
  });

  it('as a stream of unknown length, ended by the digest of another algorithm than was hashed on the way', async () => {
    const { client } = await startRegistry();
    const location = await startUpload(client, 'stream');
    const content = Buffer.alloc(3 * 1024 * 1024, 'x');
    const headers = { 'transfer-encoding': 'chunked' };
    expect(await client('PATCH', location, { body: content, headers })).toMatchObject({ status: 202 });
    const digest = sha512Of(content);
    expect(await client('PUT', `${location}?digest=${digest}`)).toMatchObject({ status: 201 });
    expect((await client('GET', `/v2/stream/blobs/${digest}`)).body.equals(content)).toBe(true);
  });

  it('cancels', async () => {
    const { client, directory } = await startRegistry();
    const location = await startUpload(client, 'cancel');
    await client('PATCH', location, { body: 'hello' });
    expect(await readdir(join(directory, 'uploads'))).toHaveLength(2);
    expect(await client('DELETE', location)).toMatchObject({ status: 204 });
    expect(await client('PATCH', location, { body: 'more' })).toMatchObject({ status: 404 });
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
  });

  it('mounts from the named repository, from any, and falls back to an upload', async () => {
    const { client } = await startRegistry();
    const digest = await pushBlob(client, 'source', 'shared');
    const mount = (target: string, query: string) => client('POST', `/v2/${target}/blobs/uploads/?${query}`);
    const named = await mount('named', `mount=${digest}&from=source`);
    expect([named.status, named.headers.location]).toEqual([201, `/v2/named/blobs/${digest}`]);
    expect(await mount('any', `mount=${digest}`)).toMatchObject({ status: 201 });
    expect((await client('GET', `/v2/any/blobs/${digest}`)).body.toString()).toBe('shared');
    for (const query of [`mount=${digest}&from=nowhere`, `mount=${digestOf('x')}`, `mount=${digest}&from=../source`]) {
      const fallen = await mount('target', query);
      expect(fallen.status).toBe(202);
      const put = await client('PUT', `${fallen.headers.location}?digest=${digestOf('own')}`, { body: 'own' });
      expect(put.status).toBe(201);
    }
    expect(await client('HEAD', `/v2/target/blobs/${digest}`)).toMatchObject({ status: 404 });
    expect(await mount('target', 'mount=sha256:nonsense')).toMatchObject({ status: 400, codes: ['DIGEST_INVALID'] });
  });
});

describe('lies about blobs', () => {
  it("a digest that is not the content's leaves nothing, however it was pushed", async () => {
    const { client, directory } = await startRegistry();
    const lie = digestOf('promised');
    const refused = { status: 400, codes: ['DIGEST_INVALID'] };
    expect(await client('POST', `/v2/lies/blobs/uploads/?digest=${lie}`, { body: 'delivered' })).toMatchObject(refused);
    const put = await startUpload(client, 'lies');
    expect(await client('PUT', `${put}?digest=${lie}`, { body: 'delivered' })).toMatchObject(refused);
    const patched = await startUpload(client, 'lies');
    await client('PATCH', patched, { body: 'delivered' });
    expect(await client('PUT', `${patched}?digest=${lie}`)).toMatchObject(refused);
    expect(await client('PUT', `${patched}?digest=${lie}`)).toMatchObject({ status: 404 });
    for (const bad of [
      '',
      'sha256:',
      'sha256:abc',
      `SHA256:${'a'.repeat(64)}`,
      'md5:d41d8cd98f00b204e9800998ecf8427e',
      '../x',
    ]) {
      const location = await startUpload(client, 'lies');
      expect(await client('PUT', `${location}?digest=${encodeURIComponent(bad)}`, { body: 'x' })).toMatchObject(
        refused,
      );
      await client('DELETE', location);
    }
    expect(await client('POST', '/v2/lies/blobs/uploads/?digest-algorithm=md5')).toMatchObject(refused);
    expect(await client('HEAD', `/v2/lies/blobs/${lie}`)).toMatchObject({ status: 404 });
    expect(await readdir(join(directory, 'blobs', 'sha256'))).toEqual([]);
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
  });

  it("a size that is not the body's takes back the chunk", async () => {
    const { client } = await startRegistry();
    const location = await startUpload(client, 'sizes');
    await client('PATCH', location, { body: 'first' });
    const send = (body: string, headers: Record<string, string>) => client('PATCH', location, { body, headers });
    const chunked = { 'transfer-encoding': 'chunked' };
    const wrong = { status: 400, codes: ['SIZE_INVALID'] };
    expect(await send('12345', { 'content-range': '5-100' })).toMatchObject(wrong);
    expect(await send('12345', { ...chunked, 'content-range': '5-100' })).toMatchObject(wrong);
    expect(await send('12345', { ...chunked, 'content-range': '5-6' })).toMatchObject(wrong);
    expect(await send('12345', { 'content-range': 'bytes 5-9/10' })).toMatchObject({ status: 400 });
    expect(await client('GET', location)).toMatchObject({ headers: { range: '0-4' } });
    await send('second', { ...chunked, 'content-range': '5-10' });
    const done = await client('PUT', `${location}?digest=${digestOf('firstsecond')}`);
    expect(done.status).toBe(201);
  });

  it('a large chunk that lies is taken back from the disk too', async () => {
    const { client, directory } = await startRegistry();
    const location = await startUpload(client, 'sizes');
    await client('PATCH', location, { body: 'first' });
    const headers = { 'transfer-encoding': 'chunked', 'content-range': '5-1999999' };
    const lie = await client('PATCH', location, { body: Buffer.alloc(3_000_000, 'lie'), headers });
    expect(lie).toMatchObject({ status: 400, codes: ['SIZE_INVALID'] });
    const digest = digestOf('firstsecond');
    expect(await client('PUT', `${location}?digest=${digest}`, { body: 'second' })).toMatchObject({ status: 201 });
    expect((await client('GET', `/v2/sizes/blobs/${digest}`)).body.toString()).toBe('firstsecond');
    expect(await brokenBlobs(directory)).toEqual([]);
  });

  it('a blob over the largest size is refused at the byte that is too many', async () => {
    const { client, directory } = await startRegistry({ maxBlobBytes: 10 });
    const location = await startUpload(client, 'large');
    await client('PATCH', location, { body: '0123456789' });
    expect(await client('PATCH', location, { body: 'x' })).toMatchObject({ status: 413, codes: ['SIZE_INVALID'] });
    expect(await client('PUT', `${location}?digest=${digestOf('0123456789')}`)).toMatchObject({ status: 201 });
    const body = Buffer.alloc(100);
    const post = await client('POST', `/v2/large/blobs/uploads/?digest=${digestOf(body)}`, { body });
    expect(post.status).toBe(413);
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
  });

  it('an upload belongs to its repository', async () => {
    const { client } = await startRegistry();
    const location = await startUpload(client, 'mine');
    expect(await client('PATCH', location.replace('mine', 'yours'), { body: 'x' })).toMatchObject({ status: 404 });
    expect(await client('GET', '/v2/mine/blobs/uploads/..%2F..%2Fjournal.jsonl')).toMatchObject({ status: 404 });
    expect(await client('GET', '/v2/mine/blobs/uploads/nothing')).toMatchObject({ status: 404 });
  });

  it('a connection that breaks leaves what came, to be gone on with', async () => {
    const { client, registry } = await startRegistry();
    const location = await startUpload(client, 'broken');
    const half = request({ port: registry.port, method: 'PATCH', path: location, headers: { 'content-length': '11' } });
    half.on('error', () => undefined);
    half.write('hello ');
    let range: string | undefined;
    const rangeOf = async (): Promise<string> => String((await client('GET', location)).headers.range);
    // The server gathers pieces; what it got is written once it sees that the client is gone.
    await new Promise((resolve) => setTimeout(resolve, 50));
    half.destroy();
    for (let i = 0; i < 100 && range !== '0-5'; i++) {
      range = await rangeOf();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(range).toBe('0-5');
    await client('PATCH', location, { body: 'there', headers: { 'content-range': '6-10' } });
    expect(await client('PUT', `${location}?digest=${digestOf('hello there')}`)).toMatchObject({ status: 201 });
  });
});
