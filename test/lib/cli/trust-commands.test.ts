import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { sealCosignKey } from '../../../lib/formats/cosign-key/index.ts';
import { makeChain } from '../../support/certificates.ts';
import { pushImage } from '../signing/support.ts';
import { newRepository } from '../signing/trust-data/repository.ts';
import { lading, temporaryFolder } from './support.ts';

async function setUp() {
  const folder = temporaryFolder();
  const embedded = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
  onTestFinished(() => embedded.close());
  const registry = localRegistry(embedded.url);
  const host = `localhost:${embedded.port}`;
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return name;
  };
  const key = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    file(`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    file(`${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
    return privateKey;
  };
  const run = (...args: readonly string[]) => lading(args, folder);
  const image = async (name = 'app', content = 'layer') => {
    const { repository, digest } = await pushImage(registry, name, content);
    return { tag: `${host}/${repository}:latest`, reference: `${host}/${repository}@${digest}`, digest };
  };
  return { folder, registry, host, file, key, run, image };
}

describe('lading sign, attest and verify', () => {
  it('sign by tag what the digest was, once, and verify with exit codes', async () => {
    const { key, run, image } = await setUp();
    key('mine');
    key('other');
    const { tag, reference, digest } = await image();
    expect(await run('verify', tag, '--key', 'mine.pub')).toMatchObject({
      code: 1,
      out: expect.stringContaining('no-proof'),
    });
    const signed = JSON.parse((await run('sign', tag, '--key', 'mine.key', '-o', 'json')).out);
    expect(signed).toMatchObject({ image: reference, signatures: [{ format: 'cosign-bundle', again: false }] });
    const again = JSON.parse((await run('sign', tag, '--key', 'mine.key', '-o', 'json')).out);
    expect(again.signatures).toEqual([{ ...signed.signatures[0], again: true }]);
    const tagged = JSON.parse(
      (await run('sign', tag, '--key', 'mine.key', '--format', 'cosign-tag', '-o', 'json')).out,
    );
    expect(tagged.signatures).toMatchObject([{ format: 'cosign-tag', again: false }]);
    const good = await run('verify', reference, '--key', 'other.pub', 'mine.pub', '-o', 'json');
    expect(good.code).toBe(0);
    expect(JSON.parse(good.out)).toMatchObject({
      image: `${reference.split('@')[0]}@${digest}`,
      trusted: true,
      requirements: [{ signers: ['mine.pub'] }],
    });
    expect(await run('verify', tag, '--key', 'other.pub')).toMatchObject({
      code: 1,
      out: expect.stringContaining('signature-invalid'),
    });
    expect(await run('verify', tag, '--key', 'absent.pub')).toMatchObject({ code: 2 });
    expect(await run('verify', `${tag}x`, '--key', 'mine.pub')).toMatchObject({ code: 2 });
    expect(await run('sign', tag, '--key', 'mine.pub')).toMatchObject({ code: 2 });
  });

  it('attest, alone or with the signature', async () => {
    const { key, run, image, file } = await setUp();
    key('mine');
    file('p.json', '{"ok":true}');
    const { tag } = await image();
    const type = 'https://example.com/p';
    expect(await run('sign', tag, '--key', 'mine.key', '--attest', `${type}=p.json`, 'cyclonedx=p.json')).toMatchObject(
      {
        code: 0,
      },
    );
    const again = await run('attest', tag, '--key', 'mine.key', '--type', type, '--predicate', 'p.json', '-o', 'json');
    expect(JSON.parse(again.out).signatures).toMatchObject([{ predicateType: type, again: true }]);
    expect(await run('verify', tag, '--key', 'mine.pub', '--type', type)).toMatchObject({ code: 0 });
    expect(await run('verify', tag, '--key', 'mine.pub', '--type', 'cyclonedx')).toMatchObject({ code: 0 });
    expect(await run('verify', tag, '--key', 'mine.pub', '--type', 'openvex')).toMatchObject({ code: 1 });
    for (const wrong of ['p.json', '=p.json', 'nonsense=p.json']) {
      expect(await run('sign', tag, '--key', 'mine.key', '--attest', wrong)).toMatchObject({ code: 2 });
    }
  });

  it('open keys that are locked, by the password of the environment', async () => {
    const { key, run, image, file } = await setUp();
    const privateKey = key('mine');
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    file('cosign.key', await sealCosignKey(der, 'sesame'));
    const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' } as const;
    file('locked.key', privateKey.export(locked));
    const { tag } = await image();
    const withPassword = async (password: string | undefined, name: string) => {
      const before = process.env.LADING_PASSWORD;
      if (password === undefined) delete process.env.LADING_PASSWORD;
      else process.env.LADING_PASSWORD = password;
      try {
        return await run('sign', tag, '--key', name);
      } finally {
        if (before === undefined) delete process.env.LADING_PASSWORD;
        else process.env.LADING_PASSWORD = before;
      }
    };
    for (const name of ['cosign.key', 'locked.key']) {
      expect(await withPassword(undefined, name)).toMatchObject({ code: 2, err: expect.stringContaining('encrypted') });
      expect(await withPassword('wrong', name)).toMatchObject({ code: 2, err: expect.stringContaining('password') });
      expect(await withPassword('sesame', name)).toMatchObject({ code: 0 });
    }
    expect(await run('verify', tag, '--key', 'mine.pub')).toMatchObject({ code: 0 });
  });

  it('verify by a policy: keys, thresholds, trust policies of Notary Project, distributed roots', async () => {
    const { key, run, image, file } = await setUp();
    key('a');
    key('b');
    const { authority, signer } = makeChain();
    file('notation.key', signer.privatePem);
    file('chain.pem', `${signer.pem}${authority.pem}`);
    file('trust/root.pem', authority.pem);
    const { tag } = await image();
    const policy = (requirements: readonly unknown[], more = {}) =>
      file(
        'trust/policy.json',
        JSON.stringify({
          version: 1,
          keys: [
            { name: 'a', publicKey: '../a.pub' },
            { name: 'b', publicKey: '../b.pub', notAfter: '2099-01-01T00:00:00Z' },
          ],
          notation: {
            trustPolicy: {
              version: '1.0',
              trustPolicies: [
                {
                  name: 'all',
                  registryScopes: ['*'],
                  signatureVerification: { level: 'strict' },
                  trustStores: ['ca:own'],
                  trustedIdentities: ['x509.subject: C=DE, ST=Berlin, O=Example'],
                },
              ],
            },
            trustStores: { 'ca:own': ['root.pem'] },
          },
          requirements,
          ...more,
        }),
      );
    const three = { name: 'three', kind: 'signature', threshold: 3 };
    await run('sign', tag, '--key', 'a.key');
    await run('sign', tag, '--key', 'b.key');
    expect(await run('verify', tag, '--policy', policy([three]))).toMatchObject({
      code: 1,
      out: expect.stringContaining('threshold-not-met'),
    });
    const notation = ['--key', 'notation.key', '--certificate-chain', 'chain.pem', '--expires', '2099-01-01T00:00:00Z'];
    for (const format of ['notation-jws', 'notation-cose']) {
      expect(await run('sign', tag, '--format', format, ...notation)).toMatchObject({ code: 0 });
      expect((await run('sign', tag, '--format', format, ...notation)).out).toContain('was there');
    }
    expect(await run('verify', tag, '--policy', policy([three]))).toMatchObject({ code: 0 });
    const byOne = { ...three, threshold: 1, by: ['ca:own'], formats: ['notation-cose'] };
    expect(await run('verify', tag, '--policy', policy([byOne, three]))).toMatchObject({ code: 0 });
    for (const wrong of [
      policy([{ ...byOne, by: ['nobody'] }]),
      policy([]),
      policy([{ ...three, predicateType: 'p' }]),
      policy([three], { unknown: 1 }),
      policy([three], { keys: [{ name: 'a', publicKey: 'absent.pub' }] }),
    ]) {
      expect(await run('verify', tag, '--policy', wrong)).toMatchObject({ code: 2 });
    }
    expect(await run('verify', tag, '--policy', policy([three]), '--key', 'a.pub')).toMatchObject({ code: 2 });
  });

  it('takes keys that The Update Framework distributes, and nothing older than it saw', async () => {
    const { key, run, image, file } = await setUp();
    const publicKey = createPublicKey(key('a')).export({ type: 'spki', format: 'pem' }).toString();
    const { tag } = await image();
    await run('sign', tag, '--key', 'a.key');
    const repository = newRepository('tuf');
    const publish = (version: number, content = publicKey) => {
      const sha256 = createHash('sha256').update(publicKey).digest('hex');
      const targets = { 'a.pub': { length: publicKey.length, hashes: { sha256 } } };
      const later = { expires: '2099-01-01T00:00:00Z' };
      const change = {
        root: later,
        timestamp: later,
        snapshot: later,
        releases: later,
        targets: { ...later, targets },
      };
      for (const [name, bytes] of repository.publish(version, change)) file(`tuf/${name}`, bytes);
      file('tuf/targets/a.pub', content);
    };
    publish(2);
    file('root.json', repository.root(1, { expires: '2099-01-01T00:00:00Z' }));
    const policy = file(
      'policy.json',
      JSON.stringify({
        version: 1,
        tuf: { root: 'root.json', metadata: 'tuf' },
        keys: [{ name: 'a', publicKey: 'tuf:a.pub' }],
        requirements: [{ name: 'signed', kind: 'signature' }],
      }),
    );
    expect(await run('verify', tag, '--policy', policy)).toMatchObject({ code: 0 });
    publish(2, `${publicKey}\n`);
    expect(await run('verify', tag, '--policy', policy)).toMatchObject({
      code: 2,
      err: expect.stringContaining('do not vouch'),
    });
    publish(1);
    expect(await run('verify', tag, '--policy', policy)).toMatchObject({
      code: 2,
      err: expect.stringContaining('rollback'),
    });
    publish(3);
    expect(await run('verify', tag, '--policy', policy)).toMatchObject({ code: 0 });
  });
});

describe('lading trust migrate', () => {
  it('says what is to be done about each tag, and signs what can be signed', async () => {
    const { key, run, image, file, host } = await setUp();
    key('mine');
    const { digest } = await image('team/app');
    const repository = newRepository('notary');
    const later = { expires: '2099-01-01T00:00:00Z' };
    const sha256 = (hex: string) => ({ length: 1, hashes: { sha256: Buffer.from(hex, 'hex').toString('base64') } });
    const targets = { latest: sha256(digest.slice(7)), old: sha256('0'.repeat(64)) };
    const change = {
      ...{ root: later, timestamp: later, snapshot: later },
      ...{ releases: { ...later, targets: {} }, targets: { ...later, targets } },
    };
    for (const [name, bytes] of repository.publish(1, change)) file(`dct/${name}`, bytes);
    const migrate = (...more: readonly string[]) =>
      run('trust', 'migrate', `${host}/team/app`, '--trust-data', 'dct', '-o', 'json', ...more);
    const stepsOf = ({ out }: { readonly out: string }) =>
      Object.fromEntries(JSON.parse(out).tags.map((row: { tag: string; step: string }) => [row.tag, row.step]));
    const report = await migrate();
    expect(report).toMatchObject({ code: 1, err: expect.stringContaining('--root-key') });
    expect(stepsOf(report)).toEqual({ latest: 'sign', old: 'gone' });
    const pinned = ['--root-key', repository.keys.root[0]?.id ?? ''];
    expect(await migrate(...pinned)).toMatchObject({ code: 1, err: '' });
    expect(await migrate('--root-key', 'f'.repeat(64))).toMatchObject({ code: 2 });
    const signed = await migrate(...pinned, '--sign', '--key', 'mine.key');
    expect(signed.code).toBe(0);
    expect(stepsOf(signed)).toEqual({ latest: 'done', old: 'gone' });
    expect(stepsOf(await migrate(...pinned))).toEqual({ latest: 'done', old: 'gone' });
    expect(await run('verify', `${host}/team/app:latest`, '--key', 'mine.pub')).toMatchObject({ code: 0 });
    expect(await run('trust', 'migrate', `${host}/team/app:tag`, '--trust-data', 'dct')).toMatchObject({ code: 2 });
  });
});
