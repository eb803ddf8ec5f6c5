import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { createHttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { type Registry, type RegistryReader, walkClosedGraph } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { checkReplica, replicateImage } from '../../../lib/replication/index.ts';
import { dockerRegistryBinary, startDockerRegistry } from '../registry/start-docker-registry.ts';

const corpora = process.env.LADING_CORPORA;
const why = corpora ? '' : ' (skipped: LADING_CORPORA names no folder)';

interface Place {
  readonly registry: Registry;
  readonly repository: string;
}

const tagsOf = async ({ registry, repository }: Place): Promise<string[]> => {
  const tags: string[] = [];
  for await (const tag of registry.listTags(repository)) tags.push(tag);
  return tags.sort();
};

const digestOf = async (at: Place, reference: string): Promise<Digest> => {
  const head = await at.registry.headManifest({ repository: at.repository, reference });
  if (head === undefined) throw new Error(`no ${reference}`);
  return head.digest;
};

async function copyAll(from: Place, to: Place): Promise<{ bytes: number; results: number }> {
  let bytes = 0;
  const tags = (await tagsOf(from)).filter((tag) => !tag.startsWith('sha256-'));
  for (const tag of tags) {
    const result = await replicateImage(
      { source: from.registry, target: to.registry, replicas: memoryReplicas(), clock: systemClock },
      {
        source: { registry: from.registry.host, repository: from.repository, digest: await digestOf(from, tag) },
        target: { registry: to.registry.host, repository: to.repository },
        tags: [tag],
      },
    );
    expect(result).toMatchObject({ kind: 'replicated', complete: true, tagsLeft: [] });
    if (result.kind === 'replicated') bytes += result.bytesMoved;
  }
  return { bytes, results: tags.length };
}

const bytesOfAll = async (reader: RegistryReader, repository: string, digest: Digest) => {
  const graph = await walkClosedGraph(reader, { repository, digest });
  return new Map(graph?.nodes.map((node) => [node.manifest.digest, Buffer.from(node.bytes).toString('hex')]));
};

const digestsOf = async ({ registry, repository }: Place, tag: string, digest: Digest) => {
  const graph = await walkClosedGraph(registry, { repository, digest }, { referrerLimit: 1_000 });
  expect(graph?.complete, tag).toBe(true);
  return graph?.nodes
    .filter(({ role }) => role === 'referrer')
    .map(({ manifest }) => manifest.digest)
    .sort();
};

/** Registries with and without the referrers API, between two layouts. */
describe.skipIf(!corpora)(`the image corpus, from layout to registries to layout${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-corpus-'));
  const closers: (() => unknown)[] = [];
  const places: Place[] = [];
  beforeAll(async () => {
    places.push({
      registry: await openOciLayout({ directory: join(corpora ?? '', 'images') }),
      repository: LAYOUT_REPOSITORY,
    });
    const add = (host: string, url: URL): void => {
      const registry = createHttpRegistry({ host, url, allowInsecure: true, allowPrivate: true });
      closers.push(() => registry.close());
      places.push({ registry, repository: 'corpus/images' });
    };
    const embedded = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
    closers.push(() => embedded.close());
    add('embedded.example', new URL(embedded.url));
    if (dockerRegistryBinary !== undefined) {
      const distribution = await startDockerRegistry(join(folder, 'distribution'));
      closers.push(() => distribution.stop());
      add('distribution.example', distribution.url);
    }
    places.push({
      registry: await openOciLayout({ directory: join(folder, 'layout'), create: true }),
      repository: LAYOUT_REPOSITORY,
    });
    const last = await startEmbeddedRegistry({ directory: join(folder, 'last') });
    closers.push(() => last.close());
    add('last.example', new URL(last.url));
  });
  afterAll(async () => {
    for (const close of closers) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`keeps every manifest, tag and referrer, and moves each byte once${dockerRegistryBinary ? '' : ' (without distribution)'}`, async () => {
    const [from] = places as [Place, ...Place[]];
    const tags = await tagsOf(from);
    const plain = tags.filter((tag) => !tag.startsWith('sha256-'));
    expect(plain.length).toBeGreaterThan(20);
    let moved: number | undefined;
    for (const [i, to] of places.entries()) {
      if (i === 0) continue;
      const before = places[i - 1] as Place;
      const { bytes } = await copyAll(before, to);
      moved ??= bytes;
      expect(bytes, to.registry.host).toBe(moved);
      expect((await copyAll(before, to)).bytes, to.registry.host).toBe(0);
      const named = (await tagsOf(to)).filter((tag) => !tag.startsWith('sha256-'));
      expect(named).toEqual(plain);
      for (const tag of plain) {
        const digest = await digestOf(from, tag);
        expect(await digestOf(to, tag)).toBe(digest);
        const expected = await bytesOfAll(from.registry, from.repository, digest);
        expect(await bytesOfAll(to.registry, to.repository, digest)).toEqual(expected);
        expect(await digestsOf(to, tag, digest)).toEqual(await digestsOf(from, tag, digest));
        const check = await checkReplica(
          { source: from.registry, target: to.registry },
          {
            source: { registry: 'a.example', repository: from.repository, digest },
            target: { registry: 'b.example', repository: to.repository },
            tags: [tag],
          },
        );
        expect(check).toEqual({ kind: 'equal' });
      }
    }
  }, 120_000);
});
