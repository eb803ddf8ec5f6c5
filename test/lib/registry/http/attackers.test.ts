import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { createHttpRegistry } from '../../../../lib/registry/adapters/http/create-http-registry.ts';
import { collectContent } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, scriptedServer } from './scripted-server.ts';

const content = randomBytes(40_000);
const digest = digestOf(content);
const blob = { repository: 'team/app', digest, size: content.length };
const basic = async () => ({ kind: 'basic' as const, username: 'robot', password: 'secret' });
const endless = (response: { write(chunk: Uint8Array): boolean; once(event: string, f: () => void): unknown }) => {
  const chunk = Buffer.alloc(256 * 1024, 0x20);
  const more = (): void => {
    while (response.write(chunk));
    response.once('drain', more);
  };
  more();
};

describe('a registry that sends the client elsewhere', () => {
  it('does not ask a foreign realm for a token, nor tell it the password', async () => {
    await using evil = await scriptedServer((_, response) => response.end('{"token":"t"}'));
    await using server = await scriptedServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${evil.url}token",service="s"` }).end(),
    );
    const registry = clientOf(server, { credentials: basic });
    expect(await codeOf(registry.getManifest({ repository: 'team/app', reference: 'latest' }))).toBe('address-blocked');
    expect(evil.requests).toEqual([]);
    expect(server.requests.every((r) => r.authorization === undefined)).toBe(true);
    registry.close();
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/latest/meta-data/',
    'http://2852039166/latest/meta-data/',
    'http://0xa9fea9fe/',
    'http://127.0.0.1:1/',
    'https://evil.example/blob',
    'http://robot:secret@127.0.0.1/',
    'file:///etc/passwd',
    'ftp://127.0.0.1/x',
    '//evil.example/blob',
  ])('does not follow a redirect to %s', async (location) => {
    await using server = await scriptedServer((_, response) => response.writeHead(307, { location }).end());
    const registry = clientOf(server, { credentials: basic });
    expect(await codeOf(collectContent(registry.openBlob(blob), 1e6))).toBe('address-blocked');
    expect(server.requests).toHaveLength(1);
    registry.close();
  });

  it('blocks the metadata address even where the allow-list names it', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(307, { location: 'http://169.254.169.254/x' }).end(),
    );
    const registry = clientOf(server, { allowHosts: ['169.254.169.254'] });
    expect(await codeOf(collectContent(registry.openBlob(blob), 1e6))).toBe('address-blocked');
    registry.close();
  });

  it('leaves the credentials behind when it follows a redirect to an allowed host, and when that sends it back', async () => {
    await using storage = await scriptedServer();
    await using server = await scriptedServer((request, response) => {
      if (request.path.endsWith('/back')) response.end(content);
      else if (request.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      } else response.writeHead(307, { location: `${storage.url}signed?key=1` }).end();
    });
    storage.answer((_, response) => response.writeHead(302, { location: `${server.url}v2/back` }).end());
    const registry = clientOf(server, { credentials: basic, allowHosts: [storage.url.host] });
    await collectContent(registry.openBlob(blob), 1e6);
    expect(storage.requests.map((r) => r.authorization)).toEqual([undefined]);
    expect(server.requests.map((r) => r.authorization !== undefined)).toEqual([false, true, false]);
    registry.close();
  });

  it('ends a ring of redirects', async () => {
    await using server = await scriptedServer((request, response) =>
      response.writeHead(307, { location: `${request.path}?again` }).end(),
    );
    const registry = clientOf(server);
    expect(await codeOf(registry.getManifest({ repository: 'team/app', reference: 'x' }))).toBe('registry-protocol');
    expect(server.requests).toHaveLength(6);
    registry.close();
  });

  it('sends no byte of an upload to a foreign location', async () => {
    await using evil = await scriptedServer((_, response) => response.writeHead(201).end());
    await using server = await scriptedServer((_, response) =>
      response.writeHead(202, { location: `${evil.url}upload` }).end(),
    );
    const registry = clientOf(server, { credentials: basic });
    expect(await codeOf(registry.putBlob({ ...blob, content }))).toBe('address-blocked');
    expect(evil.requests).toEqual([]);
    registry.close();
  });

  it('uploads to a location of the allow-list, without credentials', async () => {
    await using storage = await scriptedServer((_, response) => response.writeHead(201).end());
    await using server = await scriptedServer((request, response) => {
      if (request.authorization) response.writeHead(202, { location: `${storage.url}up?_state=a%2Bb%3D%3D` }).end();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });
    const registry = clientOf(server, { credentials: basic, allowHosts: [storage.url.host] });
    await registry.putBlob({ ...blob, content });
    expect(storage.requests).toMatchObject([{ method: 'PUT', authorization: undefined }]);
    expect(storage.requests[0]?.path).toBe(`/up?_state=a%2Bb%3D%3D&digest=${encodeURIComponent(digest)}`);
    expect(storage.requests[0]?.body.equals(content)).toBe(true);
    registry.close();
  });

  it('does not read the next page on another host, and ends a ring of pages', async () => {
    await using evil = await scriptedServer();
    await using server = await scriptedServer((_, response) =>
      response.writeHead(200, { link: `<${evil.url}v2/more>; rel="next"` }).end('{"tags":["a"]}'),
    );
    const registry = clientOf(server);
    const all = async () => {
      for await (const _ of registry.listTags('team/app'));
    };
    expect(await codeOf(all())).toBe('address-blocked');
    expect(evil.requests).toEqual([]);
    server.answer((request, response) =>
      response.writeHead(200, { link: `<${request.path}>; rel=next` }).end('{"tags":["a"]}'),
    );
    expect(await codeOf(all())).toBe('registry-protocol');
    registry.close();
  });

  it('does not write where a redirect points', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(308, { location: '/elsewhere' }).end(),
    );
    const registry = clientOf(server);
    expect(await codeOf(registry.putBlob({ ...blob, content }))).toBe('registry-protocol');
    expect(server.requests).toHaveLength(1);
    registry.close();
  });
});

describe('names that resolve to where they should not', () => {
  const resolving = (address: string) =>
    ((_host: string, _options: unknown, callback: (error: null, all: unknown[]) => void) =>
      callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])) as never;

  it.each(['127.0.0.1', '10.0.0.5', '169.254.169.254', '::1', 'fe80::1', '64:ff9b::a9fe:a9fe', '0.0.0.0'])(
    'does not connect to %s for a public name',
    async (address) => {
      const registry = createHttpRegistry({
        host: 'registry.example',
        url: new URL('https://registry.example'),
        retry: { attempts: 1 },
        transport: { resolve: resolving(address) },
      });
      expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'b' }))).toBe('address-blocked');
      registry.close();
    },
  );

  it('connects to exactly the address that was checked', async () => {
    await using server = await scriptedServer((_, response) => response.end(content));
    let asked = 0;
    const registry = clientOf(
      { url: new URL(`http://registry.example:${server.url.port}`) },
      {
        transport: {
          resolve: ((_h: string, _o: unknown, callback: (error: null, all: unknown[]) => void) => {
            asked++;
            callback(null, [
              { address: '169.254.169.254', family: 4 },
              { address: '127.0.0.1', family: 4 },
            ]);
          }) as never,
        },
      },
    );
    await collectContent(registry.openBlob(blob), 1e6);
    await collectContent(registry.openBlob(blob), 1e6);
    expect(asked).toBe(1);
    registry.close();
  });

  it('refuses plain http and private addresses unless the entry allows them', async () => {
    await using server = await scriptedServer();
    const { url } = server;
    for (const options of [{}, { allowInsecure: true }, { allowPrivate: true }]) {
      const registry = createHttpRegistry({ host: 'r.example', url, ...options });
      expect(await codeOf(registry.headManifest({ repository: 'a', reference: 'b' }))).toBe('address-blocked');
      registry.close();
    }
    expect(server.requests).toEqual([]);
  });

  it('lets nothing into a path that is no name', async () => {
    await using server = await scriptedServer();
    const registry = clientOf(server);
    for (const repository of ['../admin', 'a/../../b', 'a?x', 'A', 'a//b', 'a b', 'a%2fb', '', 'a\r\nx: y']) {
      expect(await codeOf(registry.getManifest({ repository, reference: 'x' }))).toBe('reference-invalid');
    }
    for (const reference of ['../x', 'a/b', 'sha256:zz', '', 'x\r\ny']) {
      expect(await codeOf(registry.getManifest({ repository: 'a', reference }))).toBe('reference-invalid');
    }
    expect(server.requests).toEqual([]);
    registry.close();
  });
});

describe('a registry that lies about content', () => {
  const read = (registry: ReturnType<typeof clientOf>) => codeOf(collectContent(registry.openBlob(blob), 1e9));

  it('notices a blob that is too long, too short, or another', async () => {
    await using server = await scriptedServer((_, response) => response.end(Buffer.concat([content, Buffer.of(1)])));
    const registry = clientOf(server);
    expect(await read(registry)).toBe('size-mismatch');
    server.answer((_, response) => response.end(content.subarray(1)));
    expect(await read(registry)).toBe('size-mismatch');
    server.answer((_, response) => response.end(randomBytes(content.length)));
    expect(await read(registry)).toBe('digest-mismatch');
    registry.close();
  });

  it('stops an endless blob, manifest, list and token', async () => {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
      endless(response);
    });
    const registry = clientOf(server);
    expect(await read(registry)).toBe('size-mismatch');
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('limit-exceeded');
    const tags = async () => {
      for await (const _ of registry.listTags('a'));
    };
    expect(await codeOf(tags())).toBe('registry-protocol');
    registry.close();
    server.answer((request, response) => {
      if (request.path.startsWith('/token')) endless(response.writeHead(200));
      else response.writeHead(401, { 'www-authenticate': 'Bearer realm="/token"' }).end();
    });
    const second = clientOf(server);
    expect(await codeOf(second.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-protocol');
    second.close();
  });

  it('gives up on a peer that falls silent', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(200).write('x'));
    const registry = clientOf(server, { transport: { idleTimeoutMs: 50 }, retry: { attempts: 1 } });
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-unavailable');
    server.answer(() => {});
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-unavailable');
    registry.close();
  });

  it('ends with the reason of an abort', async () => {
    await using server = await scriptedServer(() => {});
    const registry = clientOf(server);
    const stop = new AbortController();
    const reading = registry.getManifest({ repository: 'a', reference: 'x' }, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await expect(reading).rejects.toThrow('enough');
    await expect(registry.getManifest({ repository: 'a', reference: 'x' }, { signal: stop.signal })).rejects.toThrow(
      'enough',
    );
    registry.close();
  });

  it('does not take a manifest under a wrong digest, by digest or by tag', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(200, { 'docker-content-digest': digestOf('other') }).end('{"schemaVersion":2}'),
    );
    const registry = clientOf(server);
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('digest-mismatch');
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: digest }))).toBe('digest-mismatch');
    expect(await codeOf(registry.headManifest({ repository: 'a', reference: digest }))).toBe('digest-mismatch');
    registry.close();
  });

  it('does not unpack what it did not ask to be packed', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(content),
    );
    const registry = clientOf(server);
    expect(await read(registry)).toBe('registry-protocol');
    registry.close();
  });

  it('does not take another range for the one it asked for', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(206, { 'content-range': 'bytes 0-9/40000' }).end(content.subarray(0, 10)),
    );
    const registry = clientOf(server);
    const range = registry.openBlob(blob, { range: { start: 5, end: 14 } });
    expect(await codeOf(collectContent(range, 100))).toBe('registry-protocol');
    server.answer((_, response) => response.end(content));
    const whole = await collectContent(registry.openBlob(blob, { range: { start: 5, end: 14 } }), 100);
    expect(Buffer.from(whole).equals(content.subarray(5, 15))).toBe(true);
    registry.close();
  });

  it('keeps what a registry says of errors short and printable', async () => {
    const message = `\u001b[2J${'x'.repeat(10_000)}`;
    await using server = await scriptedServer((_, response) =>
      response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message }] })),
    );
    const registry = clientOf(server);
    const error = await registry.getManifest({ repository: 'a', reference: 'x' }).then(
      () => undefined,
      (e: Error) => e,
    );
    expect(error?.message.length).toBeLessThan(500);
    expect(error?.message).not.toContain('\u001b');
    registry.close();
  });
});

it('does not heed a challenge of the host that a redirect led to', async () => {
  await using storage = await scriptedServer((_, response) =>
    response.writeHead(401, { 'www-authenticate': 'Basic realm="give me the password"' }).end(),
  );
  await using server = await scriptedServer((_, response) =>
    response.writeHead(307, { location: `${storage.url}x` }).end(),
  );
  const registry = clientOf(server, { credentials: basic, allowHosts: [storage.url.host] });
  for (let i = 0; i < 2; i++) {
    expect(await codeOf(collectContent(registry.openBlob(blob), 1e6))).toBe('registry-denied');
  }
  expect([...server.requests, ...storage.requests].every((r) => r.authorization === undefined)).toBe(true);
  registry.close();
});
