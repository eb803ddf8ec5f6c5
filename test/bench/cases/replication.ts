import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { createKnownManifests } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { replicateImage } from '../../../lib/replication/index.ts';
import type { BenchCase, BenchContext, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare, median, processorTime, STARTS_TO_WARM_UP, type Timed } from '../measure.ts';

const LAYERS = 20;
const LAYER_BYTES = 25_000_000;
const PEERS = ['skopeo', 'crane', 'regctl', 'oras'] as const;
type Peer = (typeof PEERS)[number];

interface Image {
  readonly digest: Digest;
  readonly layers: readonly { readonly digest: Digest; readonly size: number }[];
}

/** 20 layers, 500 MB, from one registry to another: that has nothing of it, half of its layers, or all. */
export const replication: BenchCase = {
  name: 'replication',
  async run(context) {
    const { work, has, note } = context;
    const peers = PEERS.filter(has);
    note(`absent: ${PEERS.filter((name) => !peers.includes(name)).join(', ') || 'none'}; regctl stands for regsync`);
    const from = await startEmbeddedRegistry({ directory: join(work, 'from') });
    try {
      const image = await pushImage(from.url, 'app', LAYER_BYTES);
      const small = await pushImage(from.url, 'small', 400_000);
      const cold = await copies(context, from, peers, 'app', async () => undefined);
      const half = await copies(context, from, peers, 'app', (to) => prefill(from, to, 'app', image, LAYERS / 2));
      const little = await copies(context, from, [], 'small', async () => undefined);
      const unchanged = await unchangedRows(context, from, peers, small);
      const flat = (cold.get('lading')?.peak ?? Number.NaN) - (little.get('lading')?.peak ?? Number.NaN);
      return [
        ...rowsOf('cold', cold, peers, 1),
        ...rowsOf('half of the layers present', half, peers, 0.8),
        ...unchanged,
        { what: 'memory for 500 MB beyond that for 8 MB', ours: flat, unit: 'MiB', goal: { most: 64 } },
      ];
    } finally {
      await from.close();
    }
  },
};

const copyCommand = (name: string, from: string, to: string): readonly string[] => {
  switch (name) {
    case 'skopeo':
      return commands.skopeoCopy(from, to);
    case 'crane':
      return commands.craneCopy(from, to);
    case 'regctl':
      return commands.regctlCopy(from, to);
    case 'oras':
      return commands.orasCopy(from, to);
    default:
      return commands.ladingCopy(from, to);
  }
};

/** By turns, each into a registry of its own: one that holds the blobs would be sent none. */
async function copies(
  { work, runs }: BenchContext,
  from: EmbeddedRegistry,
  peers: readonly Peer[],
  repository: string,
  prepare: (to: EmbeddedRegistry) => Promise<unknown>,
): Promise<ReadonlyMap<string, Timed>> {
  const all = new Map<string, Timed[]>();
  // What is built and compiled at the first starts is no part of a copy.
  const names = ['lading', ...peers];
  for (let run = -STARTS_TO_WARM_UP; run < runs; run++) {
    for (const name of run < 0 ? ['lading'] : names) {
      const directory = join(work, `${name}-${run}`);
      const to = await startEmbeddedRegistry({ directory });
      try {
        await prepare(to);
        const source = `localhost:${from.port}/${repository}:1`;
        const target = `localhost:${to.port}/${repository}:1`;
        const timed = (await compare({ [name]: () => copyCommand(name, source, target) }, 1)).get(name);
        if (timed && run >= 0) all.set(name, [...(all.get(name) ?? []), timed]);
      } finally {
        await to.close();
        await rm(directory, { recursive: true, force: true });
      }
    }
  }
  return new Map(
    [...all].map(([name, timed]) => [
      name,
      {
        wall: median(timed.map(({ wall }) => wall)),
        peak: median(timed.map(({ peak }) => peak)),
        processor: median(timed.map(({ processor }) => processor ?? Number.NaN)),
      },
    ]),
  );
}

/** Only the fastest peer is a measure; the others are told beside it. */
function rowsOf(
  what: string,
  results: ReadonlyMap<string, Timed>,
  peers: readonly Peer[],
  most: number,
): readonly BenchRow[] {
  const own = results.get('lading');
  if (own === undefined) return [];
  const fastest = [...peers].sort((a, b) => (results.get(a)?.wall ?? 0) - (results.get(b)?.wall ?? 0))[0];
  return peers.flatMap((name): BenchRow[] => {
    const peer = results.get(name);
    if (peer === undefined) return [];
    const goal = name === fastest ? { goal: { most } } : {};
    return [
      { what: `${what}: wall`, ours: own.wall, unit: 's', peer: { name, value: peer.wall }, ...goal },
      ...processorTime(what, name, own, peer),
    ];
  });
}

/** Calls of a function before it is warm, and calls that are measured. */
const WARMING_CALLS = 100;
const CALLS = 50;

/**
 * An image that is there already: a round trip or two, which is less than any process takes to start. So the starts are
 * left out on both sides: ours is a warm function, which also asks for signatures and what else is attached; of a peer, the
 * time of its program doing nothing is taken off.
 */
async function unchangedRows(
  { work, runs }: BenchContext,
  from: EmbeddedRegistry,
  peers: readonly Peer[],
  { digest }: Image,
): Promise<readonly BenchRow[]> {
  const to = await startEmbeddedRegistry({ directory: join(work, 'unchanged') });
  try {
    const ports = { source: localRegistry(from.url), target: localRegistry(to.url), clock: systemClock };
    // As the function that replicates keeps them.
    const known = createKnownManifests();
    const replicas = memoryReplicas();
    const copy = () =>
      replicateImage(
        { ...ports, replicas, known },
        {
          source: { registry: ports.source.host, repository: 'small', digest },
          target: { registry: ports.target.host, repository: 'small' },
          tags: ['1'],
        },
      );
    for (let i = 0; i < WARMING_CALLS; i++) await copy();
    const times: number[] = [];
    for (let i = 0; i < CALLS; i++) {
      const began = performance.now();
      await copy();
      times.push((performance.now() - began) / 1_000);
    }
    const source = `localhost:${from.port}/small:1`;
    const target = `localhost:${to.port}/small:1`;
    const timed = new Map<string, Timed>([['lading', { wall: median(times), peak: Number.NaN }]]);
    for (const name of peers) {
      const argv = { copy: () => copyCommand(name, source, target), start: () => commands.starts[name] };
      const results = await compare(argv, Math.max(9, runs));
      const wall = (results.get('copy')?.wall ?? 0) - (results.get('start')?.wall ?? 0);
      timed.set(name, { wall, peak: Number.NaN });
    }
    return rowsOf('unchanged, starts left out', timed, peers, 0.3);
  } finally {
    await to.close();
  }
}

async function pushImage(url: string, repository: string, layerBytes: number): Promise<Image> {
  const registry = localRegistry(url);
  const put = async (mediaType: string, content: Buffer) => {
    const digest = digestOf(content);
    await registry.putBlob({ repository, digest, size: content.length, content });
    return { mediaType, digest, size: content.length };
  };
  const layers = [];
  for (let i = 0; i < LAYERS; i++) {
    // gzip that stores: skopeo packs what is not packed, and would be measured at that.
    const content = gzipSync(randomBytes(layerBytes), { level: 0 });
    layers.push(await put('application/vnd.oci.image.layer.v1.tar+gzip', content));
  }
  const diffIds = layers.map(({ digest }) => digest);
  const configText = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } };
  const config = await put('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(configText)));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  const { digest } = await registry.putManifest({ repository, reference: '1', mediaType, bytes });
  return { digest, layers };
}

async function prefill(
  from: EmbeddedRegistry,
  to: EmbeddedRegistry,
  repository: string,
  { layers }: Image,
  count: number,
): Promise<void> {
  const [source, target] = [localRegistry(from.url), localRegistry(to.url)];
  for (const { digest, size } of layers.slice(0, count)) {
    const content = () => source.openBlob({ repository, digest, size });
    await target.putBlob({ repository, digest, size, content });
  }
}
