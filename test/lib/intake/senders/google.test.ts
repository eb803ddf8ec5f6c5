import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { claims, encoded, KEY_ID, keys, publicKey, strangersKey, token } from '../identity-tokens.ts';
import { DIGEST, deliver, HOST, noKeys, ports, SECRET, sourceOf } from '../support.ts';

const to = () => ports(sourceOf('google'), keys);
const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });
const signed = bearer(token());

// cloud.google.com, "Configure Pub/Sub notifications" of Artifact Registry and "Push subscriptions" of Pub/Sub.
const pushMessage = (data: unknown) => ({
  message: {
    ...{ attributes: {}, data: Buffer.from(JSON.stringify(data)).toString('base64') },
    ...{ messageId: '2070443601311540', message_id: '2070443601311540' },
    ...{ publishTime: '2021-02-26T19:13:55.749Z', publish_time: '2021-02-26T19:13:55.749Z' },
  },
  subscription: 'projects/myproject/subscriptions/mysubscription',
});
const change = {
  action: 'INSERT',
  digest: `${HOST}/my-project/my-repo/hello-world@${DIGEST}`,
  tag: `${HOST}/my-project/my-repo/hello-world:1.1`,
};

describe('Google', () => {
  it('tells a push, wrapped or not', async () => {
    const at = { event: 'Image Pushed', registry: HOST, repository: 'my-project/my-repo/hello-world', digest: DIGEST };
    expect((await deliver(to(), pushMessage(change), signed)).published).toEqual([
      { ...at, tags: ['1.1'], pushedAt: '2021-02-26T19:13:55.749Z' },
    ]);
    expect((await deliver(to(), change, signed)).published).toMatchObject([{ ...at, tags: ['1.1'] }]);
  });

  it('tells a deletion, but not what a tag that is gone had named', async () => {
    const { tag, digest } = change;
    expect((await deliver(to(), pushMessage({ action: 'DELETE', digest }), signed)).published).toMatchObject([
      { event: 'Image Deleted', digest: DIGEST, tags: [] },
    ]);
    const given = to();
    const { answer } = await deliver(given, pushMessage({ action: 'DELETE', tag }), signed);
    expect(answer).toEqual({ kind: 'accepted', events: 0, ignored: ['no-digest'] });
    expect(given.asked).toEqual([]);
  });

  it.each([
    [{ ...change, digest: `us-docker.pkg.example/p/r/i@${DIGEST}` }, 'another-registry'],
    [{ ...change, action: 'UPDATE' }, 'event-not-followed'],
    [{ action: 'INSERT', digest: 'no reference' }, 'name-not-valid'],
  ])('has one topic for all its registries: %j is ignored', async (data, reason) => {
    expect((await deliver(to(), pushMessage(data), signed)).answer).toMatchObject({ events: 0, ignored: [reason] });
  });

  it.each([
    ['data that are no JSON', { message: { data: Buffer.from('{').toString('base64') } }],
    ['data that are no base64', { message: { data: '{}' } }],
    ['no data', { message: {} }],
  ])('is told of %s', async (_what, body) => {
    expect((await deliver(to(), body, signed)).answer.kind).toBe('invalid');
  });
});

describe('the identity token of Google', () => {
  const confused = `${encoded({ alg: 'HS256', kid: KEY_ID })}.${encoded(claims)}`;
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  const [head, body, signature] = token().split('.') as [string, string, string];
  const lastChanged = signature.slice(0, -1) + (signature.endsWith('A') ? 'B' : 'A');

  it.each<[string, string]>([
    ['for another audience', token({ aud: 'another' })],
    ['for a list of audiences', token({ aud: ['lading'] })],
    ['of another issuer', token({ iss: 'https://accounts.example' })],
    ['of another account', token({ email: 'other@project.example' })],
    ['of an account whose address nobody verified', token({ email_verified: false })],
    ['that expired', token({ exp: claims.iat - 60 })],
    ['of tomorrow', token({ iat: claims.iat + 86_400 })],
    ['without an end', token({ exp: undefined })],
    ['signed by a stranger', token({}, {}, strangersKey)],
    ['with a key that nobody knows', token({}, { kid: 'unknown' })],
    ['with a critical extension', token({}, { crit: ['exp'] })],
    ['that says it needs no signature', `${encoded({ alg: 'none', kid: KEY_ID })}.${encoded(claims)}.`],
    ['keyed by the public key', `${confused}.${createHmac('sha256', pem).update(confused).digest('base64url')}`],
    ['whose claims were changed', `${head}.${encoded({ ...claims, exp: claims.exp + 1 })}.${signature}`],
    ['whose signature was changed', `${head}.${body}.${lastChanged}`],
    ['with padding', `${head}.${body}.${signature}==`],
    ['of four parts', `${token()}.a`],
    [
      'that names a claim twice',
      `${head}.${Buffer.from('{"aud":"a","aud":"lading"}').toString('base64url')}.${signature}`,
    ],
    ['that is none', 'abc'],
    ['of any length', `${head}.${'a'.repeat(10_000)}.${signature}`],
  ])('is refused %s', async (_what, given) => {
    expect(await deliver(to(), change, bearer(given))).toEqual({ answer: { kind: 'refused' }, published: [] });
  });

  it.each([[{}], [{ headers: { authorization: token() } }], [{ query: { secret: SECRET } }], [bearer(SECRET)]])(
    'is the only proof: %j',
    async (sent) => {
      expect((await deliver(to(), change, sent)).answer).toEqual({ kind: 'refused' });
    },
  );

  it('leads to no question for a key before its claims are right', async () => {
    const find = () => Promise.reject(new Error('must not be asked'));
    const given = ports(sourceOf('google'), { find });
    expect((await deliver(given, change, bearer(token({ aud: 'another' })))).answer).toEqual({ kind: 'refused' });
    await expect(deliver(given, change, signed)).rejects.toThrow('must not be asked');
    expect((await deliver(ports(sourceOf('google'), noKeys), change, signed)).answer).toEqual({ kind: 'refused' });
  });
});
