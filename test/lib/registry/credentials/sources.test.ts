import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openKmsService } from '../../../../infra/local/services/kms/index.ts';
import { openSsmService } from '../../../../infra/local/services/ssm/index.ts';
import { callerProof } from '../../../../lib/aws/roles.ts';
import { createAwsIdentity } from '../../../../lib/registry/adapters/credentials/aws-identity.ts';
import { createSecretReader } from '../../../../lib/registry/adapters/credentials/read-secrets.ts';
import { createWorkloadTokens } from '../../../../lib/registry/adapters/credentials/workload-tokens.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../support/service-server.ts';
import { scriptedServer } from '../http/scripted-server.ts';

const region = 'eu-central-1';
const keys = async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'session' });
const near = { allowInsecure: true, allowPrivate: true };
const folder = mkdtempSync(join(tmpdir(), 'lading-sources-'));
let server: ServiceServer;

beforeAll(async () => {
  const accountId = '000000000000';
  const kms = await openKmsService({ directory: folder, accountId });
  const ssm = await openSsmService({ directory: folder, accountId, sealer: kms.sealerFor('ssm') });
  server = await startServiceServer({ services: [ssm], allow: (principal) => principal !== 'nobody' });
  const client = new SSMClient({ region, endpoint: server.endpoint, credentials: credentialsOf(), maxAttempts: 1 });
  await client.send(new PutParameterCommand({ Name: '/lading/hub', Value: 'dckr_oat_1', Type: 'SecureString' }));
  client.destroy();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe('the Parameter Store', () => {
  const reader = (principal: string) =>
    createSecretReader({
      parameters: { endpoint: server.endpoint, region, credentials: async () => credentialsOf(principal) },
    });

  it('gives a SecureString in clear, by exactly the right that the stack grants', async () => {
    expect(await reader('developer').read({ parameter: '/lading/hub' })).toBe('dckr_oat_1');
    expect(server.asked.at(-1)).toBe('ssm:GetParameter arn:aws:ssm:eu-central-1:000000000000:parameter/lading/hub');
  });

  it('says why it gives nothing, and names what was asked for', async () => {
    const missing = reader('developer').read({ parameter: '/lading/none' });
    await expect(missing).rejects.toMatchObject({
      code: 'credentials-unavailable',
      message: expect.stringContaining('the parameter "/lading/none" cannot be read (ParameterNotFound)'),
    });
    await expect(reader('nobody').read({ parameter: '/lading/hub' })).rejects.toMatchObject({
      message: expect.stringContaining('AccessDeniedException'),
    });
  });

  it('is not asked for what only people have', async () => {
    const variable = createSecretReader({}).read({ variable: 'HOME' });
    expect(await codeOf(variable)).toBe('credentials-unavailable');
    const environment = { TOKEN: 'ghp_1', EMPTY: '' };
    expect(await createSecretReader({ environment }).read({ variable: 'TOKEN' })).toBe('ghp_1');
    for (const name of ['EMPTY', 'NONE', 'toString'])
      expect(await codeOf(createSecretReader({ environment }).read({ variable: name }))).toBe(
        'credentials-unavailable',
      );
  });
});

describe('the OIDC token of a workload', () => {
  it('is in a file or a variable', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'eyJ.file.sig\n');
    const tokens = createWorkloadTokens({ CI_TOKEN: 'eyJ.variable.sig', BROKEN: 'a\nb' });
    expect(await tokens.tokenOf({ file })).toBe('eyJ.file.sig');
    expect(await tokens.tokenOf({ variable: 'CI_TOKEN' })).toBe('eyJ.variable.sig');
    expect(await codeOf(tokens.tokenOf({ file: `${file}-none` }))).toBe('credentials-unavailable');
    expect(await codeOf(tokens.tokenOf({ variable: 'NONE' }))).toBe('credentials-unavailable');
    expect(await codeOf(tokens.tokenOf({ variable: 'BROKEN' }))).toBe('credentials-invalid');
  });

  it("is asked of GitHub's runner, for the audience that it is meant for", async () => {
    await using runner = await scriptedServer((request, response) => {
      const { searchParams } = new URL(request.path, 'http://x');
      if (request.authorization !== 'Bearer runner') return void response.writeHead(401).end('{}');
      response.end(JSON.stringify({ count: 1, value: `eyJ.${searchParams.get('audience')}.sig` }));
    });
    const environment = (token: string) => ({
      ACTIONS_ID_TOKEN_REQUEST_URL: `${runner.url.href}token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
    });
    const asked = { githubAudience: 'sts.amazonaws.com' };
    expect(await createWorkloadTokens(environment('runner'), near).tokenOf(asked)).toBe('eyJ.sts.amazonaws.com.sig');
    expect(runner.requests[0]?.path).toBe('/token?api-version=2&audience=sts.amazonaws.com');
    expect(await codeOf(createWorkloadTokens(environment('other'), near).tokenOf(asked))).toBe(
      'credentials-unavailable',
    );
    expect(await codeOf(createWorkloadTokens({}, near).tokenOf(asked))).toBe('credentials-unavailable');
  });
});

describe('our identity at AWS', () => {
  it('is proven by a signed request that is made out to one resource', async () => {
    const pool = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws';
    const proof = JSON.parse(decodeURIComponent(await callerProof(pool, keys))) as {
      readonly url: string;
      readonly method: string;
      readonly headers: readonly { readonly key: string; readonly value: string }[];
    };
    const headers = new Map(proof.headers.map(({ key, value }) => [key.toLowerCase(), value]));
    expect(proof.method).toBe('POST');
    expect(proof.url).toMatch(
      /^https:\/\/sts\.[a-z0-9-]+\.amazonaws\.com\/\?Action=GetCallerIdentity&Version=2011-06-15$/,
    );
    expect(headers.get('x-goog-cloud-target-resource')).toBe(pool);
    expect(headers.get('x-amz-security-token')).toBe('session');
    expect(headers.get('authorization')).toMatch(/SignedHeaders=[^,]*x-goog-cloud-target-resource/);
    expect(headers.get('host')).toBe(new URL(proof.url).host);
  });

  it('is the password of the public gallery', async () => {
    const password = Buffer.from('AWS:the password').toString('base64').replace('=', '');
    await using gallery = await scriptedServer((_, response) =>
      response.end(JSON.stringify({ authorizationData: { authorizationToken: password, expiresAt: 1893456000 } })),
    );
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    const identity = createAwsIdentity(createWorkloadTokens({}), { ecrPublicEndpoint: gallery.url.href });
    // A password with a space in it is none.
    expect(await codeOf(identity.ecrPublicPassword(undefined))).toBe('registry-protocol');
    gallery.answer((_, response) => {
      const authorizationToken = Buffer.from('AWS:ey.pub').toString('base64');
      response.end(JSON.stringify({ authorizationData: { authorizationToken, expiresAt: 1893456000 } }));
    });
    expect(await identity.ecrPublicPassword(undefined)).toEqual({
      password: 'ey.pub',
      expiresAt: new Date('2030-01-01T00:00:00.000Z'),
    });
    gallery.answer((_, response) => response.writeHead(400).end('{"__type":"AccessDeniedException"}'));
    expect(await codeOf(identity.ecrPublicPassword(undefined))).toBe('registry-denied');
  });
});
