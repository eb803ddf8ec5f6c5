import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { callJson } from '../../../../lib/aws/json-call.ts';
import { roleCredentials } from '../../../../lib/aws/roles.ts';
import { callService } from '../../../../lib/registry/adapters/credentials/call-service.ts';
import { createTokenServices } from '../../../../lib/registry/adapters/credentials/token-services.ts';
import { createRegistries } from '../../../../lib/registry/adapters/open-registries.ts';
import type { RegistryCredentials } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, scriptedServer } from '../http/scripted-server.ts';

const MANIFEST = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
const INDEX = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
const near = { allowInsecure: true, allowPrivate: true };
const at = { repository: 'team/app', reference: 'latest' };
const identity = async (): Promise<RegistryCredentials> => ({ kind: 'identity-token', token: 'refresh-me' });
const keys = async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'secret' });
const endless = (response: ServerResponse): void => {
  const chunk = Buffer.alloc(256 * 1024, 0x20);
  const more = (): void => {
    while (response.write(chunk));
    response.once('drain', more);
  };
  more();
};
const challenge = (realm: string, service = 'reg') => ({
  'www-authenticate': `Bearer realm="${realm}",service="${service}"`,
});

describe('an identity token', () => {
  it('is exchanged at the realm by a form, with the scopes joined, and never put into a URL or a header', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.path === '/oauth2/token') response.end('{"access_token":"opened"}');
      else if (request.authorization === 'Bearer opened') response.writeHead(200, INDEX).end(MANIFEST);
      else response.writeHead(401, challenge('/oauth2/token')).end();
    });
    const registry = clientOf(server, { credentials: identity });
    await registry.getManifest(at);
    await codeOf(registry.mountBlob({ repository: 'a', from: 'b', digest: `sha256:${'a'.repeat(64)}` }));
    const asked = server.requests.filter(({ path }) => path.startsWith('/oauth2'));
    const forms = asked.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));
    const common = { grant_type: 'refresh_token', client_id: 'lading', service: 'reg', refresh_token: 'refresh-me' };
    expect(forms).toEqual([
      { ...common, scope: 'repository:team/app:pull' },
      { ...common, scope: 'repository:a:pull,push repository:b:pull' },
    ]);
    expect(asked.every(({ method, path }) => method === 'POST' && path === '/oauth2/token')).toBe(true);
    expect(server.requests.some(({ authorization }) => authorization?.includes('refresh-me'))).toBe(false);
    registry.close();
  });

  it('is told to no foreign realm', async () => {
    await using evil = await scriptedServer((_, response) => response.end('{"access_token":"t"}'));
    await using server = await scriptedServer((_, response) =>
      response.writeHead(401, challenge(`${evil.url}token`)).end(),
    );
    const registry = clientOf(server, { credentials: identity });
    expect(await codeOf(registry.getManifest(at))).toBe('address-blocked');
    expect(evil.requests).toEqual([]);
    registry.close();
  });

  it('goes no further when the realm redirects', async () => {
    await using evil = await scriptedServer((_, response) => response.end('{"access_token":"t"}'));
    await using server = await scriptedServer((request, response) => {
      if (request.path === '/token') response.writeHead(307, { location: `${evil.url}token` }).end();
      else response.writeHead(401, challenge('/token')).end();
    });
    const registry = clientOf(server, { credentials: identity, allowHosts: [evil.url.host] });
    expect(await codeOf(registry.getManifest(at))).toBe('registry-protocol');
    expect(evil.requests).toEqual([]);
    registry.close();
  });

  it('is denied, and not tried as a password, where the realm does not take it any more', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.path === '/token') response.writeHead(400).end('{"error":"invalid_grant"}');
      else response.writeHead(401, challenge('/token')).end();
    });
    const registry = clientOf(server, { credentials: identity });
    expect(await codeOf(registry.getManifest(at))).toBe('registry-denied');
    registry.close();
    await using basic = await scriptedServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
    );
    const other = clientOf(basic, { credentials: identity });
    expect(await codeOf(other.getManifest(at))).toBe('registry-denied');
    expect(basic.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    other.close();
  });
});

describe('a token for another registry', () => {
  it('is not asked for: the name at the token service must be the expected one', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.path.startsWith('/token')) response.end('{"token":"good at the bank"}');
      else response.writeHead(401, challenge('/token', 'bank.example')).end();
    });
    const credentials = async () => ({ kind: 'basic' as const, username: 'u', password: 'p' });
    const registry = clientOf(server, { credentials, service: 'reg' });
    expect(await codeOf(registry.getManifest(at))).toBe('registry-protocol');
    expect(server.requests.filter(({ path }) => path.startsWith('/token'))).toEqual([]);
    registry.close();
  });

  it('is not used there: each registry has tokens and credentials of its own, also at one token service', async () => {
    await using tokens = await scriptedServer((request, response) => {
      const service = new URL(request.path, 'http://x').searchParams.get('service');
      response.end(JSON.stringify({ token: `for-${service}` }));
    });
    const registryNamed = (name: string) =>
      scriptedServer((request, response) => {
        if (request.authorization === `Bearer for-${name}`) response.writeHead(200, INDEX).end(MANIFEST);
        else response.writeHead(401, challenge(`${tokens.url}token`, name)).end();
      });
    await using one = await registryNamed('one');
    await using two = await registryNamed('two');
    const entry = (host: string, url: URL) => ({
      ...{ kind: 'distribution' as const, host, url: url.href, ...near, allowHosts: [tokens.url.host] },
      credentials: { kind: 'basic' as const, username: host, password: `p of ${host}` },
    });
    const registries = createRegistries({ entries: [entry('one.example', one.url), entry('two.example', two.url)] });
    for (const host of ['one.example', 'two.example', 'one.example'])
      await (await registries.open(host)).getManifest(at);
    for (const [server, name] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      const sent = new Set(server.requests.map(({ authorization }) => authorization));
      expect(sent).toEqual(new Set([undefined, `Bearer for-${name}`]));
    }
    const users = tokens.requests.map(({ path, authorization }) => [
      new URL(path, 'http://x').searchParams.get('service'),
      Buffer.from(authorization?.split(' ')[1] ?? '', 'base64').toString(),
    ]);
    expect(users).toEqual([
      ['one', 'one.example:p of one.example'],
      ['two', 'two.example:p of two.example'],
    ]);
  });
});

describe('a refusal', () => {
  it.each(['Basic', 'Bearer'])(
    'has the secret read again once, and the request repeated with the new one (%s)',
    async (scheme) => {
      let valid = 'old';
      let held = 'old';
      let closed = false;
      const header = (secret: string): string =>
        scheme === 'Basic' ? `Basic ${Buffer.from(`u:${secret}`).toString('base64')}` : `Bearer t-${secret}`;
      await using server = await scriptedServer((request, response) => {
        if (request.path.startsWith('/token')) {
          const [, given = ''] = Buffer.from(request.authorization?.split(' ')[1] ?? '', 'base64')
            .toString()
            .split(':');
          if (given === valid && !closed) response.end(JSON.stringify({ token: `t-${given}` }));
          else response.writeHead(401).end();
        } else if (!closed && request.authorization === header(valid)) response.writeHead(200, INDEX).end(MANIFEST);
        else
          response
            .writeHead(401, scheme === 'Basic' ? { 'www-authenticate': 'Basic realm="r"' } : challenge('/token'))
            .end();
      });
      const make = (password: string): RegistryCredentials => ({ kind: 'basic', username: 'u', password });
      let reads = 0;
      const registry = clientOf(server, {
        credentials: async () => make(held),
        renewCredentials: async () => {
          reads += 1;
          if (held === valid) return undefined;
          held = valid;
          return make(held);
        },
      });
      await registry.getManifest(at);
      valid = 'new';
      expect(await registry.getManifest(at)).toBeDefined();
      expect(reads).toBe(1);
      closed = true;
      valid = 'newer';
      const before = server.requests.length;
      const renewing = registry.getManifest(at);
      expect(await codeOf(renewing)).toBe('registry-denied');
      expect(server.requests.length - before).toBeLessThanOrEqual(4);
      expect(reads).toBeLessThanOrEqual(3);
      registry.close();
    },
  );

  it('that repeats what we sent is not written into messages', async () => {
    const credentials = async () => ({ kind: 'bearer' as const, token: 'very-secret-token' });
    await using server = await scriptedServer((request, response) =>
      response
        .writeHead(403)
        .end(JSON.stringify({ errors: [{ code: 'DENIED', message: `you sent ${request.authorization}` }] })),
    );
    const registry = clientOf(server, { credentials });
    const error = await registry.getManifest(at).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain('you sent Bearer');
    expect((error as Error).message).not.toContain('very-secret-token');
    registry.close();
  });
});

describe('a service that gives out tokens', () => {
  const services = createTokenServices(near);
  it('is read to 1 MiB and no further', async () => {
    await using server = await scriptedServer((_, response) => endless(response));
    expect(await codeOf(services.post({ url: server.url, form: {} }))).toBe('registry-protocol');
  });

  it('leads nowhere else', async () => {
    await using evil = await scriptedServer((_, response) => response.end('{"access_token":"t"}'));
    await using server = await scriptedServer((_, response) =>
      response.writeHead(307, { location: evil.url.href }).end(),
    );
    expect(await codeOf(services.post({ url: server.url, form: { secret: 's' } }))).toBe('registry-protocol');
    expect(evil.requests).toEqual([]);
  });

  it.each([
    'http://login.example/',
    'https://169.254.169.254/',
    'https://[fd00:ec2::254]/',
    'https://127.0.0.1/',
    'https://u:p@login.example/',
  ])('is not at %s', async (url) => {
    expect(await codeOf(createTokenServices().post({ url: new URL(url), form: {} }))).toBe('address-blocked');
  });

  it('is connected to at the address that was checked, whatever its name resolves to', async () => {
    const resolve = (_name: string, _options: unknown, done: (error: null, found: unknown) => void): void =>
      done(null, [{ address: '169.254.169.254', family: 4 }]);
    const rebound = createTokenServices({ transport: { resolve: resolve as never } });
    expect(await codeOf(rebound.post({ url: new URL('https://login.example/'), form: {} }))).toBe('address-blocked');
  });

  it.each(['token\r\nx-evil: 1', 'token\nx-evil: 1', 'tok\u0000en', 'tökén'])(
    'gets no header that a secret could break out of: %j',
    async (value) => {
      await using server = await scriptedServer((_, response) => response.end('{}'));
      const call = callService({ method: 'GET', url: server.url, headers: { authorization: `Bearer ${value}` } }, near);
      const error = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'credentials-invalid' });
      expect((error as Error).message).not.toContain('evil');
      expect(server.requests).toEqual([]);
    },
  );

  it('is not quoted when it answers nonsense', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(418).end('{"secret":"hunter2"}'));
    const error = await services.post({ url: server.url, form: {} }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'registry-protocol' });
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });
});

describe('AWS', () => {
  const arn = 'arn:aws:iam::999988887777:role/lading';
  it('leads nowhere else: neither a signature nor a token goes along', async () => {
    await using evil = await scriptedServer((_, response) => response.end('{}'));
    await using server = await scriptedServer((_, response) =>
      response.writeHead(307, { location: evil.url.href }).end(),
    );
    const options = { endpoint: server.url.href, credentials: keys };
    expect(await codeOf(roleCredentials({ arn, token: async () => 'jwt' }, options)())).toBe('aws-unreachable');
    const call = callJson({ service: 'ssm', target: 'AmazonSSM.GetParameter', input: {}, ...options });
    expect(await codeOf(call)).toBe('aws-unreachable');
    expect(evil.requests).toEqual([]);
  });

  it('gives the keys of a role, by our signature or by a token without one', async () => {
    const answer = (name: string) =>
      `<${name}Response><${name}Result><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey>` +
      `<SessionToken>t==</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></${name}Result></${name}Response>`;
    await using server = await scriptedServer((request, response) =>
      response.end(answer(new URLSearchParams(request.body.toString()).get('Action') ?? '')),
    );
    let now = Date.parse('2029-12-31T23:00:00Z');
    const options = { endpoint: server.url.href, credentials: keys, now: () => now };
    const own = roleCredentials({ arn, externalId: 'x-1' }, options);
    expect(await own()).toEqual({
      ...{ accessKeyId: 'ASIA1', secretAccessKey: 's/+', sessionToken: 't==' },
      expiration: new Date('2030-01-01T00:00:00Z'),
    });
    await own();
    expect(server.requests).toHaveLength(1);
    now += 56 * 60_000;
    await own();
    await roleCredentials({ arn, externalId: 'x-1', token: async () => 'jwt' }, options)();
    const sent = server.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString())));
    expect(sent[1]).toMatchObject({ Action: 'AssumeRole', RoleArn: arn, ExternalId: 'x-1' });
    expect(sent[2]).toMatchObject({ Action: 'AssumeRoleWithWebIdentity', WebIdentityToken: 'jwt' });
    expect(sent[2]?.ExternalId).toBeUndefined();
    const [signed, , unsigned] = server.requests;
    expect(signed?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/[\w-]+\/sts\/aws4_request/);
    expect(unsigned?.authorization).toBeUndefined();
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['an endless answer', endless, 'aws-protocol'],
    ['a refusal', (response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>'), 'role-denied'],
    ['keys that are none', (response) => response.end('<AccessKeyId>A B</AccessKeyId>'), 'aws-protocol'],
  ])('is not believed with %s', async (_, answer, code) => {
    await using server = await scriptedServer((_request, response) => answer(response));
    const options = { endpoint: server.url.href, credentials: keys };
    expect(await codeOf(roleCredentials({ arn }, options)())).toBe(code);
    if (code !== 'role-denied' && code !== 'aws-protocol') return;
    const input = { ...{ service: 'ssm', target: 'T.Get', input: {} }, ...options };
    expect(await codeOf(callJson(input))).toBe(
      code === 'role-denied' ? 'status-403' : code === 'aws-protocol' && _.startsWith('keys') ? 'json-invalid' : code,
    );
  });
});
