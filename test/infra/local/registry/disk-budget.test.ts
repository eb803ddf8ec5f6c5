import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmbeddedRegistryOptions } from '../../../../infra/local/registry/index.ts';
import { manualClock } from '../../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../../lib/core/digest.ts';
import { mirrorOptions } from './mirror-options.ts';
import {
  brokenBlobs,
  type Client,
  clientOf,
  imageManifest,
  pushBlob,
  pushManifest,
  startRegistry,
  temporaryFolder,
} from './support.ts';

const MIB = 1024 * 1024;
const BUDGET = 4 * MIB;

const options = (
  url: string,
  directory: string,
): Partial<EmbeddedRegistryOptions> & { clock: ReturnType<typeof manualClock> } => ({
  directory,
  clock: manualClock(),
  budgetBytes: BUDGET,
  mirror: mirrorOptions(url),
});

async function pushOf(client: Client, name: string, sizes: readonly number[], shared: readonly Uint8Array[] = []) {
  const layers = [...shared, ...sizes.map((size) => randomBytes(size))];
  const digests: Digest[] = [];
  for (const layer of layers) digests.push(await pushBlob(client, name, layer));
  const config = await pushBlob(client, name, '{}');
  const bytes = imageManifest(
    { digest: config, size: 2 },
    layers.map((layer, i) => ({ digest: digests[i] as Digest, size: layer.length })),
  );
  await pushManifest(client, name, 'v1', bytes);
  return { name, digest: digestOf(bytes), layers: digests };
}

/** Bytes of every file below the folder, by the sizes that the system tells. */
async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    // Removed between the listing and the look: it is no more.
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

async function pull(client: Client, name: string): Promise<number> {
  const manifest = await client('GET', `/v2/up/${name}/manifests/v1`);
  if (manifest.status !== 200) return manifest.status;
  const { layers, config } = JSON.parse(manifest.body.toString()) as {
    layers: { digest: string }[];
    config: { digest: string };
  };
  for (const { digest } of [config, ...layers]) {
    const blob = await client('GET', `/v2/up/${name}/blobs/${digest}`);
    if (blob.status !== 200) return blob.status;
    expect(digestOf(blob.body)).toBe(digest);
  }
  return 200;
}

/** Hands on to an upstream, after `limit` bytes of each blob cuts the line, and calls `onPiece` with every piece. */
async function startLine(port: number) {
  const line = { limit: Number.POSITIVE_INFINITY, ranges: [] as (string | undefined)[], onPiece: async () => {} };
  const server = createServer(async (request, response) => {
    const blob = request.url?.includes('/blobs/');
    const headers: Record<string, string> = { accept: request.headers.accept ?? '*/*' };
    if (request.headers.range) headers['range'] = request.headers.range;
    const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, { method: request.method ?? 'GET', headers });
    const body = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (request.method === 'HEAD' || !blob) return void response.end(body);
    line.ranges.push(request.headers.range);
    for (let at = 0; at < body.length; at += 256 * 1024) {
      if (at >= line.limit) return void request.socket.destroy();
      await new Promise((resolve) => response.write(body.subarray(at, at + 256 * 1024), resolve));
      await line.onPiece();
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { line, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function spawnMirror(directory: string, url: string) {
  const script = fileURLToPath(new URL('serve-mirror.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory, url, String(BUDGET)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    client: clientOf(Number(line.toString())),
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe('a mirror with a disk budget', () => {
  it('stays within it at every step, also in the middle of downloads, and serves what it has no room for', async () => {
    const upstream = await startRegistry();
    const base = randomBytes(600_000);
    const images = [];
    for (let i = 0; i < 6; i++) images.push(await pushOf(upstream.client, `app-${i}`, [400_000 + i * 90_000], [base]));
    const huge = await pushOf(upstream.client, 'huge', [5 * MIB]);
    const { line, url } = await startLine(upstream.registry.port);
    const directory = await temporaryFolder();
    const given = options(url, directory);
    const { client, registry, problems } = await startRegistry(given);
    let most = 0;
    line.onPiece = async () => {
      most = Math.max(most, await bytesBelow(directory));
    };
    for (const round of [0, 1]) {
      for (const { name } of images) {
        expect(await pull(client, name)).toBe(200);
        most = Math.max(most, await bytesBelow(directory));
        given.clock.advance(3 * 60_000);
      }
      if (round === 0) expect(await pull(client, huge.name)).toBe(200);
    }
    expect(most).toBeLessThanOrEqual(BUDGET);
    expect(most).toBeGreaterThan(BUDGET / 2);
    const cache = await registry.cache();
    expect(cache?.evictedImages).toBeGreaterThan(3);
    expect(cache?.notStored).toBeGreaterThan(0);
    expect(registry.store.blobSize('up/huge', huge.layers[0] as Digest)).toBeUndefined();
    expect(await brokenBlobs(directory)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('never drops a leased image, nor the base that it shares with one that goes; over a restart, too', async () => {
    const upstream = await startRegistry();
    const base = randomBytes(700_000);
    const kept = await pushOf(upstream.client, 'kept', [500_000], [base]);
    await pushOf(upstream.client, 'sibling', [500_000], [base]);
    for (let i = 0; i < 4; i++) await pushOf(upstream.client, `other-${i}`, [900_000]);
    const { url } = await startLine(upstream.registry.port);
    const directory = await temporaryFolder();
    const given = options(url, directory);
    const first = await startRegistry(given);
    await pull(first.client, 'kept');
    await pull(first.client, 'sibling');
    await first.registry.budget?.lease({ key: `up/kept@${kept.digest}`, holder: 'operator:me' });
    await first.registry.close();
    const second = await startRegistry(given);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 4; i++) {
        given.clock.advance(3 * 60_000);
        expect(await pull(second.client, `other-${i}`)).toBe(200);
      }
    }
    expect(second.registry.store.findManifest('up/sibling', 'v1')).toBeUndefined();
    for (const layer of kept.layers) expect(second.registry.store.blobSize('up/kept', layer)).toBeGreaterThan(0);
    expect(await brokenBlobs(directory)).toEqual([]);
    expect(await bytesBelow(directory)).toBeLessThanOrEqual(BUDGET);
  });

  it('goes on with a download where the line broke, after a restart, too', async () => {
    const upstream = await startRegistry();
    const app = await pushOf(upstream.client, 'app', [2 * MIB]);
    const { line, url } = await startLine(upstream.registry.port);
    const directory = await temporaryFolder();
    const given = options(url, directory);
    const path = `/v2/up/app/blobs/${app.layers[0]}`;
    const first = await startRegistry(given);
    await first.client('GET', '/v2/up/app/manifests/v1');
    line.limit = 1.2 * MIB;
    await first.client('GET', path).catch(() => undefined);
    await first.registry.close();
    const second = await startRegistry(given);
    line.limit = Number.POSITIVE_INFINITY;
    const got = await second.client('GET', path);
    expect(digestOf(got.body)).toBe(app.layers[0]);
    const from = Number(/^bytes=(\d+)-/.exec(line.ranges.at(-1) ?? '')?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(await brokenBlobs(directory)).toEqual([]);
    expect((await readdir(join(directory, 'uploads'))).length).toBe(0);
  });

  it('refuses a push that does not fit, and says why', async () => {
    const upstream = await startRegistry();
    const { url } = await startLine(upstream.registry.port);
    const { client, directory } = await startRegistry(options(url, await temporaryFolder()));
    const body = randomBytes(5 * MIB);
    const refused = await client('POST', `/v2/own/app/blobs/uploads/?digest=${digestOf(body)}`, { body });
    expect(refused).toMatchObject({ status: 507, codes: ['INSUFFICIENT_STORAGE'] });
    expect(await bytesBelow(directory)).toBeLessThan(MIB);
    const small = randomBytes(MIB);
    await pushBlob(client, 'own/app', small);
  });

  it('is within it after kill -9 in the middle of a download, and still knows what is leased', async () => {
    const upstream = await startRegistry();
    const kept = await pushOf(upstream.client, 'kept', [500_000]);
    for (let i = 0; i < 3; i++) await pushOf(upstream.client, `app-${i}`, [1_200_000]);
    const { line, url } = await startLine(upstream.registry.port);
    const directory = await temporaryFolder();
    const first = await spawnMirror(directory, url);
    expect(await pull(first.client, 'kept')).toBe(200);
    const lease = JSON.stringify({ repository: 'up/kept', reference: 'v1', holder: 'me' });
    expect((await first.client('POST', '/_lading/leases', { body: lease })).status).toBe(200);
    await pull(first.client, 'app-0');
    const died = new Promise<void>((resolve) => {
      let pieces = 0;
      line.onPiece = async () => {
        pieces += 1;
        if (pieces === 3) await first.kill().then(resolve);
      };
    });
    await pull(first.client, 'app-1').catch(() => undefined);
    await died;
    line.onPiece = async () => {};
    expect(await bytesBelow(directory)).toBeLessThanOrEqual(BUDGET);
    const second = await spawnMirror(directory, url);
    expect(JSON.parse((await second.client('GET', '/_lading/leases')).body.toString())).toMatchObject({
      leases: expect.arrayContaining([{ key: `up/kept@${kept.digest}`, holder: 'operator:me' }]),
    });
    for (const name of ['app-1', 'app-2', 'app-0', 'kept']) expect(await pull(second.client, name)).toBe(200);
    expect(await bytesBelow(directory)).toBeLessThanOrEqual(BUDGET);
    expect(await brokenBlobs(directory)).toEqual([]);
  });
});
