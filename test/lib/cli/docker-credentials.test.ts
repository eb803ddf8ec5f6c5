import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AskHelper, dockerCredentials } from '../../../lib/cli/source/docker-credentials.ts';
import { temporaryFolder } from './support.ts';

const nobody: AskHelper = async () => {
  throw new Error('no helper is to be asked');
};
const auth = (text: string) => Buffer.from(text).toString('base64');
const login = (username: string, password: string) => ({ kind: 'basic', username, password });

function loginFile(content: unknown) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), typeof content === 'string' ? content : JSON.stringify(content));
  const environment = { DOCKER_CONFIG: folder };
  return (host: string, ask: AskHelper = nobody) => dockerCredentials(host, environment, ask);
}

describe('the login that docker keeps', () => {
  it('is nobody where there is none', async () => {
    expect(await dockerCredentials('ghcr.io', { DOCKER_CONFIG: '/nowhere' }, nobody)).toEqual({ kind: 'anonymous' });
    expect(await loginFile({ auths: { 'quay.io': { auth: auth('a:b') } } })('ghcr.io')).toEqual({ kind: 'anonymous' });
    expect(await loginFile({ auths: { 'ghcr.io': {} } })('ghcr.io')).toEqual({ kind: 'anonymous' });
  });

  it('is read from the file; a password may hold colons', async () => {
    expect(await loginFile({ auths: { 'ghcr.io': { auth: auth('me:a:b') } } })('ghcr.io')).toEqual(login('me', 'a:b'));
    expect(await loginFile({ auths: { 'https://ghcr.io': { username: 'me', password: 'x' } } })('ghcr.io')).toEqual(
      login('me', 'x'),
    );
  });

  it('is that of the old API for Docker Hub', async () => {
    const hub = loginFile({ auths: { 'https://index.docker.io/v1/': { auth: auth('me:x') } } });
    expect(await hub('docker.io')).toEqual(login('me', 'x'));
  });

  it('is asked of the helper of the registry, else of the common one', async () => {
    const asked: string[] = [];
    const ask: AskHelper = async (name, server) => {
      asked.push(`${name} ${server}`);
      return name === 'own' ? '{"ServerURL":"ghcr.io","Username":"me","Secret":"x"}' : undefined;
    };
    const file = loginFile({ credsStore: 'common', credHelpers: { 'ghcr.io': 'own' } });
    expect(await file('ghcr.io', ask)).toEqual(login('me', 'x'));
    expect(await file('quay.io', ask)).toEqual({ kind: 'anonymous' });
    expect(asked).toEqual(['own ghcr.io', 'common quay.io', 'common https://quay.io', 'common https://quay.io/']);
  });

  it('takes identity tokens, and refuses answers that are none', async () => {
    const answering = (text: string) => loginFile({ credsStore: 'x' })('ghcr.io', async () => text);
    const failed = { code: 'credential-helper-failed' };
    const token = { kind: 'identity-token', token: 'x' };
    expect(await answering('{"Username":"<token>","Secret":"x"}')).toEqual(token);
    const kept = loginFile('{"auths":{"demo.azurecr.io":{"auth":"MDAwOg==","identitytoken":"x"}}}');
    expect(await kept('demo.azurecr.io', nobody)).toEqual(token);
    await expect(answering('{"Username":"me"}')).rejects.toMatchObject(failed);
    await expect(answering('oops')).rejects.toMatchObject({ code: 'json-invalid' });
  });

  it.each(['{', '[]', '{"auths":{"ghcr.io":"x"}}', '{"auths":{},"auths":{}}'])(
    'says what is wrong with %s',
    async (text) => {
      await expect(loginFile(text)('ghcr.io')).rejects.toMatchObject({ code: 'login-file-invalid' });
    },
  );

  it('takes no key of an object for a registry', async () => {
    for (const host of ['__proto__', 'constructor', 'toString'])
      expect(await loginFile('{"auths":{},"credHelpers":{}}')(host)).toEqual({ kind: 'anonymous' });
  });

  it.each(['../../bin/sh -c', '../evil', '/tmp/evil', 'a b', 'x;id', '$(id)', 'a\\nb', 'a\\u0000b', ''])(
    'runs no helper of the name %j',
    async (name) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'config.json'), `{"credHelpers":{"ghcr.io":"${name}"}}`);
      await expect(dockerCredentials('ghcr.io', { DOCKER_CONFIG: folder })).rejects.toMatchObject({
        code: 'login-file-invalid',
      });
    },
  );

  it('prefers what the environment names, then what podman keeps', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'containers'));
    const write = (path: string, name: string) =>
      writeFileSync(join(folder, path), JSON.stringify({ auths: { 'ghcr.io': { auth: auth(`${name}:x`) } } }));
    write('config.json', 'docker');
    write('containers/auth.json', 'podman');
    write('named.json', 'named');
    const of = (environment: NodeJS.ProcessEnv) => dockerCredentials('ghcr.io', environment, nobody);
    expect(await of({ DOCKER_CONFIG: folder })).toEqual(login('docker', 'x'));
    expect(await of({ DOCKER_CONFIG: folder, XDG_RUNTIME_DIR: folder })).toEqual(login('podman', 'x'));
    expect(
      await of({ DOCKER_CONFIG: folder, XDG_RUNTIME_DIR: folder, REGISTRY_AUTH_FILE: join(folder, 'named.json') }),
    ).toEqual(login('named', 'x'));
  });
});
