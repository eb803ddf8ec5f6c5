import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mapLimit } from '../../../../lib/core/concurrency.ts';
import { digestOf } from '../../../../lib/core/digest.ts';
import {
  brokenBlobs,
  type Client,
  clientOf,
  type Pushed,
  pushImage,
  startRegistry,
  temporaryFolder,
} from './support.ts';

const script = fileURLToPath(new URL('serve.ts', import.meta.url));

async function spawnRegistry(directory: string): Promise<{ child: ChildProcess; port: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    child,
    port: Number(line.toString()),
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const rangeOf = async (client: Client, location: string): Promise<number> => {
  const { headers } = await client('GET', location);
  return Number(String(headers.range).split('-')[1]);
};

describe('kill -9', () => {
  it('in the middle of an upload: nothing is readable, and the upload goes on after the restart', async () => {
    const directory = await temporaryFolder();
    const { port, kill } = await spawnRegistry(directory);
    const client = clientOf(port);
    const content = randomBytes(3_000_000);
    const digest = digestOf(content);
    const start = async (): Promise<string> => String((await client('POST', '/v2/a/blobs/uploads/')).headers.location);
    const [chunked, whole] = [await start(), await start()];
    const half = (method: string, path: string): void => {
      const sent = request({ port, method, path, headers: { 'content-length': content.length } });
      sent.on('error', () => undefined);
      sent.write(content.subarray(0, 2_000_000));
    };
    half('PATCH', chunked);
    half('PUT', `${whole}?digest=${digest}`);
    while ((await rangeOf(client, chunked)) === 0 || (await rangeOf(client, whole)) === 0);
    await kill();

    expect(await readdir(join(directory, 'blobs', 'sha256'))).toEqual([]);
    const after = await startRegistry({ directory });
    expect(after.problems).toEqual([]);
    expect(await after.client('GET', `/v2/a/blobs/${digest}`)).toMatchObject({ status: 404 });
    for (const location of [chunked, whole]) {
      const offset = (await rangeOf(after.client, location)) + 1;
      expect(offset).toBeGreaterThan(1);
      expect(offset).toBeLessThanOrEqual(2_000_000);
      const headers = { 'content-range': `${offset}-${content.length - 1}` };
      await after.client('PATCH', location, { body: content.subarray(offset), headers });
      expect(await after.client('PUT', `${location}?digest=${digest}`)).toMatchObject({ status: 201 });
    }
    expect((await after.client('GET', `/v2/a/blobs/${digest}`)).body.equals(content)).toBe(true);
  });

  it('among 32 pushing clients: what was acknowledged is there, what is there is whole', async () => {
    const directory = await temporaryFolder();
    const acknowledged: { readonly repository: string; readonly tag: string; readonly image: Pushed }[] = [];
    for (let round = 0; round < 3; round++) {
      const { port, kill } = await spawnRegistry(directory);
      const client = clientOf(port);
      let alive = true;
      const goal = 15 + round * 20;
      let count = 0;
      await mapLimit(Array.from({ length: 32 }), 32, async (_, worker) => {
        for (let i = 0; alive; i++) {
          const [repository, tag] = [`r${worker % 4}`, `t${round}-${worker}-${i}`];
          const image = await pushImage(client, repository, tag).catch(() => undefined);
          if (!image) continue;
          acknowledged.push({ repository, tag, image });
          if (++count === goal) {
            alive = false;
            await kill();
          }
        }
      });
    }
    const { client, registry, problems } = await startRegistry({ directory });
    expect(problems).toEqual([]);
    expect(await brokenBlobs(directory)).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(15 + 35 + 55);
    for (const { repository, tag, image } of acknowledged) {
      const got = await client('GET', `/v2/${repository}/manifests/${tag}`);
      expect([got.status, got.body.toString()]).toEqual([200, image.bytes]);
    }
    // Also of what nobody was told, no manifest lacks its content.
    for (const { name } of registry.store.listRepositories()) {
      for (const { blobs } of registry.store.listManifests(name)) {
        for (const { digest } of blobs) {
          const { status, body } = await client('GET', `/v2/${name}/blobs/${digest}`);
          expect([status, digestOf(body)]).toEqual([200, digest]);
        }
      }
    }
  });
});
