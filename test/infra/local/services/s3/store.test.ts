import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectCall } from '../../../../../infra/local/services/s3/call.ts';
import type { Bucket, Segment, StoredObject } from '../../../../../infra/local/services/s3/model.ts';
import { currentObject, S3Store } from '../../../../../infra/local/services/s3/store.ts';
import { commitObject } from '../../../../../infra/local/services/s3/writes.ts';

let directory: string;
let store: S3Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-s3-store-'));
  store = await S3Store.open(directory);
  const bucket: Bucket = { name: 'docs', region: 'eu-central-1', created: 1, versioning: 'Enabled' };
  await store.commit({ type: 'bucket', bucket });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const write = (text: string) => store.blobs.write(content(text), 1000, () => undefined);
const read = async (segments: readonly Segment[]) =>
  Buffer.concat(await Array.fromAsync(store.blobs.read(segments, 0, 1000))).toString();

const object = (id: string, segments: readonly Segment[]): StoredObject => ({
  kind: 'object',
  id,
  modified: 1,
  etag: id,
  size: segments.reduce((sum, { size }) => sum + size, 0),
  segments,
  description: { headers: {}, metadata: [], tags: [] },
});
const put = (key: string, version: StoredObject) => store.commit({ type: 'put', bucket: 'docs', key, version });
const remove = (key: string, versionId: string) => store.commit({ type: 'removed', bucket: 'docs', key, versionId });
const reopen = async () => {
  await store.close();
  store = await S3Store.open(directory);
};
const files = () => readdir(join(directory, 'data'));

describe('the store', () => {
  it('answers a conditional write with 409 while another write of the key is being committed', async () => {
    const call = { store, bucket: 'docs', key: 'k', now: () => 1 } as unknown as ObjectCall;
    const watch = { deleted: false, end: () => undefined };
    const build = () => object('v', []);
    let finish = (): void => undefined;
    const busy = store.exclusiveKey(
      'docs',
      'k',
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    for (const condition of [{ kind: 'absent' }, { kind: 'etag', etag: 'v' }] as const) {
      await expect(commitObject(call, condition, watch, build)).rejects.toMatchObject({
        status: 409,
        code: 'ConditionalRequestConflict',
      });
    }
    const waiting = commitObject(call, { kind: 'none' }, watch, build);
    finish();
    await busy;
    expect((await waiting).version.id).toBe('v');
  });

  it('keeps a file while any version needs it, whichever record comes first', async () => {
    const segment = await write('shared');
    await put('a', object('1', [segment]));
    store.blobs.retain([segment]);
    // The source is removed while a copy is on its way.
    await remove('a', '1');
    await put('b', object('2', [segment]));
    store.blobs.release([segment]);
    expect(await read([segment])).toBe('shared');
    await reopen();
    expect(await read([segment])).toBe('shared');
    await remove('b', '2');
    await store.blobs.settled();
    expect(await files()).toEqual([]);
  });

  it('sweeps what no record names, at the next start', async () => {
    await write('orphan');
    const kept = await write('kept');
    await put('k', object('1', [kept]));
    await reopen();
    expect(await files()).toEqual([kept.id]);
  });

  it('reads on from a file that is deleted meanwhile', async () => {
    const parts = [await write('one '), await write('two')];
    await put('k', object('1', parts));
    const reading = store.blobs.read(parts, 0, 7)[Symbol.asyncIterator]();
    expect(String((await reading.next()).value)).toBe('one ');
    await remove('k', '1');
    expect(String((await reading.next()).value)).toBe('two');
    expect((await reading.next()).done).toBe(true);
    await store.blobs.settled();
    expect(await files()).toEqual([]);
  });

  it('is the same after many changes and two rewrites of its journal', async () => {
    const segment = await write('x');
    const changes: Promise<void>[] = [];
    for (let i = 0; i < 3000; i++) changes.push(put(`k${i % 7}`, object(`v${i}`, [segment])));
    await Promise.all(changes);
    await Promise.all(Array.from({ length: 2990 }, (_, i) => remove(`k${i % 7}`, `v${i}`)));
    const upload = { id: 'u', bucket: 'docs', key: 'm', started: 1, description: object('', []).description };
    await store.commit({ type: 'upload', upload });
    const versions = () =>
      [...(store.buckets.get('docs')?.objects ?? [])].map(([key, list]) => [key, list.map(({ id }) => id)]).toSorted();
    const before = versions();
    await reopen();
    await reopen();
    expect(versions()).toEqual(before);
    expect(before.flatMap(([, ids]) => ids)).toHaveLength(10);
    expect(store.uploads.get('u')?.upload).toEqual(upload);
    const state = store.bucket('docs');
    expect(currentObject(state, 'k3')?.id).toBe('v2999');
    expect(await read([segment])).toBe('x');
  });
});
