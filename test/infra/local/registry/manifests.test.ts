import { describe, expect, it } from 'vitest';
import { openFile } from '../../../../infra/local/registry/files.ts';
import { digestOf } from '../../../../lib/core/digest.ts';
import {
  imageManifest,
  OCI_INDEX,
  OCI_MANIFEST,
  pushBlob,
  pushImage,
  pushManifest,
  sha512Of,
  startRegistry,
} from './support.ts';

const MAX = 4 * 1024 * 1024;
const indexOf = (children: readonly { readonly digest: string; readonly bytes: string }[], more: object = {}): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: children.map(({ digest, bytes }) => ({ mediaType: OCI_MANIFEST, digest, size: bytes.length })),
    ...more,
  });

describe('manifests', () => {
  it('are pulled by tag and digest, byte for byte, in the type they came in', async () => {
    const { client } = await startRegistry();
    const { digest, bytes } = await pushImage(client, 'a/b', 'v1');
    for (const reference of ['v1', digest]) {
      const got = await client('GET', `/v2/a/b/manifests/${reference}`, { headers: { accept: OCI_MANIFEST } });
      expect([got.status, got.body.toString()]).toEqual([200, bytes]);
      expect(got.headers).toMatchObject({ 'content-type': OCI_MANIFEST, 'docker-content-digest': digest });
      const head = await client('HEAD', `/v2/a/b/manifests/${reference}`);
      expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(bytes.length) } });
    }
    const etag = { 'if-none-match': `"${digest}"` };
    expect(await client('GET', '/v2/a/b/manifests/v1', { headers: etag })).toMatchObject({ status: 304 });
    const other = await client('GET', '/v2/a/b/manifests/v1', { headers: { accept: OCI_INDEX } });
    expect(other).toMatchObject({ status: 404, codes: ['MANIFEST_UNKNOWN'] });
  });

  it('are refused by digest if they are something else', async () => {
    const { client } = await startRegistry();
    const { bytes } = await pushImage(client, 'a', 'v1');
    const refused = { status: 400, codes: ['DIGEST_INVALID'] };
    expect(await pushManifest(client, 'a', digestOf('x'), bytes)).toMatchObject(refused);
    expect(await pushManifest(client, 'a', sha512Of('x'), bytes)).toMatchObject(refused);
    expect(await pushManifest(client, 'a', 'sha256:abc', bytes)).toMatchObject(refused);
    expect(await pushManifest(client, 'a', '-dash', bytes)).toMatchObject({ status: 400, codes: ['MANIFEST_INVALID'] });
  });

  it('need everything they name, in the size they name it', async () => {
    const { client, registry } = await startRegistry();
    const config = { digest: await pushBlob(client, 'a', '{}'), size: 2 };
    const elsewhere = { digest: await pushBlob(client, 'other', 'layer'), size: 5 };
    const missing = await pushManifest(
      client,
      'a',
      'v1',
      imageManifest(config, [elsewhere, { digest: digestOf('n'), size: 1 }]),
    );
    expect(missing).toMatchObject({ status: 404, codes: ['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN'] });
    expect(JSON.parse(missing.body.toString()).errors[0].detail).toEqual({ digest: elsewhere.digest });
    const lie = await pushManifest(client, 'a', 'v1', imageManifest({ ...config, size: 3 }, []));
    expect(lie).toMatchObject({ status: 400, codes: ['MANIFEST_INVALID'] });
    const orphan = indexOf([{ digest: config.digest, bytes: '{}' }]);
    expect(await pushManifest(client, 'a', 'v1', orphan, OCI_INDEX)).toMatchObject({
      codes: ['MANIFEST_BLOB_UNKNOWN'],
    });
    const foreign = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest: digestOf('f'),
      size: 9,
    };
    expect(await pushManifest(client, 'a', 'v1', imageManifest(config, [foreign]))).toMatchObject({ status: 201 });
    expect(registry.store.listManifests('a')).toHaveLength(1);
  });

  it('need it still when they are written', async () => {
    const meanwhile: (() => Promise<unknown>)[] = [];
    const { client, registry } = await startRegistry({
      open: async (path, flags) => {
        if (path.includes('manifest-')) await meanwhile.pop()?.();
        return openFile(path, flags);
      },
    });
    const digest = await pushBlob(client, 'a', '{}');
    meanwhile.push(() => client('DELETE', `/v2/a/blobs/${digest}`));
    const late = await pushManifest(client, 'a', 'v1', imageManifest({ digest, size: 2 }, []));
    expect(late).toMatchObject({ status: 404, codes: ['MANIFEST_BLOB_UNKNOWN'] });
    expect(registry.store.listManifests('a')).toEqual([]);
  });

  it('are at most 4 MiB', async () => {
    const { client } = await startRegistry();
    const config = { digest: await pushBlob(client, 'a', '{}'), size: 2 };
    const empty = imageManifest(config, [], { annotations: { pad: '' } });
    const sized = (size: number) =>
      imageManifest(config, [], { annotations: { pad: 'x'.repeat(size - empty.length) } });
    expect(await pushManifest(client, 'a', 'largest', sized(MAX))).toMatchObject({ status: 201 });
    expect(await pushManifest(client, 'a', 'larger', sized(MAX + 1))).toMatchObject({
      status: 413,
      codes: ['SIZE_INVALID'],
    });
    const headers = { 'transfer-encoding': 'chunked', 'content-type': OCI_MANIFEST };
    const chunked = await client('PUT', '/v2/a/manifests/larger', { body: sized(MAX + 1), headers });
    expect(chunked.status).toBe(413);
  });

  it('of schema 1 and those that mean two things are refused with a sentence', async () => {
    const { client } = await startRegistry();
    const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    const old = await pushManifest(client, 'a', 'v1', '{"schemaVersion":1}', schema1);
    expect(old).toMatchObject({ status: 400, codes: ['MANIFEST_INVALID'] });
    expect(old.body.toString()).toMatch(/schema 1 is not supported/);
    const { bytes } = await pushImage(client, 'a', 'v1');
    const confused = bytes.replace('{', '{"manifests":[],');
    expect(await pushManifest(client, 'a', 'v1', confused)).toMatchObject({ status: 400, codes: ['MANIFEST_INVALID'] });
  });

  it('get several tags at once when pushed by digest', async () => {
    const { client, registry } = await startRegistry();
    const { digest, bytes } = await pushImage(client, 'a', undefined);
    const put = await pushManifest(client, 'a', `${digest}?tag=1&tag=1.2&tag=latest`, bytes);
    expect([put.status, put.headers['oci-tag']]).toEqual([201, '1, 1.2, latest']);
    expect(registry.store.findManifest('a', 'latest')?.tags).toEqual(['1', '1.2', 'latest']);
    expect(await pushManifest(client, 'a', `${digest}?tag=../x`, bytes)).toMatchObject({ status: 400 });
    const many = Array.from({ length: 101 }, (_, i) => `tag=t${i}`).join('&');
    expect(await pushManifest(client, 'a', `${digest}?${many}`, bytes)).toMatchObject({ status: 414 });
    // A tag's own push takes no further tags.
    await pushManifest(client, 'a', 'one?tag=two', bytes);
    expect(registry.store.findManifest('a', 'two')).toBeUndefined();
  });

  it('go with their tags; a tag goes alone; a child goes after its index', async () => {
    const { client } = await startRegistry();
    const child = await pushImage(client, 'a', 'child');
    const index = indexOf([child]);
    await pushManifest(client, 'a', 'index', index, OCI_INDEX);
    const remove = (reference: string) => client('DELETE', `/v2/a/manifests/${reference}`);
    const gone = { status: 404, codes: ['MANIFEST_UNKNOWN'] };
    expect(await remove('child')).toMatchObject({ status: 202 });
    expect(await remove('child')).toMatchObject(gone);
    expect(await client('GET', `/v2/a/manifests/${child.digest}`)).toMatchObject({ status: 200 });
    expect(await remove(child.digest)).toMatchObject({ status: 405, codes: ['DENIED'] });
    expect(await remove(digestOf(index))).toMatchObject({ status: 202 });
    expect(await client('GET', '/v2/a/manifests/index')).toMatchObject(gone);
    expect(await remove(child.digest)).toMatchObject({ status: 202 });
    expect(await client('HEAD', `/v2/a/manifests/${child.digest}`)).toMatchObject({ status: 404 });
    expect(await client('DELETE', '/v2/nothing/manifests/latest')).toMatchObject({
      status: 404,
      codes: ['NAME_UNKNOWN'],
    });
  });
});

describe('listings', () => {
  it('page through tags in ASCII order', async () => {
    const { client } = await startRegistry();
    const { bytes } = await pushImage(client, 'a', 'v10');
    for (const tag of ['B', 'a', 'v9', 'latest', '_x']) await pushManifest(client, 'a', tag, bytes);
    const list = async (query: string) => {
      const { headers, body } = await client('GET', `/v2/a/tags/list${query}`);
      return [JSON.parse(body.toString()).tags, headers.link];
    };
    expect(await list('')).toEqual([['B', '_x', 'a', 'latest', 'v10', 'v9'], undefined]);
    expect(await list('?n=2')).toEqual([['B', '_x'], '</v2/a/tags/list?n=2&last=_x>; rel="next"']);
    expect(await list('?n=2&last=_x')).toEqual([['a', 'latest'], '</v2/a/tags/list?n=2&last=latest>; rel="next"']);
    expect(await list('?n=2&last=latest')).toEqual([['v10', 'v9'], undefined]);
    expect(await list('?last=between')).toEqual([['latest', 'v10', 'v9'], undefined]);
    expect(await list('?n=0')).toEqual([[], undefined]);
    expect(await client('GET', '/v2/a/tags/list?n=-1')).toMatchObject({ status: 400 });
    expect(await client('GET', '/v2/nothing/tags/list')).toMatchObject({ status: 404, codes: ['NAME_UNKNOWN'] });
  });

  it('page through repositories', async () => {
    const { client } = await startRegistry();
    for (const name of ['c', 'a/x', 'b']) await pushBlob(client, name, 'x');
    const first = await client('GET', '/v2/_catalog?n=2');
    expect(JSON.parse(first.body.toString())).toEqual({ repositories: ['a/x', 'b'] });
    const next = /<([^>]+)>; rel="next"/.exec(String(first.headers.link))?.[1];
    const second = await client('GET', String(next));
    expect([JSON.parse(second.body.toString()), second.headers.link]).toEqual([{ repositories: ['c'] }, undefined]);
  });
});

describe('referrers', () => {
  const attach = (subject: string, more: object) => ({
    subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
    ...more,
  });

  it('are listed with type and annotations, also before their subject comes, and filtered', async () => {
    const { client } = await startRegistry();
    const subject = digestOf('not yet here');
    const annotations = { 'org.example': 'yes', constructor: 'no trouble' };
    const sbom = await pushImage(
      client,
      'a',
      undefined,
      attach(subject, { artifactType: 'application/sbom', annotations }),
    );
    const plain = await pushImage(client, 'a', undefined, attach(subject, {}));
    const put = await pushManifest(client, 'a', 'again', sbom.bytes);
    expect(put.headers['oci-subject']).toBe(subject);
    const index = indexOf([], attach(subject, {}));
    expect(await pushManifest(client, 'a', 'index', index, OCI_INDEX)).toMatchObject({ status: 201 });

    const list = async (query = '') => {
      const answer = await client('GET', `/v2/a/referrers/${subject}${query}`);
      expect([answer.status, answer.headers['content-type']]).toEqual([200, OCI_INDEX]);
      return { ...answer, index: JSON.parse(answer.body.toString()) };
    };
    const { index: all } = await list();
    expect(all).toMatchObject({ schemaVersion: 2, mediaType: OCI_INDEX });
    const size = sbom.bytes.length;
    const expected = [
      { mediaType: OCI_MANIFEST, digest: sbom.digest, size, artifactType: 'application/sbom', annotations },
      {
        mediaType: OCI_MANIFEST,
        digest: plain.digest,
        size: plain.bytes.length,
        artifactType: 'application/vnd.oci.image.config.v1+json',
      },
      { mediaType: OCI_INDEX, digest: digestOf(index), size: index.length },
    ];
    expect(all.manifests).toEqual(expected.sort((a, b) => (a.digest < b.digest ? -1 : 1)));
    const filtered = await list('?artifactType=application/sbom');
    expect(filtered.index.manifests).toHaveLength(1);
    expect(filtered.headers['oci-filters-applied']).toBe('artifactType');
    await client('DELETE', `/v2/a/manifests/${sbom.digest}`);
    expect((await list('?artifactType=application/sbom')).index.manifests).toEqual([]);
  });

  it('are an empty index for what nobody refers to, and a 400 for no digest', async () => {
    const { client } = await startRegistry();
    const empty = await client('GET', `/v2/nothing/referrers/${digestOf('x')}`);
    expect([empty.status, JSON.parse(empty.body.toString()).manifests]).toEqual([200, []]);
    expect(await client('GET', '/v2/nothing/referrers/latest')).toMatchObject({
      status: 400,
      codes: ['DIGEST_INVALID'],
    });
  });

  it('come in pages that clients can read, each once', async () => {
    const { client } = await startRegistry();
    const subject = digestOf('popular');
    const pushed = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const annotations = { pad: 'x'.repeat(1_400_000), i: String(i) };
      const artifactType = i % 2 ? 'a/odd' : 'a/even';
      pushed.add((await pushImage(client, 'a', undefined, attach(subject, { annotations, artifactType }))).digest);
    }
    for (const [query, count] of [
      ['', 5],
      ['?artifactType=a%2Feven', 3],
    ] as const) {
      const seen: string[] = [];
      let pages = 0;
      for (let next: string | undefined = `/v2/a/referrers/${subject}${query}`; next; pages++) {
        const { headers, body } = await client('GET', next);
        expect(body.length).toBeLessThan(MAX);
        seen.push(...JSON.parse(body.toString()).manifests.map((each: { digest: string }) => each.digest));
        next = /<([^>]+)>/.exec(String(headers.link))?.[1];
      }
      expect(pages).toBeGreaterThan(1);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toHaveLength(count);
      expect(seen.every((digest) => pushed.has(digest))).toBe(true);
    }
  });
});
