import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { createConsole } from '../../../lib/console/index.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { encodeManifest, OCI_IMAGE_CONFIG } from '../../../lib/formats/oci/index.ts';
import { indexEntry, memoryConsole, REGISTRY } from '../console/support.ts';
import { lading, temporaryFolder, writeStackFile } from './support.ts';

let server: Server;
let api: string;
const asked = memoryConsole();

beforeAll(async () => {
  const amd64 = await asked.put({ repository: 'team/multi', seed: 'amd64', packages: 3 });
  const arm64 = await asked.put({
    repository: 'team/multi',
    seed: 'arm64',
    packages: 3,
    entry: { platform: 'linux/arm64' },
  });
  await asked.put({ repository: 'team/multi', tags: ['v1'], seed: 'index', entry: indexEntry([amd64, arm64]) });
  // Each has a package of its own beside one that both have.
  const sbom = async (key: string) =>
    Buffer.from(
      JSON.stringify({
        ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
        components: ['both', key].map((name) => ({
          ...{ type: 'library', name, version: '1', purl: `pkg:npm/${encodeURIComponent(name)}@1` },
        })),
      }),
    );
  const ports = { ...asked.ports, reports: { ...asked.ports.reports, sbom } };
  server = createServer(getRequestListener(createConsole(ports).fetch));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const run = (...args: string[]) => {
  const folder = temporaryFolder();
  return lading([...args, '--data', writeStackFile(folder, { api, registries: [] })], folder);
};

describe('commands about copies', () => {
  it('tell how far each is, and fail where one is not equal if they are asked to', async () => {
    const { code, out } = await run('replication', 'status');
    expect(code).toBe(0);
    expect(out).toMatch(/^TARGET\s+SOURCE\s+STATE\s+MANIFESTS\s+LAG\s+PROVEN EQUAL\s+ROOT\n/);
    expect(out).toMatch(
      /copy\.example\/team\/app\s+\S+\/team\/app\s+1 missing\s+3\s+420 s\s+2026-01-01T00:00:00\.000Z/,
    );
    expect((await run('replication', 'status', '--fail')).code).toBe(1);
    expect(JSON.parse((await run('replication', 'status', '-o', 'json')).out)).toMatchObject([{ equal: false }]);
  });

  it('tell what rules would copy', async () => {
    const { out, err } = await run('replicate', '--dry-run', '--repository', 'team/other');
    expect(out).toMatch(/team\/other\s+v1\s+sha256:\w+\s+copy\.example\/team\/app\s+all/);
    expect(err).toContain('1 image to copy');
  });
});

describe('commands about indexes', () => {
  it('make one of images that were pushed apart, and check it', async () => {
    const folder = temporaryFolder();
    const registry = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
    try {
      const client = localRegistry(registry.url);
      for (const architecture of ['amd64', 'arm64']) {
        const content = Buffer.from(
          JSON.stringify({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [] } }),
        );
        const [digest, size] = [digestOf(content), content.length];
        await client.putBlob({ repository: 'app', digest, size, content });
        const image = encodeManifest({ config: { mediaType: OCI_IMAGE_CONFIG, digest, size }, layers: [] });
        await client.putManifest({ repository: 'app', reference: `1-${architecture}`, ...image });
      }
      const name = `localhost:${registry.port}/app:1`;
      const dry = await lading(['index', 'create', name, '1-arm64', '1-amd64', '--dry-run', '-o', 'json'], folder);
      expect(await client.headManifest({ repository: 'app', reference: '1' })).toBeUndefined();
      const made = await lading(['index', 'create', name, '1-amd64', '1-arm64', '-o', 'json'], folder);
      expect(JSON.parse(made.out)).toEqual(JSON.parse(dry.out));
      expect((await client.headManifest({ repository: 'app', reference: '1' }))?.digest).toBe(
        JSON.parse(made.out).digest,
      );
      expect(await lading(['index', 'check', name], folder)).toMatchObject({
        code: 0,
        err: expect.stringContaining('whole'),
      });
      await lading(['index', 'create', `localhost:${registry.port}/app@${digestOf('x')}`, '1-amd64'], folder).then(
        ({ code, err }) => expect([code, err]).toEqual([2, expect.stringContaining('pushed under a tag')]),
      );
    } finally {
      await registry.close();
    }
  });

  it('compare the images of one', async () => {
    const { out, err, code } = await run('index', 'parity', `${REGISTRY}/team/multi:v1`);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^PLATFORM\s+SIZE\s+PACKAGES\s+FINDINGS\n/);
    expect(out).toMatch(/package\s+npm sboms/);
    expect(out).not.toContain('npm both');
    expect(err).toContain('2 differences');
  });
});
