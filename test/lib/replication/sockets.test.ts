import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { isLadingError } from '../../../lib/core/errors.ts';
import { encodeManifest, OCI_IMAGE_CONFIG, OCI_LAYER_TAR } from '../../../lib/formats/oci/index.ts';
import { createHttpRegistry, type HttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { memorySubjectLocks } from '../../../lib/registry/adapters/subject-locks.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memoryCheckpoints } from '../../../lib/replication/adapters/memory-checkpoints.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { replicateImage } from '../../../lib/replication/index.ts';
import type { TransferLimits } from '../../../lib/replication/transfer-limits.ts';
import { startCountingProxy } from '../../support/counting-proxy.ts';
import { seededRandom } from '../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../support/random-graphs.ts';

/** Of a request of ours without its body; a path with two digests in it is long. */
const HEADERS = 1_500;
const folder = mkdtempSync(join(tmpdir(), 'lading-sockets-'));
const opened: HttpRegistry[] = [];
let server: EmbeddedRegistry;
let from: EmbeddedRegistry;
let count = 0;

beforeAll(async () => {
  [from, server] = (await Promise.all(
    ['from', 'to'].map((name) => startEmbeddedRegistry({ directory: join(folder, name) })),
  )) as [EmbeddedRegistry, EmbeddedRegistry];
});
afterAll(async () => {
  for (const registry of opened) registry.close();
  await Promise.all([from.close(), server.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const locks = memorySubjectLocks();

function open(host: string, url: string): HttpRegistry {
  const registry = createHttpRegistry({
    ...{ host, url: new URL(url), allowInsecure: true, allowPrivate: true, locks },
    retry: { sleep: async () => undefined },
  });
  opened.push(registry);
  return registry;
}

const copy = (
  source: Registry,
  target: Registry,
  repository: string,
  digest: Digest,
  tags: readonly string[],
  limits?: TransferLimits,
) =>
  replicateImage(
    { source, target, replicas: memoryReplicas(), clock: systemClock },
    {
      source: { registry: source.host, repository, digest },
      target: { registry: target.host, repository },
      tags,
    },
    limits ? { limits } : {},
  );

describe('what replication sends over the sockets of a target', () => {
  it('is exactly what is missing there, and headers', async () => {
    const proxy = await startCountingProxy(server.url);
    try {
      for (let seed = 1; seed <= 6; seed++) {
        const random = seededRandom(seed);
        const repository = `exact/${count++}`;
        const source = open('source.example', from.url);
        const tags = await pushRandomRepository(source, repository, random);
        const behind = open('target.example', server.url);
        for (const [tag, digest] of tags) {
          const { manifests, blobs } = await closureOf(source, repository, digest);
          // Somebody has put some of the blobs there before.
          for (const [blob, size] of blobs) {
            if (random() < 0.3 && (await behind.headBlob({ repository, digest: blob })) === undefined) {
              const content = () => source.openBlob({ repository, digest: blob, size });
              await behind.putBlob({ repository, digest: blob, size, content });
            }
          }
          let missing = 0;
          for (const [blob, size] of blobs) {
            if ((await behind.headBlob({ repository, digest: blob })) === undefined) missing += size;
          }
          for (const [manifest, size] of manifests) {
            if ((await behind.headManifest({ repository, reference: manifest })) === undefined) missing += size;
          }
          proxy.reset();
          const result = await copy(source, open('target.example', proxy.url), repository, digest, [tag]);
          expect(result).toMatchObject({ kind: 'replicated', bytesMoved: missing });
          // A tag is set by putting the manifest under it.
          const { sockets, bodies, requests } = proxy.sent;
          expect(bodies).toBe(missing + (manifests.get(digest) as number));
          expect(sockets - bodies).toBeLessThanOrEqual(requests * HEADERS);
          proxy.reset();
          const again = await copy(source, open('target.example', proxy.url), repository, digest, [tag]);
          expect(again).toMatchObject({ kind: 'replicated', bytesMoved: 0 });
          expect(proxy.sent.bodies).toBe(0);
        }
      }
    } finally {
      await proxy.close();
    }
  });

  it('arrives whole though every fifth request or answer is lost, and no reader sees a tag of half a graph', async () => {
    const random = seededRandom(7);
    const lossy = () => {
      const fate = random();
      if (fate < 0.1) return 'request-lost' as const;
      if (fate < 0.2) return 'answer-lost' as const;
      return fate < 0.25 ? ('throttled' as const) : ('through' as const);
    };
    const proxies = await Promise.all([startCountingProxy(from.url, lossy), startCountingProxy(server.url, lossy)]);
    const repository = `lossy/${count++}`;
    const source = open('source.example', from.url);
    const tags = await pushRandomRepository(source, repository, random);
    const reader = open('target.example', server.url);
    let reading = true;
    let seen = 0;
    const reads = (async () => {
      while (reading) {
        for (const [tag, digest] of tags) {
          const head = await reader.headManifest({ repository, reference: tag });
          if (head === undefined) continue;
          seen++;
          const there = await closureOf(reader, repository, head.digest);
          expect(there.lacking).toEqual([]);
          expect(there.manifests.size).toBe((await closureOf(source, repository, digest)).manifests.size);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    try {
      for (const [tag, digest] of tags) {
        const attempt = async (): Promise<void> => {
          for (let tries = 0; tries < 60; tries++) {
            try {
              const [a, b] = [open('source.example', proxies[0].url), open('target.example', proxies[1].url)];
              if ((await copy(a, b, repository, digest, [tag])).kind === 'replicated') return;
            } catch (error) {
              if (!isLadingError(error)) throw error;
            }
          }
          throw new Error(`${tag} never arrived`);
        };
        await Promise.all([attempt(), attempt()]);
      }
    } finally {
      reading = false;
      await reads;
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
    expect(seen).toBeGreaterThan(0);
    for (const [tag, digest] of tags) {
      expect((await reader.headManifest({ repository, reference: tag }))?.digest).toBe(digest);
      expect((await closureOf(reader, repository, digest)).lacking).toEqual([]);
    }
  });

  it('goes on in another process with the bytes that are missing of a blob, and knows its digest still', async () => {
    const proxy = await startCountingProxy(server.url);
    const repository = `parts/${count++}`;
    const source = createMemoryRegistry({ host: 'source.example' });
    const layer = randomBytes(1_000_003);
    const config = Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}');
    const put = async (mediaType: string, content: Uint8Array) => {
      const digest = digestOf(content);
      await source.putBlob({ repository, digest, size: content.length, content });
      return { mediaType, digest, size: content.length };
    };
    const image = encodeManifest({
      config: await put(OCI_IMAGE_CONFIG, config),
      layers: [await put(OCI_LAYER_TAR, layer)],
    });
    await source.putManifest({ repository, reference: 'v1', ...image });
    const checkpoints = memoryCheckpoints();
    const limits = (parts: number): TransferLimits => {
      let left = parts;
      const inParts = { fromBytes: 100_000, partBytes: 64 * 1024, checkpoints };
      return { inParts, mayGoOn: () => left-- > 0, uploads: 1 };
    };
    try {
      let moved = 0;
      let runs = 0;
      for (;;) {
        const target = open('target.example', proxy.url);
        const result = await copy(source, target, repository, image.digest, ['v1'], limits(4));
        runs++;
        if (result.kind === 'replicated') {
          moved += result.bytesMoved;
          break;
        }
        if (result.kind !== 'paused') throw new Error(result.kind);
        moved += result.bytesMoved;
        expect(await target.headManifest({ repository, reference: 'v1' })).toBeUndefined();
      }
      expect(runs).toBeGreaterThan(3);
      expect(moved).toBe(layer.length + config.length + image.size);
      expect(proxy.sent.bodies).toBe(moved + image.size);
      const there = await open('target.example', server.url).getManifest({ repository, reference: 'v1' });
      expect(there?.digest).toBe(image.digest);
    } finally {
      await proxy.close();
    }
  });
});
