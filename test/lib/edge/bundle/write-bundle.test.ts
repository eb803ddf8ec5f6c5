import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { bundleFiles, bundleSink } from '../../../../lib/edge/adapters/bundle-volumes.ts';
import {
  type BundleImage,
  importBundle,
  openBundleFiles,
  siteTrust,
  streamedBytes,
  writeBundle,
} from '../../../../lib/edge/bundle/index.ts';
import type { BundlePlan } from '../../../../lib/edge/bundle/plan-bundle.ts';
import { compressionFor } from '../../../../lib/edge/bundle/write-bundle.ts';
import { decompress, SEEKABLE_FRAME_BYTES } from '../../../../lib/formats/compression/index.ts';
import { encodeManifest } from '../../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../../lib/registry/adapters/memory.ts';
import { collectContent, type Registry } from '../../../../lib/registry/index.ts';
import { seededRandom } from '../../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../../support/random-graphs.ts';
import { archiveOf, bundleOf, desiredOf, hubKey, imagesOf, NOW } from './fixtures.ts';

const hub = hubKey();
const folder = await mkdtemp(join(tmpdir(), 'lading-bundle-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
const fresh = (): string => join(folder, `bundle-${files++}.tar`);

async function sourceWith(seed: number) {
  const source = createMemoryRegistry({ host: 'hub.example' });
  const images = await imagesOf(source, 'team/app', await pushRandomRepository(source, 'team/app', seededRandom(seed)));
  return { source, images, desired: await desiredOf(hub, images) };
}

/** Counts what is read of blobs, and fails after so many bytes. */
function counting(source: Registry, limit = Number.POSITIVE_INFINITY) {
  const seen = { bytes: 0 };
  const reader: Registry = {
    ...source,
    async *openBlob(at, call) {
      for await (const piece of source.openBlob(at, call)) {
        for (let i = 0; i < piece.length; i += 100) {
          const part = piece.subarray(i, i + 100);
          seen.bytes += part.length;
          if (seen.bytes > limit) throw new Error('the link broke');
          yield part;
        }
      }
    },
  };
  return { reader, seen };
}

async function write(
  path: string,
  source: Registry,
  plan: BundlePlan,
  form: 'none' | 'zstd' = 'none',
  volume?: number,
) {
  const sink = await bundleSink(path, volume);
  try {
    return await writeBundle({ source, sink }, plan, form);
  } finally {
    await sink.close();
  }
}

describe('writing a bundle', () => {
  it('goes on in the middle of a blob where it was broken off, and fetches nothing twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.option(fc.integer({ min: 700, max: 9_000 })),
        async (seed, share, volume) => {
          const { source, desired } = await sourceWith(seed);
          const { plan, archive } = await bundleOf(source, desired);
          const blobs = plan.parts.filter(({ mediaType }) => !/manifest|index/.test(mediaType));
          const total = blobs.reduce((sum, { size }) => sum + size, 0);
          const path = fresh();
          const first = counting(source, Math.floor(total * share));
          await write(path, first.reader, plan, 'none', volume ?? undefined).catch((error: Error) => {
            expect(error.message).toBe('the link broke');
          });
          const rest = counting(source);
          const { files: written } = await write(path, rest.reader, plan, 'none', volume ?? undefined);
          // The piece in which the link broke is fetched again.
          expect(first.seen.bytes + rest.seen.bytes).toBeLessThanOrEqual(total + 100);
          const parts = await Promise.all(written.map((name) => readFile(name)));
          expect(Buffer.concat(parts).equals(archive)).toBe(true);
          if (volume !== null) for (const one of parts.slice(0, -1)) expect(one.length).toBe(volume);
          expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('writes damage anew, and leaves what is something else', async () => {
    const { source, desired } = await sourceWith(1);
    const { plan, archive } = await bundleOf(source, desired);
    const path = fresh();
    const damaged = Buffer.from(archive);
    const at = archive.length - 2_000;
    damaged[at] = (damaged[at] as number) ^ 1;
    await writeFile(path, damaged);
    expect(await write(path, source, plan)).toMatchObject({ files: [path] });
    expect((await readFile(path)).equals(archive)).toBe(true);
    await writeFile(path, 'a letter to my mother');
    await expect(write(path, source, plan)).rejects.toMatchObject({ code: 'bundle-file-exists' });
    await expect(write(path, source, plan, 'zstd')).rejects.toMatchObject({ code: 'bundle-file-exists' });
    expect(await readFile(path, 'utf8')).toBe('a letter to my mother');
  });

  it('refuses what the source gives for a blob and is not it', async () => {
    const { source, desired } = await sourceWith(2);
    const { plan } = await bundleOf(source, desired);
    const lying: Registry = {
      ...source,
      async *openBlob({ size = 0 }) {
        yield new Uint8Array(size);
      },
    };
    await expect(archiveOf(lying, plan)).rejects.toMatchObject({ code: 'bundle-source-incomplete' });
  });
});

/** One layer of several frames, most of it random. */
async function largeImage(): Promise<{ source: Registry; images: readonly BundleImage[] }> {
  const source = createMemoryRegistry({ host: 'hub.example' });
  const repository = 'team/large';
  const random = seededRandom(9);
  const content = Buffer.alloc(SEEKABLE_FRAME_BYTES * 2 + 12_345);
  for (let i = 0; i < content.length * 0.75; i++) content[i] = Math.floor(random() * 256);
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: digestOf(content),
    size: content.length,
  };
  await source.putBlob({ repository, ...layer, content });
  const text = Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}');
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(text), size: text.length };
  await source.putBlob({ repository, ...config, content: text });
  const manifest = encodeManifest({ config, layers: [layer] });
  await source.putManifest({ repository, reference: 'v1', ...manifest });
  return { source, images: await imagesOf(source, repository, new Map([['v1', manifest.digest]])) };
}

describe('a compressed bundle', () => {
  it('is the same archive in frames, goes on after the last whole one, and is read from where it is wanted', async () => {
    const { source, images } = await largeImage();
    const { plan, archive } = await bundleOf(source, await desiredOf(hub, images));
    expect(compressionFor(plan)).toBe('zstd');
    const path = fresh();
    await write(path, source, plan, 'zstd');
    const whole = await readFile(path);
    expect(whole.length).toBeLessThan(archive.length * 0.8);
    const unpack = async (bytes: Uint8Array) =>
      Buffer.from(await collectContent(copied(decompress(pieces(bytes))), 1e9));
    expect((await unpack(whole)).equals(archive)).toBe(true);

    await truncate(path, Math.floor(whole.length * 0.9));
    const rest = counting(source);
    const { resumedAt } = await write(path, rest.reader, plan, 'zstd');
    expect(resumedAt).toBeGreaterThanOrEqual(SEEKABLE_FRAME_BYTES);
    expect(rest.seen.bytes).toBeLessThan(archive.length - resumedAt);
    expect((await readFile(path)).equals(whole)).toBe(true);

    for (const volume of [undefined, 1_000_000]) {
      const name = fresh();
      await write(name, source, plan, 'zstd', volume);
      const site = createMemoryRegistry({ host: 'site.example' });
      const trust = await siteTrust(site, 'ship-7', [hub.key], NOW);
      const opened = await openBundleFiles(await bundleFiles([name]));
      expect(await importBundle({ target: site, trust }, opened)).toMatchObject({ bytesStored: plan.bytesMissing });
      let read = 0;
      const counted = await bundleFiles([name]);
      const again = await openBundleFiles({
        ...counted,
        async *read(start, length) {
          for await (const piece of counted.read(start, length)) {
            read += piece.length;
            yield piece;
          }
        },
      });
      expect(await importBundle({ target: site, trust }, again)).toMatchObject({ bytesStored: 0 });
      // The first and the last frame; the one in between has nothing that is wanted.
      expect(read).toBeLessThan(whole.length * 0.9);
    }
  });

  it('is taken from a stream, too', async () => {
    const { source, images, desired } = await sourceWith(4);
    const { plan } = await bundleOf(source, desired);
    const path = fresh();
    await write(path, source, plan, 'zstd');
    const site = createMemoryRegistry({ host: 'site.example' });
    const trust = await siteTrust(site, 'ship-7', [hub.key], NOW);
    await importBundle({ target: site, trust }, streamedBytes(pieces(await readFile(path))));
    for (const { repository, digest } of images) {
      expect(await closureOf(site, repository, digest)).toEqual(await closureOf(source, repository, digest));
    }
  });

  it('names the volume that is absent, and goes on when it is there', async () => {
    const { source, desired } = await sourceWith(6);
    const { plan, archive } = await bundleOf(source, desired);
    const path = fresh();
    const { files: names } = await write(path, source, plan, 'none', Math.ceil(archive.length / 3));
    expect(names).toHaveLength(3);
    const last = names[2] as string;
    const kept = await readFile(last);
    await rm(last);
    const site = createMemoryRegistry({ host: 'site.example' });
    const trust = await siteTrust(site, 'ship-7', [hub.key], NOW);
    const run = async () => importBundle({ target: site, trust }, await openBundleFiles(await bundleFiles([path])));
    await expect(run()).rejects.toThrow(last);
    await writeFile(last, kept);
    const { partsSkipped } = await run();
    expect(partsSkipped).toBeGreaterThan(0);
  });
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777);
}

async function* copied(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of source) yield Uint8Array.from(piece);
}
