import { describe, expect, it } from 'vitest';
import { createRegistries } from '../../../lib/registry/adapters/open-registries.ts';
import { registriesConfigSchema } from '../../../lib/registry/config.ts';
import type { CredentialsOfEntry } from '../../../lib/registry/index.ts';
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
    const credentials: CredentialsOfEntry = (given) => ({
      current: async () => {
        asked.push(JSON.stringify(given));
        return { credentials: { kind: 'basic', username: 'robot', password: 'p' } };
      },
      renew: async () => undefined,
    });
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
    const of = { host: 'r.example', url: server.url, credentials: entry.credentials };
    expect(new Set(asked)).toEqual(new Set([JSON.stringify(of)]));
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
