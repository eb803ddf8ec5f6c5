import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { brokenBlobs, startRegistry } from './support.ts';

describe('the server', () => {
  it('refuses hostile paths and writes from web pages', async () => {
    const { client, directory } = await startRegistry();
    for (const path of ['/v2/../../x/blobs/uploads/', '/v2/..%2f..%2fx/blobs/uploads/', '/v2/a%00/blobs/uploads/']) {
      expect(await client('POST', path)).toMatchObject({ status: 400, codes: ['NAME_INVALID'] });
    }
    expect(await client('PUT', '/v2/a/manifests/..%2f..%2fx', { body: '{}' })).toMatchObject({ status: 404 });
    expect(await client('GET', '/v2/a/blobs/sha256:..%2f..%2fjournal.jsonl')).toMatchObject({ status: 404 });
    expect(await client('PUT', '/v2/a/manifests/..', { body: '{}' })).toMatchObject({ status: 400 });
    expect(await client('GET', '/v2/a/blobs/..')).toMatchObject({ status: 400 });
    const page = { origin: 'https://evil.example' };
    expect(await client('POST', '/v2/a/blobs/uploads/', { headers: page })).toMatchObject({ status: 403 });
    expect(await client('GET', '/v2/', { headers: page })).toMatchObject({ status: 200 });
    expect(await brokenBlobs(directory)).toEqual([]);
  });

  it('answers other methods with what is allowed, and keeps the connection usable after a refusal', async () => {
    const { client } = await startRegistry();
    expect(await client('POST', '/v2/')).toMatchObject({ status: 405 });
    expect(await client('PATCH', '/v2/a/manifests/b', { body: 'x'.repeat(100_000) })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, PUT, DELETE' },
    });
    expect(await client('PUT', '/v2/a/blobs/uploads/', { body: 'x' })).toMatchObject({ status: 405 });
    expect(await client('GET', '/v2/')).toMatchObject({
      status: 200,
      headers: { 'docker-distribution-api-version': 'registry/2.0' },
    });
  });

  it('ends a refused upload instead of reading all of it', async () => {
    const { registry } = await startRegistry();
    const socket = connect(registry.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (piece) => {
      answer += String(piece);
    });
    socket.write('PATCH /v2/a/blobs/uploads/gone HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n');
    const pump = setInterval(() => socket.write(Buffer.alloc(256 * 1024)), 5);
    await closed;
    clearInterval(pump);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toMatch(/BLOB_UPLOAD_UNKNOWN/);
  });

  it('says who has the port, and keeps a second registry off its folder', async () => {
    const { registry, directory } = await startRegistry();
    await expect(startRegistry({ port: registry.port })).rejects.toMatchObject({
      code: 'port-taken',
      hint: expect.stringMatching(/another port/),
    });
    await expect(startRegistry({ directory })).rejects.toMatchObject({ code: 'directory-in-use' });
    await registry.close();
    const again = await startRegistry({ directory });
    expect(again.registry.url).toBe(`http://127.0.0.1:${again.registry.port}`);
  });

  it('names a folder that it cannot use', async () => {
    await expect(startRegistry({ directory: '/dev/null/registry' })).rejects.toMatchObject({
      code: 'directory-unusable',
    });
  });
});
