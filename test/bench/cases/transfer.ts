import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import type { BenchCase, BenchContext, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare, processorTime, STARTS_TO_WARM_UP, type Timed } from '../measure.ts';

const BLOBS = 8;
const BLOB_BYTES = 62_500_000;
const SMALL_BYTES = 1_000_000;
const PEERS = ['skopeo', 'crane'] as const;

/** 500 MB in 8 blobs: out of a registry into a layout, and out of a layout into a registry that has nothing of it. */
export const transfer: BenchCase = {
  name: 'transfer',
  async run(context) {
    const { work, has, note } = context;
    const peers = PEERS.filter(has);
    if (peers.length === 0) note('neither skopeo nor crane is installed: nothing to compare with');
    const registry = await startEmbeddedRegistry({ directory: join(work, 'registry') });
    try {
      const layout = join(work, 'image');
      const target = await openOciLayout({ directory: layout, create: true });
      await makeImage([localRegistry(registry.url), target], BLOB_BYTES);
      await makeImage([localRegistry(registry.url)], SMALL_BYTES, 'small');
      await warmUp(work, registry);
      const rows = [...(await pulls(context, registry, peers)), ...(await pushes(context, layout, peers))];
      return rows;
    } finally {
      await registry.close();
    }
  },
};

async function warmUp(work: string, { port }: EmbeddedRegistry): Promise<void> {
  const layout = join(work, 'warm-up');
  const from = `localhost:${port}/small:v1`;
  await compare({ pull: (run) => commands.ladingPull(from, `${layout}-${run}`) }, STARTS_TO_WARM_UP);
  await compare({ push: (run) => commands.ladingCopy(`oci:${layout}-0:v1`, `localhost:${port}/warm-up:${run}`) }, 1);
}

async function pulls(
  { work, runs }: BenchContext,
  { port }: EmbeddedRegistry,
  peers: readonly (typeof PEERS)[number][],
): Promise<BenchRow[]> {
  const pull = (repository: string) => {
    const from = `localhost:${port}/${repository}:v1`;
    const to = (name: string, run: number): string => join(work, `${repository}-${name}-${run}`);
    return {
      lading: (run: number) => commands.ladingPull(from, to('lading', run)),
      ...(peers.includes('skopeo') ? { skopeo: (run: number) => commands.skopeoPull(from, to('skopeo', run)) } : {}),
      ...(peers.includes('crane') ? { crane: (run: number) => commands.cranePull(from, to('crane', run)) } : {}),
    };
  };
  const clean = async (): Promise<void> => {
    for (const repository of ['app', 'small']) {
      for (const name of ['lading', ...PEERS]) {
        for (let run = 0; run < runs; run++)
          await rm(join(work, `${repository}-${name}-${run}`), { recursive: true, force: true });
      }
    }
  };
  const results = await compare(pull('app'), runs);
  const small = await compare(pull('small'), 1);
  await clean();
  return [...rowsOf('pulling', results, peers), ...flatness('pulling', results, small)];
}

async function pushes(
  { work, runs }: BenchContext,
  layout: string,
  peers: readonly (typeof PEERS)[number][],
): Promise<BenchRow[]> {
  // A registry of its own for every push: one that holds the blobs would be sent none.
  const targets = new Map<string, EmbeddedRegistry>();
  const target = (name: string, run: number): string => `localhost:${targets.get(`${name}-${run}`)?.port}/app:v1`;
  try {
    for (const name of ['lading', ...peers]) {
      for (let run = 0; run < runs; run++) {
        const key = `${name}-${run}`;
        targets.set(key, await startEmbeddedRegistry({ directory: join(work, key) }));
      }
    }
    const results = await compare(
      {
        lading: (run) => commands.ladingCopy(`oci:${layout}:v1`, target('lading', run)),
        ...(peers.includes('skopeo')
          ? { skopeo: (run) => commands.skopeoPush(`${layout}:v1`, target('skopeo', run)) }
          : {}),
        ...(peers.includes('crane') ? { crane: (run) => commands.cranePush(layout, target('crane', run)) } : {}),
      },
      runs,
    );
    return rowsOf('pushing', results, peers);
  } finally {
    await Promise.all([...targets.values()].map((registry) => registry.close()));
  }
}

function rowsOf(what: string, results: ReadonlyMap<string, Timed>, peers: readonly string[]): BenchRow[] {
  const own = results.get('lading');
  return peers.flatMap((name): BenchRow[] => {
    const peer = results.get(name);
    if (!own || !peer) return [];
    return [
      { what: `${what}: wall`, ours: own.wall, unit: 's', peer: { name, value: peer.wall }, goal: { most: 1 } },
      ...processorTime(what, name, own, peer),
      { what: `${what}: peak memory`, ours: own.peak, unit: 'MiB', peer: { name, value: peer.peak } },
    ];
  });
}

/** Memory must not grow with the size of the blobs. */
function flatness(what: string, results: ReadonlyMap<string, Timed>, small: ReadonlyMap<string, Timed>): BenchRow[] {
  const large = results.get('lading')?.peak;
  const little = small.get('lading')?.peak;
  if (large === undefined || little === undefined) return [];
  return [
    { what: `${what}: memory for 500 MB beyond that for 8 MB`, ours: large - little, unit: 'MiB', goal: { most: 64 } },
  ];
}

async function makeImage(registries: readonly Registry[], bytes: number, name = 'app'): Promise<void> {
  const put = async (mediaType: string, content: Buffer) => {
    const digest = digestOf(content);
    for (const registry of registries) {
      const repository = registry.host === 'oci-layout' ? 'layout' : name;
      await registry.putBlob({ repository, digest, size: content.length, content });
    }
    return { mediaType, digest, size: content.length };
  };
  const layers = [];
  for (let i = 0; i < BLOBS; i++) {
    // gzip that stores: clients that look inside find what the type says, and none packs it anew.
    const content = gzipSync(randomBytes(bytes), { level: 0 });
    layers.push(await put('application/vnd.oci.image.layer.v1.tar+gzip', content));
  }
  const diffIds = layers.map(({ digest }) => digest);
  const configText = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } };
  const config = await put('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(configText)));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  for (const registry of registries) {
    const repository = registry.host === 'oci-layout' ? 'layout' : name;
    await registry.putManifest({ repository, reference: 'v1', mediaType, bytes: manifest });
  }
}
