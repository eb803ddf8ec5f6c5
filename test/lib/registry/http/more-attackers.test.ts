import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../lib/core/clock.ts';
import { digestOf } from '../../../../lib/core/digest.ts';
import { createMemoryRegistry } from '../../../../lib/registry/adapters/memory.ts';
import { collectContent } from '../../../../lib/registry/index.ts';
import { replicateImage } from '../../../../lib/replication/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, scriptedServer } from './scripted-server.ts';

const content = randomBytes(64);
const blob = { repository: 'team/app', digest: digestOf(content), size: content.length };
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

describe('a registry that sends a byte now and then', () => {
  afterEach(() => void vi.useRealTimers());

  it.each(['blob', 'manifest', 'list'] as const)('does not hold up the reader of a %s for ever', async (what) => {
    let trickling = true;
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-type': MANIFEST, 'content-length': '64' });
      const drip = (): void => {
        if (!trickling) return;
        // Of 64 bytes, 63: the last one never comes, and the line is never silent.
        response.write('');
        setImmediate(drip);
      };
      response.write(content.subarray(0, 63));
      setImmediate(drip);
    });
    const registry = clientOf(server, { retry: { attempts: 1 } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const list = async (): Promise<void> => {
      for await (const _ of registry.listTags('team/app'));
    };
    const read = {
      blob: () => collectContent(registry.openBlob(blob), 1e6),
      manifest: () => registry.getManifest({ repository: 'team/app', reference: 'v1' }),
      list,
    }[what];
    const ended = codeOf(read());
    await vi.waitUntil(() => server.requests.length > 0, { interval: 5 });
    // The clock goes on while the machine waits for bytes; by it, an hour is over soon.
    const hours = async (): Promise<string> => {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        vi.advanceTimersByTime(1_000);
        if (vi.getTimerCount() === 0) return 'nobody watches the time any more';
      }
    };
    expect(await Promise.race([ended, hours().then(() => ended)])).toBe('registry-unavailable');
    trickling = false;
    registry.close();
  });
});

describe('sizes that are over the cap', () => {
  it('takes no manifest of more than 4 MiB, whole as it may be', async () => {
    const bytes = Buffer.from(`{"schemaVersion":2,"mediaType":"${MANIFEST}"${' '.repeat(4 * 1024 * 1024)}}`);
    await using server = await scriptedServer((_, response) =>
      response.writeHead(200, { 'content-type': MANIFEST, 'docker-content-digest': digestOf(bytes) }).end(bytes),
    );
    const registry = clientOf(server);
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('limit-exceeded');
    registry.close();
  });

  it('takes no list of more than 8 MiB, nor a token of more than 1 MiB', async () => {
    const tags = JSON.stringify({ tags: Array.from({ length: 200_000 }, (_, i) => `tag-${i}-${'x'.repeat(40)}`) });
    await using server = await scriptedServer((_, response) => response.end(tags));
    const registry = clientOf(server);
    const list = async (): Promise<void> => {
      for await (const _ of registry.listTags('a'));
    };
    expect(await codeOf(list())).toBe('registry-protocol');
    registry.close();
    server.answer((request, response) => {
      if (request.path.startsWith('/token'))
        response.end(JSON.stringify({ token: 't', more: 'x'.repeat(1024 * 1024) }));
      else if (request.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="/token"' }).end();
      } else response.writeHead(404).end();
    });
    const second = clientOf(server);
    expect(await codeOf(second.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-protocol');
    second.close();
  });
});

describe('what is packed', () => {
  it('is never unpacked by the client: gzip in gzip is what its digest says, byte for byte', async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(1_000_000)));
    const at = { repository: 'a', digest: digestOf(bomb), size: bomb.length };
    await using server = await scriptedServer((_, response) => response.end(bomb));
    const registry = clientOf(server);
    expect(Buffer.from(await collectContent(registry.openBlob(at), bomb.length)).equals(bomb)).toBe(true);
    server.answer((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    expect(await codeOf(collectContent(registry.openBlob(at), 1e9))).toBe('registry-protocol');
    registry.close();
  });
});

it('fetches no layer from where its maker keeps it', async () => {
  await using evil = await scriptedServer((_, response) => response.end('base'));
  const config = Buffer.from('{"os":"windows","architecture":"amd64"}');
  const layer = { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', digest: digestOf('base') };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: [{ ...layer, size: 4, urls: [`${evil.url}layer`] }],
    }),
  );
  await using server = await scriptedServer((request, response) => {
    if (request.path.includes('/manifests/')) response.writeHead(200, { 'content-type': MANIFEST }).end(bytes);
    else if (request.path.endsWith(digestOf(config))) response.end(config);
    else response.writeHead(404).end();
  });
  const source = clientOf(server);
  const target = createMemoryRegistry();
  const result = await replicateImage(
    {
      source,
      target,
      clock: systemClock,
      replicas: { intend: async () => 'intended', complete: async () => undefined },
    },
    {
      source: { registry: source.host, repository: 'a', digest: digestOf(bytes) },
      target: { registry: target.host, repository: 'a' },
      tags: [],
    },
  );
  expect(result).toMatchObject({ kind: 'replicated', blobsCopied: 1, blobsSkipped: 1 });
  expect(evil.requests).toEqual([]);
  source.close();
});

describe('header injection', () => {
  const evil = 'x\r\nauthorization: Basic Zm9vOmJhcg==';

  it('gets nothing into a request by a token, a type or a password', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.path.startsWith('/token')) response.end(JSON.stringify({ token: evil }));
      else response.writeHead(401, { 'www-authenticate': 'Bearer realm="/token"' }).end();
    });
    const byToken = clientOf(server);
    expect(await codeOf(byToken.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-protocol');
    byToken.close();
    const before = server.requests.length;
    const byType = clientOf(server);
    const put = byType.putManifest({ repository: 'a', reference: 'x', mediaType: evil, bytes: Buffer.from('{}') });
    expect(await codeOf(put)).toBe('registry-refused');
    byType.close();
    const byPassword = clientOf(server, { credentials: async () => ({ kind: 'bearer', token: evil }) });
    expect(await codeOf(byPassword.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-refused');
    byPassword.close();
    expect(server.requests.length).toBe(before);
  });

  it('gets nothing into a request by a location, a realm or a link', async () => {
    const lines: string[] = [];
    await using server = await scriptedServer((request, response, raw) => {
      lines.push(...raw.rawHeaders);
      if (request.path === '/v2/a/blobs/uploads/') {
        response.writeHead(202, { location: '/up?x=1%0d%0ainjected:%20yes' }).end();
      } else response.writeHead(201).end();
    });
    const registry = clientOf(server);
    await registry.putBlob({ ...blob, repository: 'a', content });
    expect(server.requests.at(-1)?.path.startsWith('/up?x=1%0d%0ainjected:%20yes&digest=')).toBe(true);
    expect(lines.map((line) => line.toLowerCase())).not.toContain('injected');
    registry.close();
  });
});
