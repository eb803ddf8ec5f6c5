import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { type StackFile, stackFileSchema } from '../../../lib/cli/connection.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { tarArchive } from '../../support/tar-writer.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { median } from '../measure.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const IMAGES = 100;

interface Started {
  readonly file: StackFile;
  readonly seconds: number;
  stop(): Promise<void>;
}

/** `npm start` as a user runs it, less npm itself: from the start of the process to the line that says it is ready. */
async function start(data: string): Promise<Started> {
  const began = performance.now();
  const args = [
    '--disable-warning=ExperimentalWarning',
    'infra/local/start.ts',
    '--data',
    data,
    '--port',
    '0',
    '--no-sample',
  ];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let readyAt = 0;
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (readyAt === 0 && output.includes('is ready')) readyAt = performance.now();
    if (output.includes('Ctrl-C stops')) break;
  }
  if (readyAt === 0) throw new Error(`the stack did not start: ${output}`);
  const file = stackFileSchema().parse(JSON.parse(readFileSync(join(data, 'stack.json'), 'utf8')));
  return {
    file,
    seconds: (readyAt - began) / 1000,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGINT');
      }),
  };
}

type Layer = { readonly mediaType: string; readonly digest: ReturnType<typeof digestOf>; readonly size: number };

async function pushLayer(registry: Registry, repository: string, files: readonly { path: string; content: string }[]) {
  const tar = tarArchive(files);
  const bytes = await promisify(gzip)(tar);
  const digest = digestOf(bytes);
  await registry.putBlob({ repository, digest, size: bytes.length, content: bytes });
  const layer: Layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: bytes.length };
  return { layer, diffId: digestOf(tar) };
}

async function pushImage(
  registry: Registry,
  repository: string,
  tag: string,
  base: Awaited<ReturnType<typeof pushLayer>>,
) {
  const own = await pushLayer(registry, repository, [
    { path: 'app/config', content: randomBytes(200).toString('hex') },
  ]);
  const layers = [base, own];
  const text = {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  };
  const content = Buffer.from(JSON.stringify(text));
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(content),
    size: content.length,
  };
  await registry.putBlob({ repository, digest: config.digest, size: config.size, content });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: layers.map(({ layer }) => layer) }),
  );
  return (await registry.putManifest({ repository, reference: tag, mediaType, bytes })).digest;
}

const isSigned = async (api: string, ref: string): Promise<boolean> => {
  const response = await fetch(`${api}/api/image?ref=${encodeURIComponent(ref)}`);
  if (!response.ok) return false;
  const { image } = (await response.json()) as { image: { signature?: object } };
  return image.signature !== undefined;
};

async function untilSigned(api: string, ref: string): Promise<void> {
  while (!(await isSigned(api, ref))) await wait(5);
}

/** Start, throughput and latency of the local stack. */
export const localStack: BenchCase = {
  name: 'local stack',
  async run({ work, runs }) {
    const data = join(work, 'data');
    const cold = await start(data);
    await cold.stop();
    const warm: number[] = [];
    for (let run = 0; run < runs; run++) {
      const again = await start(data);
      warm.push(again.seconds);
      await again.stop();
    }
    const stack = await start(data);
    try {
      const rows: BenchRow[] = [
        { what: 'ready, nothing built yet', ours: cold.seconds, unit: 's', goal: { most: 5 } },
        { what: 'ready, assembly cached', ours: median(warm), unit: 's', goal: { most: 1.5 } },
      ];
      return [...rows, ...(await throughput(stack))];
    } finally {
      await stack.stop();
    }
  },
};

async function throughput({ file }: Started): Promise<readonly BenchRow[]> {
  const [source] = file.registries;
  if (!source) throw new Error('the stack has no registry');
  const registry = localRegistry(source.url);
  const repository = 'bench';
  const database = Array.from({ length: 100 }, (_, i) => `P:package${i}\nV:1.${i}-r0\nA:x86_64\n`).join('\n');
  const base = await pushLayer(registry, repository, [
    { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.1\n' },
    { path: 'lib/apk/db/installed', content: `${database}\n` },
  ]);
  const latencies: number[] = [];
  for (let i = 0; i < 12; i++) {
    const began = performance.now();
    const digest = await pushImage(registry, repository, `warm${i}`, base);
    await untilSigned(file.api, `${source.host}/${repository}@${digest}`);
    // The first ones start the functions.
    if (i >= 2) latencies.push((performance.now() - began) / 1000);
  }
  const began = performance.now();
  const digests: string[] = [];
  const push = async (worker: number): Promise<void> => {
    for (let i = worker; i < IMAGES; i += 8) digests.push(await pushImage(registry, repository, `v${i}`, base));
  };
  await Promise.all(Array.from({ length: 8 }, (_, worker) => push(worker)));
  const pushed = performance.now();
  for (const digest of digests) await untilSigned(file.api, `${source.host}/${repository}@${digest}`);
  const done = performance.now();
  return [
    { what: 'push to signed, small image on a known base, p50', ours: median(latencies), unit: 's', goal: { most: 1 } },
    {
      what: 'pushes accepted (3 requests each)',
      ours: IMAGES / ((pushed - began) / 1000),
      unit: '/s',
      goal: { least: 100 },
    },
    {
      what: 'images through every stage to signed',
      ours: IMAGES / ((done - began) / 1000),
      unit: '/s',
      goal: { least: 15 },
    },
  ];
}
