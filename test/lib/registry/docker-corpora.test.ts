import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { createHttpRegistry, type HttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { type Registry, type RegistryReader, walkClosedGraph } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { replicateImage } from '../../../lib/replication/index.ts';
import { dockerRegistryBinary, startDockerRegistry } from './start-docker-registry.ts';

const corpora = process.env.LADING_CORPORA;
const missing = [corpora ? [] : ['LADING_CORPORA'], dockerRegistryBinary ? [] : ['docker-registry on PATH']].flat();
const why = missing.length > 0 ? ` (skipped: no ${missing.join(', no ')})` : '';

interface Place {
  readonly registry: Registry;
  readonly repository: string;
}

/** Manifests of everything that belongs to the tag, byte for byte. */
async function manifestsOf(reader: RegistryReader, repository: string, tag: string) {
  const head = await reader.headManifest({ repository, reference: tag });
  if (head === undefined) throw new Error(`no ${tag}`);
  const graph = await walkClosedGraph(reader, { repository, digest: head.digest });
  return new Map(graph?.nodes.map(({ manifest, bytes }) => [manifest.digest, Buffer.from(bytes).toString('base64')]));
}

describe.skipIf(missing.length > 0)(`the image corpus through distribution and back${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-corpus-'));
  let embedded: EmbeddedRegistry;
  let docker: Awaited<ReturnType<typeof startDockerRegistry>>;
  const clients: HttpRegistry[] = [];
  const open = (host: string, url: URL): HttpRegistry => {
    const client = createHttpRegistry({ host, url, allowInsecure: true, allowPrivate: true });
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    embedded = await startEmbeddedRegistry({ directory: join(folder, 'embedded') });
    docker = await startDockerRegistry(join(folder, 'docker'));
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await docker?.stop();
    await embedded?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps every manifest and tag, with the referrers API and without', { timeout: 600_000 }, async () => {
    const layout = await openOciLayout({ directory: join(corpora ?? '', 'images') });
    const places: readonly [Place, ...Place[]] = [
      { registry: layout, repository: LAYOUT_REPOSITORY },
      { registry: open('embedded.example', new URL(embedded.url)), repository: 'corpus/there' },
      { registry: open('docker.example', docker.url), repository: 'corpus/images' },
      { registry: open('back.example', new URL(embedded.url)), repository: 'corpus/back' },
    ];
    const tags = await Array.fromAsync(layout.listTags(LAYOUT_REPOSITORY));
    expect(tags.length).toBeGreaterThan(20);
    for (const [i, from] of places.slice(0, -1).entries()) {
      const to = places[i + 1] as Place;
      for (const tag of tags) {
        const digest = (await from.registry.headManifest({ repository: from.repository, reference: tag }))?.digest;
        if (digest === undefined) throw new Error(`${from.registry.host} lost ${tag}`);
        const result = await replicateImage(
          { source: from.registry, target: to.registry, replicas: memoryReplicas(), clock: systemClock },
          {
            source: { registry: from.registry.host, repository: from.repository, digest },
            target: { registry: to.registry.host, repository: to.repository },
            tags: [tag],
          },
        );
        expect(result).toMatchObject({ kind: 'replicated', complete: true });
      }
    }
    for (const tag of tags) {
      const expected = await manifestsOf(layout, LAYOUT_REPOSITORY, tag);
      for (const { registry, repository } of places.slice(1)) {
        expect(await manifestsOf(registry, repository, tag), `${tag} at ${registry.host}`).toEqual(expected);
      }
    }
  });
});
