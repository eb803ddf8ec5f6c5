import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { localRegistry } from '../../infra/local/sample/push-sample.ts';
import { bucketClient } from '../../lib/aws/bucket-client.ts';
import { type StackFile, stackFileOf } from '../../lib/cli/connection.ts';
import { mapLimit } from '../../lib/core/concurrency.ts';
import { type Digest, digestHex, digestOf } from '../../lib/core/digest.ts';
import { s3Documents } from '../../lib/documents/adapters/s3-documents.ts';
import { loadDocument } from '../../lib/documents/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../lib/formats/sigstore-bundle/index.ts';
import { type Registry, walkClosedGraph } from '../../lib/registry/index.ts';
import { parseVerificationKey, verifyImage } from '../../lib/signing/index.ts';
import { apkDatabase, buildImage, buildLayer, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { type StartedProcess, startProcess } from '../support/start-process.ts';

const PUSHES = 20;
const READY = 'Push your own';
const TIMEOUT_MS = 300_000;

const base = buildLayer([osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])], 'gzip');
const image = (i: number) => buildImage([base, [{ path: 'app/number', content: `${i}`.repeat(5_000) }]]);

const answer = z.object({
  image: z.object({
    settled: z.boolean(),
    stages: z.array(z.object({ stage: z.string(), state: z.string() })),
  }),
});

describe('a stack that is killed in the middle of pushes and started again', () => {
  let folder: string;
  let running: StartedProcess;
  const acknowledged = new Map<string, Digest>();
  let refused = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-restart-'));
    running = startProcess(folder, ['--no-sample']);
    await running.printed(READY);
    const client = clientOf(running.file(), 0);
    await mapLimit(Array.from({ length: PUSHES }), 4, async (_, i) => {
      try {
        acknowledged.set(`v${i}`, await pushBuilt(client, `team/app-${i % 3}`, image(i), `v${i}`));
      } catch {
        refused++;
      }
      if (acknowledged.size >= PUSHES / 2) running.kill('SIGKILL');
    });
    expect(await running.ended).toBe('SIGKILL');
    running = startProcess(folder, ['--no-sample']);
    await running.printed(READY);
  }, TIMEOUT_MS);
  afterAll(async () => {
    running?.kill('SIGKILL');
    await running?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  const repositoryOf = (tag: string): string => `team/app-${Number(tag.slice(1)) % 3}`;
  const source = (): Registry => clientOf(running.file(), 0);
  const replica = (): Registry => clientOf(running.file(), 1);

  it('holds every push that it acknowledged', async () => {
    expect({ all: acknowledged.size + refused, some: refused > 0 }).toEqual({ all: PUSHES, some: true });
    for (const [tag, digest] of acknowledged) {
      const head = await source().headManifest({ repository: repositoryOf(tag), reference: tag });
      expect(head?.digest).toBe(digest);
    }
  });

  it('has nothing that is written half, in registries and documents', async () => {
    for (const client of [source(), replica()]) {
      for await (const repository of client.listRepositories()) {
        for await (const reference of client.listTags(repository)) {
          const head = await client.headManifest({ repository, reference });
          const graph = await walkClosedGraph(client, { repository, digest: head?.digest as Digest });
          expect(graph).toMatchObject({ complete: true, missing: [] });
          for (const blob of graph?.blobs ?? []) {
            // Reading to the end checks size and digest.
            for await (const _ of client.openBlob({ repository, ...blob }));
          }
        }
      }
    }
    const { endpoint, region, documentsBucket = '' } = running.file();
    const client = bucketClient({ endpoint, region });
    const documents = s3Documents(client, documentsBucket);
    let checked = 0;
    for await (const key of documents.list('')) {
      const content = await loadDocument(documents, key);
      const named = /^(?:sboms|scans|verdicts\/inputs)\/([0-9a-f]{64})\.zst$/.exec(key)?.[1];
      if (named !== undefined) expect(digestHex(digestOf(content ?? new Uint8Array()))).toBe(named);
      checked++;
    }
    expect(checked).toBeGreaterThan(acknowledged.size);
    client.destroy();
  });

  it('has taken each through every stage, once, by the sweep at its start', async () => {
    const { api, registries } = running.file();
    const registry = registries[0]?.host ?? '';
    const key = parseVerificationKey(await (await fetch(`${api}/api/key`)).text());
    for (const [tag, digest] of acknowledged) {
      const repository = repositoryOf(tag);
      const ref = encodeURIComponent(`${registry}/${repository}@${digest}`);
      const told = answer.parse(await (await fetch(`${api}/api/image?ref=${ref}`)).json()).image;
      expect({ tag, settled: told.settled, states: new Set(told.stages.map(({ state }) => state)) }).toEqual({
        tag,
        settled: true,
        states: new Set(['done']),
      });
      for (const client of [source(), replica()]) {
        const { descriptors } = await client.listReferrers(
          { repository, digest },
          { artifactType: SIGSTORE_BUNDLE_V03 },
        );
        // The signature, and three statements: SBOM, scan, verdict.
        expect(descriptors).toHaveLength(4);
        expect(await verifyImage(client, { registry, repository, digest }, [key])).toMatchObject({ kind: 'verified' });
      }
    }
  });

  it('keeps its folder to itself', async () => {
    const second = startProcess(folder, ['--no-sample']);
    expect(await second.ended).toBe(2);
    expect(second.output()).toContain('error: another process is using the data folder');
    expect(second.output()).toContain('hint: stop it, or choose another folder');
    expect((await fetch(`${running.file().api}/api/health`)).status).toBe(200);
  });

  it('ends in order when it is told to', async () => {
    running.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(existsSync(stackFileOf(folder))).toBe(false);
  });
});

const clientOf = ({ registries }: StackFile, at: number): Registry => localRegistry(registries[at]?.url ?? '');
