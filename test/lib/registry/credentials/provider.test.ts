import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import {
  type CredentialPorts,
  createCredentialProvider,
} from '../../../../lib/registry/credentials/create-provider.ts';
import { type CredentialsConfig, credentialsSchema } from '../../../../lib/registry/credentials/model.ts';
import { parseSecret } from '../../../../lib/registry/credentials/parse-secret.ts';
import type { TokenRequest } from '../../../../lib/registry/credentials/ports.ts';
import { codeOf } from '../../../contract/registry.contract.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const audience = { host: 'demo.azurecr.io', url: new URL('https://demo.azurecr.io') };

/** Sources and services that say what the test wants, and remember what they were asked. */
function world(texts: Record<string, string> = {}, answers: readonly unknown[] = []) {
  const clock = manualClock('2026-05-01T12:00:00.000Z');
  const read: string[] = [];
  const posted: TokenRequest[] = [];
  const marks = new Map<string, string>();
  const left = [...answers];
  const ports: CredentialPorts = {
    clock,
    secrets: {
      async read(source) {
        const key = Object.values(source)[0] as string;
        read.push(key);
        return texts[key] ?? '';
      },
    },
    services: {
      async post(request) {
        posted.push(request);
        return left.shift();
      },
    },
    workload: { tokenOf: async () => 'workload-token' },
    aws: {
      callerProof: async (resource) => `proof for ${resource}`,
      ecrPublicPassword: async () => ({ password: 'pub', expiresAt: new Date(clock.now().getTime() + 12 * 3_600_000) }),
    },
    logins: { loginOf: async (host) => ({ kind: 'basic', username: 'me', password: `login at ${host}` }) },
    changes: { markOf: async (source) => marks.get(Object.values(source)[0] as string) },
  };
  const provider = (config: unknown) => createCredentialProvider(credentialsSchema.parse(config), audience, ports);
  return { clock, read, posted, marks, texts, provider, ports, push: (...more: unknown[]) => left.push(...more) };
}

const claimsOf = (jwt: string): Record<string, unknown> => {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const valid = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    Buffer.from(signature, 'base64url'),
  );
  expect(valid).toBe(true);
  return {
    ...JSON.parse(Buffer.from(header, 'base64url').toString()),
    ...JSON.parse(Buffer.from(payload, 'base64url').toString()),
  };
};

describe('what a source holds', () => {
  it.each<[string, string, Parameters<typeof parseSecret>[2], unknown]>([
    ['JSON with a password', '{"username":"u","password":"p"}', {}, { kind: 'basic', username: 'u', password: 'p' }],
    ['JSON with a bearer token', '{"token":"t"}', {}, { kind: 'bearer', token: 't' }],
    ['JSON with an identity token', '{"identityToken":"i"}', {}, { kind: 'identity-token', token: 'i' }],
    [
      "Docker's spelling of it",
      '{"username":"<token>","identitytoken":"i"}',
      {},
      { kind: 'identity-token', token: 'i' },
    ],
    ['a bare password and its line end', 'p:w\n', { username: 'u' }, { kind: 'basic', username: 'u', password: 'p:w' }],
    [
      'a GitHub token',
      'ghp_1\n',
      { token: 'github' },
      { kind: 'basic', username: 'x-access-token', password: 'ghp_1' },
    ],
    ['a job token', 'j', { token: 'gitlab-job' }, { kind: 'basic', username: 'gitlab-ci-token', password: 'j' }],
    [
      'a Google token',
      'ya29.x',
      { token: 'google-access' },
      { kind: 'basic', username: 'oauth2accesstoken', password: 'ya29.x' },
    ],
    [
      'a Google key',
      '{"type":\n"x"}',
      { token: 'google-key' },
      { kind: 'basic', username: '_json_key', password: '{"type":\n"x"}' },
    ],
    ['an application of Quay', 'q', { token: 'quay-oauth' }, { kind: 'basic', username: '$oauthtoken', password: 'q' }],
    ['a refresh token', 'r', { token: 'identity' }, { kind: 'identity-token', token: 'r' }],
    ['a bearer token', 'b', { token: 'bearer' }, { kind: 'bearer', token: 'b' }],
  ])('is read from %s', (_, text, as, expected) => {
    expect(parseSecret(text, 'the secret "s"', as).credentials).toEqual(expected);
  });

  it('ends when it says so, or when its token does', () => {
    const jwt = `h.${Buffer.from('{"exp":1893456000}').toString('base64url')}.s`;
    const end = new Date('2030-01-01T00:00:00.000Z');
    expect(parseSecret(jwt, 's', { username: 'u' }).expiresAt).toEqual(end);
    expect(parseSecret(JSON.stringify({ token: jwt }), 's').expiresAt).toEqual(end);
    expect(parseSecret('{"username":"u","password":"p","expiresAt":"2030-01-01T00:00:00Z"}', 's').expiresAt).toEqual(
      end,
    );
    expect(parseSecret('plain', 's', { username: 'u' }).expiresAt).toBeUndefined();
  });

  it.each<[string, string, Parameters<typeof parseSecret>[2]]>([
    ['nothing', '', {}],
    ['something else', '{"user":"hunter2"}', {}],
    ['half a JSON', '{"username":"u","password":"hunter2"', {}],
    ['a key twice', '{"username":"u","password":"hunter2","password":"x"}', {}],
    ['a bare text that nobody explains', 'hunter2', {}],
    ['a line end inside of a token', 'hunter2\r\nx-evil: 1', { token: 'bearer' }],
    ['a line end inside of a GitHub token', 'hunter2\nx-evil: 1', { token: 'github' }],
    ['a line end inside of a password', '{"username":"u","password":"hunter2\\r\\nx: 1"}', {}],
    ['a line end inside of a user name', '{"username":"u\\r\\nx: 1","password":"hunter2"}', {}],
    ['a colon in a user name', '{"username":"u:v","password":"hunter2"}', {}],
    ['a NUL', '{"token":"hunter2\\u0000"}', {}],
  ])('is refused, without being repeated, where it is %s', (_, text, as) => {
    let error: unknown;
    try {
      parseSecret(text, 'the secret "s"', as);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'credentials-invalid' });
    expect((error as Error).cause).toBeUndefined();
    expect(String((error as Error).message)).toContain('the secret "s"');
    expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toContain('hunter2');
  });
});

describe('a provider', () => {
  const secret = { kind: 'secret', secret: 's' };
  const text = (password: string) => JSON.stringify({ username: 'u', password });

  it('reads once for many, and again after five minutes', async () => {
    const { provider, read, clock } = world({ s: text('1') });
    const one = provider(secret);
    await Promise.all([one.current(), one.current(), one.current()]);
    clock.advance(4 * 60_000);
    await one.current();
    expect(read).toEqual(['s']);
    clock.advance(60_001);
    await one.current();
    expect(read).toEqual(['s', 's']);
  });

  it('reads again when a change was noted, which it asks for every 15 seconds at most', async () => {
    const { provider, read, clock, marks, texts } = world({ s: text('1') });
    const one = provider(secret);
    await one.current();
    marks.set('s', 'v2');
    texts.s = text('2');
    expect((await one.current()).credentials).toMatchObject({ password: '1' });
    clock.advance(15_001);
    expect((await one.current()).credentials).toMatchObject({ password: '2' });
    clock.advance(15_001);
    await one.current();
    expect(read).toHaveLength(2);
  });

  it('goes on with what it has where nobody can tell of changes', async () => {
    const { provider, clock, ports } = world({ s: text('1') });
    const blind = createCredentialProvider(credentialsSchema.parse(secret), audience, {
      ...ports,
      changes: { markOf: async () => Promise.reject(new Error('throttled')) },
    });
    await blind.current();
    clock.advance(60_000);
    expect((await blind.current()).credentials).toMatchObject({ password: '1' });
    expect(provider).toBeDefined();
  });

  it('reads again once when refused, and not on and on where a registry refuses everything', async () => {
    const { provider, read, texts, clock } = world({ s: text('1') });
    const one = provider(secret);
    const { credentials } = await one.current();
    expect(await one.renew(credentials)).toBeUndefined();
    expect(await one.renew(credentials)).toBeUndefined();
    expect(read).toHaveLength(2);
    clock.advance(30_001);
    texts.s = text('2');
    const renewed = await one.renew(credentials);
    expect(renewed).toMatchObject({ password: '2' });
    // Who was refused with the old ones a moment later gets the new ones without another reading.
    expect(await one.renew(credentials)).toEqual(renewed);
    expect(read).toHaveLength(3);
  });

  it('tries again after a failure', async () => {
    const { provider, texts } = world({});
    const one = provider(secret);
    expect(await codeOf(one.current())).toBe('credentials-invalid');
    texts.s = text('1');
    expect((await one.current()).credentials).toMatchObject({ password: '1' });
  });

  it('takes the logins of this machine, and the public gallery', async () => {
    const { provider } = world();
    expect((await provider({ kind: 'docker-config' }).current()).credentials).toMatchObject({
      password: 'login at demo.azurecr.io',
    });
    expect((await provider({ kind: 'ecr-public' }).current()).credentials).toEqual({
      ...{ kind: 'basic', username: 'AWS', password: 'pub' },
    });
  });
});

describe('what is exchanged', () => {
  it("is a service account's key for an access token, at Google and not where the key says", async () => {
    const key = {
      client_email: 'l@p.iam.gserviceaccount.com',
      private_key: PEM,
      private_key_id: 'k1',
      token_uri: 'https://evil.example/',
    };
    const { provider, posted, clock, push } = world({ k: JSON.stringify(key) }, [
      { access_token: 'ya29.a', expires_in: 3600 },
    ]);
    const one = provider({ kind: 'google-service-account', key: { secret: 'k' } });
    const { credentials, expiresAt } = await one.current();
    expect(credentials).toEqual({ kind: 'basic', username: 'oauth2accesstoken', password: 'ya29.a' });
    expect(expiresAt).toEqual(new Date('2026-05-01T13:00:00.000Z'));
    expect(posted[0]?.url.href).toBe('https://oauth2.googleapis.com/token');
    expect(posted[0]?.form?.grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const now = clock.now().getTime() / 1000;
    expect(claimsOf(posted[0]?.form?.assertion ?? '')).toEqual({
      ...{ alg: 'RS256', typ: 'JWT', kid: 'k1', iss: key.client_email, aud: 'https://oauth2.googleapis.com/token' },
      ...{ scope: 'https://www.googleapis.com/auth/cloud-platform', iat: now, exp: now + 3600 },
    });
    clock.advance(47 * 60_000);
    await one.current();
    expect(posted).toHaveLength(1);
    clock.advance(60_001);
    push({ access_token: 'ya29.b', expires_in: '3600' });
    expect((await one.current()).credentials).toMatchObject({ password: 'ya29.b' });
  });

  it('is our AWS role for an access token of a service account', async () => {
    const pool = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws';
    const { provider, posted } = world({}, [
      { access_token: 'federated', expires_in: 3600 },
      { accessToken: 'ya29.sa', expireTime: '2026-05-01T12:30:00Z' },
    ]);
    const config = { kind: 'google-federation', audience: pool, serviceAccount: 'l@p.iam.gserviceaccount.com' };
    expect(await provider(config).current()).toEqual({
      credentials: { kind: 'basic', username: 'oauth2accesstoken', password: 'ya29.sa' },
      expiresAt: new Date('2026-05-01T12:30:00Z'),
    });
    expect(posted[0]).toMatchObject({
      json: {
        audience: pool,
        subjectToken: `proof for ${pool}`,
        subjectTokenType: 'urn:ietf:params:aws:token-type:aws4_request',
      },
    });
    expect(posted[1]?.url.href).toBe(
      'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/l@p.iam.gserviceaccount.com:generateAccessToken',
    );
    expect(posted[1]?.headers).toEqual({ authorization: 'Bearer federated' });
    const oidc = world({}, [{ access_token: 'direct' }]);
    await oidc.provider({ kind: 'google-federation', audience: pool, token: { file: '/token' } }).current();
    expect(oidc.posted[0]).toMatchObject({
      json: { subjectToken: 'workload-token', subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt' },
    });
  });

  it("is a GitHub App's key for an installation's token", async () => {
    const { provider, posted, clock } = world({ k: PEM }, [{ token: 'ghs_1', expires_at: '2026-05-01T13:00:00Z' }]);
    const one = provider({ kind: 'github-app', appId: '42', installationId: '7', key: { secret: 'k' } });
    expect(await one.current()).toEqual({
      credentials: { kind: 'basic', username: 'x-access-token', password: 'ghs_1' },
      expiresAt: new Date('2026-05-01T13:00:00Z'),
    });
    expect(posted[0]?.url.href).toBe('https://api.github.com/app/installations/7/access_tokens');
    const now = clock.now().getTime() / 1000;
    const jwt = posted[0]?.headers?.authorization?.replace('Bearer ', '') ?? '';
    expect(claimsOf(jwt)).toEqual({ alg: 'RS256', typ: 'JWT', iss: '42', iat: now - 60, exp: now + 540 });
  });

  it('is an Entra application for a refresh token of the registry', async () => {
    const refresh = `h.${Buffer.from('{"exp":1777647600}').toString('base64url')}.s`;
    const client = { kind: 'acr', tenant: 'contoso.example', clientId: '11111111-2222-3333-4444-555555555555' };
    const { provider, posted } = world({ c: 'client secret'.replace(' ', '~') }, [
      { access_token: 'entra', expires_in: 3599 },
      { refresh_token: refresh },
    ]);
    expect(await provider({ ...client, secret: { secret: 'c' } }).current()).toEqual({
      credentials: { kind: 'identity-token', token: refresh },
      expiresAt: new Date(1777647600 * 1000),
    });
    expect(posted.map(({ url }) => url.href)).toEqual([
      'https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token',
      'https://demo.azurecr.io/oauth2/exchange',
    ]);
    expect(posted[0]?.form).toMatchObject({
      client_secret: 'client~secret',
      scope: 'https://containerregistry.azure.net/.default',
    });
    expect(posted[1]?.form).toEqual({
      grant_type: 'access_token',
      service: 'demo.azurecr.io',
      tenant: 'contoso.example',
      access_token: 'entra',
    });
    const federated = world({}, [{ access_token: 'entra' }, { refresh_token: refresh }]);
    await federated.provider({ ...client, token: { variable: 'T' } }).current();
    expect(federated.posted[0]?.form).toMatchObject({ client_assertion: 'workload-token' });
  });

  const tokenless: readonly unknown[] = [
    {},
    { access_token: '' },
    { access_token: 'a b' },
    { access_token: 'a\r\nx: 1' },
    undefined,
    [],
    { access_token: 7 },
  ];
  it.each(tokenless)('is nothing where the answer is %j', async (answer) => {
    const key = { client_email: 'l@p.iam.gserviceaccount.com', private_key: PEM };
    const { provider } = world({ k: JSON.stringify(key) }, [answer]);
    const config: CredentialsConfig = { kind: 'google-service-account', key: { secret: 'k' } };
    expect(await codeOf(provider(config).current())).toBe('registry-protocol');
  });

  it.each([
    PEM.slice(0, 200),
    'hunter2',
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ])('is refused with a key that is none, which is not repeated', async (key) => {
    const { provider, posted } = world({ k: key });
    const error = await provider({ kind: 'github-app', appId: '42', installationId: '7', key: { secret: 'k' } })
      .current()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'credentials-invalid' });
    expect((error as Error).cause).toBeUndefined();
    expect((error as Error).message).not.toContain(key.slice(0, 40));
    expect(posted).toEqual([]);
  });
});
