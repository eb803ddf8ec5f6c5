import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, type Handler, scriptedServer } from './scripted-server.ts';

const MANIFEST = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
const INDEX = { 'content-type': 'application/vnd.oci.image.index.v1+json' };

/** A registry with a token service; a token names its scopes, and only the newest token of each scope holds. */
const withTokens = (options: { readonly expiresIn?: number; readonly field?: string } = {}): Handler => {
  let issued = 0;
  const valid = new Set<string>();
  return (request, response) => {
    const url = new URL(request.path, 'http://x');
    if (url.pathname === '/token') {
      const token = `${url.searchParams
        .getAll('scope')
        .join('+')
        .replaceAll(/[^a-z:,+/]/g, '')}.${++issued}`;
      valid.add(`Bearer ${token}`);
      response.end(JSON.stringify({ [options.field ?? 'token']: token, expires_in: options.expiresIn }));
    } else if (valid.has(request.authorization ?? '')) response.writeHead(200, INDEX).end(MANIFEST);
    else
      response
        .writeHead(401, { 'www-authenticate': 'Bearer realm="/token",service="reg",scope="registry:catalog:*"' })
        .end();
  };
};

const basic = async () => ({ kind: 'basic' as const, username: 'robot', password: 's:cret' });
const tokensAsked = (requests: readonly { readonly path: string }[]): string[] =>
  requests.filter((r) => r.path.startsWith('/token')).map((r) => r.path);

describe('bearer tokens', () => {
  it.each(['token', 'access_token'])('asks once for the scope it needs and keeps the %s', async (field) => {
    await using server = await scriptedServer(withTokens({ field, expiresIn: 300 }));
    const registry = clientOf(server, { credentials: basic });
    for (let i = 0; i < 3; i++) expect(await registry.getManifest({ repository: 'a/b', reference: 'x' })).toBeDefined();
    const scope = encodeURIComponent('repository:a/b:pull');
    expect(tokensAsked(server.requests)).toEqual([`/token?service=reg&scope=${scope}`]);
    const withPassword = server.requests.filter((r) => r.authorization?.startsWith('Basic'));
    expect(withPassword.map((r) => r.path)).toEqual(tokensAsked(server.requests));
    expect(withPassword[0]?.authorization).toBe(`Basic ${Buffer.from('robot:s:cret').toString('base64')}`);
    registry.close();
  });

  it('asks for another token for another repository, for pushing, and for both sides of a mount', async () => {
    await using server = await scriptedServer(withTokens());
    const registry = clientOf(server);
    await registry.getManifest({ repository: 'a', reference: 'x' });
    await registry.getManifest({ repository: 'b', reference: 'x' });
    await codeOf(registry.mountBlob({ repository: 'a', from: 'b', digest: `sha256:${'a'.repeat(64)}` }));
    expect(tokensAsked(server.requests).map((path) => new URL(path, 'http://x').searchParams.getAll('scope'))).toEqual([
      ['repository:a:pull'],
      ['repository:b:pull'],
      ['repository:a:pull,push', 'repository:b:pull'],
    ]);
    registry.close();
  });

  it('asks once for many requests at once', async () => {
    await using server = await scriptedServer(withTokens());
    const registry = clientOf(server);
    await registry.getManifest({ repository: 'a', reference: 'x' });
    const before = tokensAsked(server.requests).length;
    await Promise.all(Array.from({ length: 20 }, () => registry.getManifest({ repository: 'b', reference: 'x' })));
    expect(tokensAsked(server.requests).length - before).toBe(1);
    registry.close();
  });

  it('renews a token before it ends', async () => {
    const clock = manualClock();
    await using server = await scriptedServer(withTokens({ expiresIn: 100 }));
    const registry = clientOf(server, { clock });
    const get = () => registry.getManifest({ repository: 'a', reference: 'x' });
    await get();
    clock.advance(79_000);
    await get();
    expect(tokensAsked(server.requests)).toHaveLength(1);
    clock.advance(2_000);
    await get();
    expect(tokensAsked(server.requests)).toHaveLength(2);
    registry.close();
  });

  it('takes a new token when one is refused, and gives up when that is refused too', async () => {
    const handler = withTokens();
    await using server = await scriptedServer(handler);
    const registry = clientOf(server);
    const get = () => registry.getManifest({ repository: 'a', reference: 'x' });
    await get();
    const challenge = { 'www-authenticate': 'Bearer realm="/token"' };
    let refusals = 1;
    server.answer((request, response, raw) => {
      if (request.path.startsWith('/token') || refusals-- <= 0) handler(request, response, raw);
      else response.writeHead(401, challenge).end();
    });
    expect(await get()).toBeDefined();
    refusals = 10;
    expect(await codeOf(get())).toBe('registry-denied');
    expect(refusals).toBe(8);
    registry.close();
  });

  it.each([
    ['no token', '{}'],
    ['an empty token', '{"token":""}'],
    ['a token with a line break', '{"token":"a\\r\\nx-evil: 1"}'],
    ['no JSON', '<html>'],
    ['a token twice', '{"token":"a","token":"b"}'],
  ])('refuses an answer with %s', async (_, body) => {
    await using server = await scriptedServer((request, response) => {
      if (request.path.startsWith('/token')) response.end(body);
      else response.writeHead(401, { 'www-authenticate': 'Bearer realm="/token"' }).end();
    });
    const registry = clientOf(server);
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-protocol');
    registry.close();
  });

  it('says denied where the token service does', async () => {
    await using server = await scriptedServer((request, response) =>
      response
        .writeHead(request.path.startsWith('/token') ? 403 : 401, { 'www-authenticate': 'Bearer realm="/token"' })
        .end(),
    );
    const registry = clientOf(server, { credentials: basic });
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-denied');
    registry.close();
  });
});

describe('basic and fixed credentials', () => {
  it('sends the password only after the registry asked, and then with each request', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.authorization) response.writeHead(200, INDEX).end(MANIFEST);
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });
    const registry = clientOf(server, { credentials: basic });
    for (let i = 0; i < 2; i++) await registry.getManifest({ repository: 'a', reference: 'x' });
    expect(server.requests.map((r) => r.authorization !== undefined)).toEqual([false, true, true]);
    registry.close();
  });

  it('is denied without credentials, without asking again and again', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r", Negotiate' }).end(),
    );
    const registry = clientOf(server);
    expect(await codeOf(registry.getManifest({ repository: 'a', reference: 'x' }))).toBe('registry-denied');
    expect(server.requests).toHaveLength(1);
    registry.close();
  });

  it('sends a fixed token as it is', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(200, INDEX).end(MANIFEST));
    const registry = clientOf(server, { credentials: async () => ({ kind: 'bearer', token: 'abc' }) });
    await registry.getManifest({ repository: 'a', reference: 'x' });
    expect(server.requests[0]?.authorization).toBe('Bearer abc');
    registry.close();
  });
});
