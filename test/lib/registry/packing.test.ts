import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { collectObjects } from '../../../lib/registry/adapters/bucket/collect.ts';
import type { Objects } from '../../../lib/registry/adapters/bucket/objects.ts';
import { openPacked, type Packing, packBlob, readPackRecord } from '../../../lib/registry/adapters/bucket/packing.ts';

function memoryObjects() {
  const held = new Map<string, Buffer>();
  const objects: Objects = {
    head: async (key) => (held.has(key) ? { size: (held.get(key) as Buffer).length } : undefined),
    get: async (key) => held.get(key),
    async open(key, call) {
      const bytes = held.get(key);
      const { start = 0, end = (bytes?.length ?? 0) - 1 } = call?.range ?? {};
      return (
        bytes &&
        (async function* () {
          for (let i = start; i <= end; i += 65_536) yield bytes.subarray(i, Math.min(end + 1, i + 65_536));
        })()
      );
    },
    put: async (key, bytes) => void held.set(key, Buffer.from(bytes)),
    async putStream(key, content) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      held.set(key, Buffer.concat(chunks));
    },
    delete: async (key) => void held.delete(key),
    async *list(prefix) {
      for (const key of held.keys()) if (key.startsWith(prefix)) yield key;
    },
  };
  return { objects, held };
}

const sizeOf = ({ held }: ReturnType<typeof memoryObjects>): number =>
  [...held.values()].reduce((sum, bytes) => sum + bytes.length, 0);

async function read(objects: Objects, digest: Digest, range?: { start: number; end?: number }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await openPacked(objects, digest, range ? { range } : {})) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function pack(blob: Buffer, packing: Packing = 'gzip') {
  const store = memoryObjects();
  const digest = digestOf(blob);
  await store.objects.put('original', blob);
  const outcome = await packBlob(store.objects, 'original', digest, packing);
  return { ...store, store, digest, outcome };
}

const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i % 977} of ${i}\n`).join(''));
/** A header as `docker save | gzip` would not write it: with a name, a comment and a time. */
const named = (level: number): Buffer => {
  const plain = gzipSync(text, { level });
  const header = Buffer.from([0x1f, 0x8b, 8, 8 | 16, 1, 2, 3, 4, 2, 3]);
  return Buffer.concat([
    header,
    Buffer.from('layer.tar\0why not\0'),
    deflateRawSync(text, { level }),
    plain.subarray(-8),
  ]);
};

describe('a packed blob', () => {
  it.each<[string, Buffer]>([
    ['that is not compressed', text],
    ...[1, 3, 6, 9].map((level): [string, Buffer] => [`of gzip at level ${level}`, gzipSync(text, { level })]),
    ['of gzip with little memory', gzipSync(text, { memLevel: 9 })],
    ['of gzip with a name, a comment and a time', named(6)],
  ])('%s is smaller, and its bytes are the same', async (_what, blob) => {
    const { objects, held, digest, outcome, store } = await pack(blob);
    expect(outcome).toBe('packed');
    expect(held.has('original')).toBe(false);
    expect(sizeOf(store)).toBeLessThan(blob.length);
    expect((await read(objects, digest)).equals(blob)).toBe(true);
    expect((await readPackRecord(objects, digest))?.size).toBe(blob.length);
    for (const range of [{ start: 0, end: 0 }, { start: 100, end: 5_000 }, { start: blob.length - 7 }]) {
      const part = blob.subarray(range.start, range.end === undefined ? undefined : range.end + 1);
      expect((await read(objects, digest, range)).equals(part)).toBe(true);
    }
    expect(await packBlob(objects, 'original', digest, 'gzip')).toBe('kept');
    await objects.put('original', blob);
    expect(await packBlob(objects, 'original', digest, 'gzip')).toBe('packed');
    expect(held.has('original')).toBe(false);
  });

  it.each<[string, Buffer, Packing]>([
    ['is of noise', randomBytes(100_000), 'gzip'],
    ['is zstd already', zstdCompressSync(text), 'gzip'],
    ['is gzip in two members', Buffer.concat([gzipSync(text), gzipSync(text)]), 'gzip'],
    ['is gzip and something after it', Buffer.concat([gzipSync(text), Buffer.from('more')]), 'gzip'],
    ['says that it is gzip', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 31]), randomBytes(50_000)]), 'gzip'],
    ['is gzip, where only plain ones are packed', gzipSync(text), 'plain'],
    ['is plain, where none are', text, 'off'],
    ['is small', Buffer.from('{}'), 'gzip'],
  ])('is left as it was where it %s', async (_what, blob, packing) => {
    const { held, outcome } = await pack(blob, packing);
    expect(held.get('original')?.equals(blob)).toBe(true);
    expect(outcome).toBe('kept');
    expect([...held.keys()]).toEqual(['original']);
  });

  it('is whole until it was read back: a record that lies loses nothing', async () => {
    const blob = gzipSync(text);
    const { objects, held } = memoryObjects();
    const digest = digestOf(blob);
    await objects.put('original', blob);
    await objects.put(`blobs/packed/${digest.replace(':', '/')}`, zstdCompressSync(Buffer.from('another')));
    const lie = { form: 'plain', size: blob.length };
    await objects.put(`blobs/packed/${digest.replace(':', '/')}.json`, Buffer.from(JSON.stringify(lie)));
    expect(await packBlob(objects, 'original', digest, 'gzip')).toBe('kept');
    expect(held.get('original')?.equals(blob)).toBe(true);
  });
});

describe('what nothing in an archive names', () => {
  const graceMs = 7 * 24 * 3_600_000;
  const days = (n: number) => new Date(Date.UTC(2026, 5, 1) + n * 24 * 3_600_000);
  const put = async (objects: Objects, name: string, content: Buffer) => {
    const digest = digestOf(content);
    await objects.put(`${name}/${digest.replace(':', '/')}`, content);
    return digest;
  };
  async function archive() {
    const { objects, held } = memoryObjects();
    const layer = await put(objects, 'blobs', Buffer.from('layer'));
    const config = await put(objects, 'blobs/packed', Buffer.from('config'));
    const loose = await put(objects, 'blobs', Buffer.from('loose'));
    const descriptor = (digest: Digest) => ({ mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 6 });
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = { schemaVersion: 2, mediaType, config: descriptor(config), layers: [descriptor(layer)] };
    const root = await put(objects, 'blobs', Buffer.from(JSON.stringify(manifest)));
    const marker = `repositories/r.example/app/_manifests/${root.replace(':', '/')}`;
    await objects.put(marker, Buffer.from(JSON.stringify({ mediaType, size: 1 })));
    return { objects, held, layer, loose, root, marker };
  }

  it('is marked first, and goes a week later; the rest stays', async () => {
    const { objects, held, loose, layer } = await archive();
    expect(await collectObjects(objects, { now: days(0), graceMs })).toEqual({ marked: 1, deleted: 0, bytes: 0 });
    expect(await collectObjects(objects, { now: days(6), graceMs })).toEqual({ marked: 0, deleted: 0, bytes: 0 });
    const before = held.size;
    expect(await collectObjects(objects, { now: days(8), graceMs })).toEqual({ marked: 0, deleted: 1, bytes: 5 });
    expect(held.size).toBe(before - 2);
    expect(held.has(`blobs/${loose.replace(':', '/')}`)).toBe(false);
    expect(held.has(`blobs/${layer.replace(':', '/')}`)).toBe(true);
  });

  it('stays where it came to be named, or its mark was taken away by who archives it again', async () => {
    const { objects, loose } = await archive();
    await collectObjects(objects, { now: days(0), graceMs });
    await objects.delete(`garbage/${loose.replace(':', '/')}`);
    expect(await collectObjects(objects, { now: days(8), graceMs })).toEqual({ marked: 1, deleted: 0, bytes: 0 });
  });

  it('is not known where a manifest is missing', async () => {
    const { objects, root } = await archive();
    await objects.delete(`blobs/${root.replace(':', '/')}`);
    await expect(collectObjects(objects, { now: days(0), graceMs })).rejects.toMatchObject({
      code: 'manifest-unknown',
    });
  });
});

const corpora = process.env.LADING_CORPORA;
describe.skipIf(!corpora)(`blobs as released ${corpora ? '' : '(LADING_CORPORA names no folder with images)'}`, () => {
  it('come back to the byte, packed or not', async () => {
    const folder = join(corpora as string, 'images', 'blobs', 'sha256');
    const { readdirSync, statSync } = await import('node:fs');
    const counts = { packed: 0, kept: 0, before: 0, after: 0 };
    const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).size < 32 * 1024 * 1024);
    for (const name of names) {
      const blob = readFileSync(join(folder, name));
      const { objects, held, digest, outcome, store } = await pack(blob);
      counts[outcome]++;
      counts.before += blob.length;
      counts.after += sizeOf(store);
      const bytes = outcome === 'packed' ? await read(objects, digest) : (held.get('original') as Buffer);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(name);
    }
    console.info(`${counts.packed} packed, ${counts.kept} kept, ${counts.before} bytes became ${counts.after}`);
    expect(counts.packed + counts.kept).toBe(names.length);
  }, 600_000);
});
