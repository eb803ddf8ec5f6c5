import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openS3Service } from '../../infra/local/services/s3/index.ts';
import { memoryDocuments } from '../../lib/documents/adapters/memory-documents.ts';
import { s3Documents } from '../../lib/documents/adapters/s3-documents.ts';
import {
  type DocumentStore,
  loadDocument,
  loadJson,
  putJson,
  putJsonIfAbsent,
  saveJson,
} from '../../lib/documents/index.ts';
import { credentialsOf, startServiceServer } from '../support/service-server.ts';

const region = 'eu-central-1';
let folder: string;
let server: Awaited<ReturnType<typeof startServiceServer>>;
let client: S3Client;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lading-documents-'));
  const s3 = await openS3Service({ directory: folder });
  await s3.createBucket({ name: 'documents', region, versioned: true });
  server = await startServiceServer({ services: [s3] });
  client = new S3Client({ endpoint: server.endpoint, region, credentials: credentialsOf(undefined) });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const kinds: Record<string, () => DocumentStore> = {
  memory: () => memoryDocuments(),
  s3: () => s3Documents(client, 'documents'),
};
const text = (store: DocumentStore, key: string) =>
  store.get(key).then((found) => found && Buffer.from(found).toString());

describe.each(Object.entries(kinds))('the document store (%s)', (_kind, make) => {
  it('gives back what was put, and nothing for what was not', async () => {
    const store = make();
    await store.put('a/one', Buffer.from('first'));
    await store.put('a/one', Buffer.from('second'));
    expect(await text(store, 'a/one')).toBe('second');
    expect(await store.get('a/two')).toBeUndefined();
  });

  it('puts only where nothing is, also when many do it at once', async () => {
    const store = make();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.putIfAbsent('b/once', Buffer.from(`writer ${i}`))),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await text(store, 'b/once')).toBe(`writer ${answers.indexOf(true)}`);
  });

  it('lists by prefix and forgets what is deleted', async () => {
    const store = make();
    for (const key of ['c/1', 'c/2', 'd/1']) await store.put(key, Buffer.from(key));
    expect(await Array.fromAsync(store.list('c/'))).toEqual(['c/1', 'c/2']);
    await store.delete('c/1');
    await store.delete('c/never');
    expect(await Array.fromAsync(store.list('c/'))).toEqual(['c/2']);
  });

  it('keeps JSON under its content: equal values are one document, and a damaged one is found out', async () => {
    const store = make();
    const first = await saveJson(store, 'e', { b: 2, a: 1 });
    const again = await saveJson(store, 'e', { a: 1, b: 2 });
    expect(again).toEqual(first);
    expect(await loadJson(store, first.key, z.object({ a: z.number(), b: z.number() }))).toEqual({ a: 1, b: 2 });
    const other = await saveJson(store, 'e', { a: 3 });
    await store.put(first.key, (await store.get(other.key)) as Uint8Array);
    await expect(loadDocument(store, first.key, first.digest)).rejects.toMatchObject({ code: 'document-damaged' });
    await store.put(first.key, Buffer.from('not compressed'));
    await expect(loadDocument(store, first.key)).rejects.toMatchObject({ code: 'document-damaged' });
  });

  it('keeps JSON under a name, the first one where that is asked for', async () => {
    const store = make();
    const schema = z.object({ n: z.number() });
    await putJson(store, 'f/name', { n: 1 });
    expect(await putJsonIfAbsent(store, 'f/name', { n: 2 })).toBe(false);
    expect(await loadJson(store, 'f/name', schema)).toEqual({ n: 1 });
    await expect(loadJson(store, 'f/name', z.object({ n: z.string() }))).rejects.toMatchObject({
      code: 'document-damaged',
    });
  });
});
