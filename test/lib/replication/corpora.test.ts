import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { createHttpRegistry, type HttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { type Registry, type RegistryReader, walkClosedGraph } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { checkReplica, replicateImage } from '../../../lib/replication/index.ts';

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
  const tags = await tagsOf(from);
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

describe.skipIf(!corpora)(`the image corpus, from layout to registry to layout${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-corpus-'));
  let server: EmbeddedRegistry;
  let middle: HttpRegistry;
  beforeAll(async () => {
    server = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
    const url = new URL(server.url);
    middle = createHttpRegistry({ host: 'middle.example', url, allowInsecure: true, allowPrivate: true });
  });
  afterAll(async () => {
    middle?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps every manifest, tag and referrer, and moves each byte once', async () => {
    const from: Place = {
      registry: await openOciLayout({ directory: join(corpora ?? '', 'images') }),
      repository: LAYOUT_REPOSITORY,
    };
    const through: Place = { registry: middle, repository: 'corpus/images' };
    const to: Place = {
      registry: await openOciLayout({ directory: join(folder, 'layout'), create: true }),
      repository: LAYOUT_REPOSITORY,
    };
    const first = await copyAll(from, through);
    const second = await copyAll(through, to);
    expect(first.results).toBeGreaterThan(20);
    expect(second.bytes).toBe(first.bytes);
    expect((await copyAll(from, through)).bytes).toBe(0);

    expect(await tagsOf(through)).toEqual(await tagsOf(from));
    expect(await tagsOf(to)).toEqual(await tagsOf(from));
    for (const tag of await tagsOf(from)) {
      const digest = await digestOf(from, tag);
      expect(await digestOf(to, tag)).toBe(digest);
      const expected = await bytesOfAll(from.registry, from.repository, digest);
      expect(await bytesOfAll(to.registry, to.repository, digest)).toEqual(expected);
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
  });
});
