import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { createRegistries } from '../../../lib/registry/adapters/open-registries.ts';
import { secretsManagerCredentials } from '../../../lib/registry/adapters/secrets-manager-credentials.ts';
import { registriesConfigSchema } from '../../../lib/registry/config.ts';
import type { CredentialSource } from '../../../lib/registry/index.ts';
import { codeOf } from '../../contract/registry.contract.ts';
import { scriptedServer } from './http/scripted-server.ts';

describe('the registries of the configuration', () => {
  it('are the only ones that are opened, under any spelling of the host', async () => {
    const registries = createRegistries({ entries: [{ kind: 'distribution', host: 'r.example' }] });
    const registry = await registries.open('R.example');
    expect(registry.host).toBe('r.example');
    expect(await registries.open('r.example')).toBe(registry);
    for (const host of ['r.example:443', 'evil.example', 'r.example.', '']) {
      expect(await codeOf(registries.open(host))).toBe('registry-unknown');
    }
    await expect(registries.open('x.example')).rejects.toMatchObject({ hint: 'known are: r.example' });
  });

  it('use the URL and the secret of their entry', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.authorization) response.writeHead(404).end();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    });
    const asked: string[] = [];
    const credentials: CredentialSource = {
      credentialsOf: async (secret) => {
        asked.push(secret);
        return { kind: 'basic', username: 'robot', password: 'p' };
      },
    };
    const entry = {
      kind: 'distribution' as const,
      host: 'r.example',
      url: server.url.href,
      allowInsecure: true,
      allowPrivate: true,
      credentials: { kind: 'secret' as const, secret: 'registry/robot' },
    };
    const registry = await createRegistries({ entries: [entry] }, { credentials }).open('r.example');
    expect(await registry.headManifest({ repository: 'a', reference: 'b' })).toBeUndefined();
    expect(new Set(asked)).toEqual(new Set(['registry/robot']));
    const blind = await createRegistries({ entries: [entry] }).open('r.example');
    expect(await codeOf(blind.headManifest({ repository: 'a', reference: 'b' }))).toBe('configuration-invalid');
  });

  it('need an ECR client for an ECR entry', async () => {
    const registries = createRegistries({
      entries: [{ kind: 'ecr', host: '123456789012.dkr.ecr.eu-central-1.amazonaws.com', region: 'eu-central-1' }],
    });
    const opening = registries.open('123456789012.dkr.ecr.eu-central-1.amazonaws.com');
    expect(await codeOf(opening)).toBe('configuration-invalid');
  });

  it.each([
    [
      'a host twice',
      [
        { kind: 'distribution', host: 'r.example' },
        { kind: 'distribution', host: 'R.example' },
      ],
    ],
    ['an unknown kind', [{ kind: 'harbor', host: 'r.example' }]],
    ['an unknown key', [{ kind: 'distribution', host: 'r.example', insecure: true }]],
    ['a host with a path', [{ kind: 'distribution', host: 'r.example/v2' }]],
    ['another scheme', [{ kind: 'distribution', host: 'r.example', url: 'file:///etc/passwd' }]],
    ['a region that is none', [{ kind: 'ecr', host: 'r.example', region: 'here' }]],
  ])('are refused with %s', (_, entries) => {
    expect(registriesConfigSchema.safeParse({ entries }).success).toBe(false);
  });
});

describe('credentials in Secrets Manager', () => {
  const clientWith = (texts: Readonly<Record<string, string | Error>>) => {
    const asked: string[] = [];
    const client = {
      send: async (command: unknown) => {
        const id = command instanceof GetSecretValueCommand ? (command.input.SecretId ?? '') : '';
        asked.push(id);
        const found = texts[id];
        if (found instanceof Error) throw found;
        return { SecretString: found };
      },
    };
    return { asked, client: client as never };
  };

  it('are a password or a token, read again after a while', async () => {
    const clock = manualClock();
    const { asked, client } = clientWith({ a: '{"username":"u","password":"p"}', b: '{"token":"t"}' });
    const source = secretsManagerCredentials(client, clock);
    for (let i = 0; i < 3; i++) {
      expect(await source.credentialsOf('a')).toEqual({ kind: 'basic', username: 'u', password: 'p' });
    }
    expect(await source.credentialsOf('b')).toEqual({ kind: 'bearer', token: 't' });
    expect(asked).toEqual(['a', 'b']);
    clock.advance(6 * 60_000);
    await source.credentialsOf('a');
    expect(asked).toEqual(['a', 'b', 'a']);
  });

  it('are refused without a word of what the secret holds', async () => {
    const { client } = clientWith({ a: 'hunter2', b: '{"password":"hunter2"}', c: new Error('AccessDenied') });
    const source = secretsManagerCredentials(client);
    for (const secret of ['a', 'b', 'c']) {
      const error: unknown = await source.credentialsOf(secret).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'registry-denied' });
      expect(`${error} ${JSON.stringify(error)}`).not.toContain('hunter2');
    }
  });
});
