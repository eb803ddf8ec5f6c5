import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { memoryEdge } from '../../../lib/edge/adapters/memory-edge.ts';
import { createSiteToken, identifySite, type SiteRequest } from '../../../lib/edge/index.ts';
import { makeKey, NOW, siteOf } from './edge-fixtures.ts';

const body = Buffer.from('{"a":1}');
const request: SiteRequest = { method: 'POST', path: '/v1/edge/sites/ship/reports', body };
const AUDIENCE = 'lading-edge';
const ship = makeKey();
const shop = makeKey();
let clock: ReturnType<typeof manualClock>;
let store: ReturnType<typeof memoryEdge>;
let count = 0;

beforeEach(async () => {
  clock = manualClock(NOW);
  store = memoryEdge(clock);
  await store.swap(undefined, siteOf('ship', ship.pem));
  await store.swap(undefined, siteOf('shop', shop.pem));
  await store.swap(undefined, siteOf('sunk', ship.pem, { revokedAt: NOW }));
});

const token = (
  over: Partial<SiteRequest & { site: string; audience: string; now: Date; id: string }> = {},
  key = ship.key,
) =>
  createSiteToken(
    key,
    { ...request, ...over },
    { site: 'ship', audience: AUDIENCE, now: clock.now(), id: `0123456789abcdef${count++}`, ...over },
  );
const identify = (text: string | undefined, over: Partial<SiteRequest & { site: string }> = {}) =>
  identifySite({ sites: store, tokens: store, clock }, { ...request, site: 'ship', token: text, ...over }, AUDIENCE);
const refused = (reason: string) => ({ kind: 'refused', reason });

/** A token with another header or other claims than any site would make, signed as told. */
function forge(header: unknown, claims: object, key: Parameters<typeof sign>[2]): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [, own = ''] = token().split('.');
  const text = `${part(header)}.${part({ ...JSON.parse(Buffer.from(own, 'base64url').toString()), ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

describe('the identity of a site', () => {
  it('is its key, for one request, once', async () => {
    const text = token();
    expect(await identify(text)).toMatchObject({ kind: 'site', site: { name: 'ship' } });
    expect(await identify(text)).toEqual(refused('replayed'));
    // Not when its time is over either.
    clock.advance(10 * 60_000);
    expect(await identify(text)).toEqual(refused('expired'));
  });

  it('is not had without a token, or with something else', async () => {
    expect(await identify(undefined)).toEqual(refused('token-missing'));
    for (const text of ['', 'x', 'a.b.c', 'a'.repeat(5_000), token().replace(/^[^.]+/, 'e30')]) {
      expect(await identify(text)).toMatchObject({ kind: 'refused' });
    }
  });

  it('is not had by another key, unsigned, or by another algorithm', async () => {
    expect(await identify(token({}, shop.key))).toEqual(refused('signature-invalid'));
    const [head, claims] = token().split('.');
    expect(await identify(`${head}.${claims}.AAAA`)).toEqual(refused('signature-invalid'));
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await identify(`${none}.${claims}.AAAA`)).toEqual(refused('token-unreadable'));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await identify(forge({ alg: 'RS256' }, {}, privateKey))).toEqual(refused('token-unreadable'));
    expect(await identify(forge({ alg: 'ES256' }, {}, privateKey))).toEqual(refused('signature-invalid'));
    // A signature in the other encoding is not the same token under another spelling.
    expect(await identify(forge({ alg: 'ES256' }, {}, ship.key))).toEqual(refused('signature-invalid'));
  });

  it('is not that of another site', async () => {
    expect(await identify(token({ site: 'shop' }, shop.key))).toEqual(refused('other-site'));
    expect(await identify(token({ site: 'ship' }, ship.key), { site: 'shop' })).toEqual(refused('other-site'));
    expect(await identify(token({ site: 'ghost' }), { site: 'ghost' })).toEqual(refused('site-unknown'));
    expect(await identify(token({ site: 'sunk' }), { site: 'sunk' })).toEqual(refused('site-revoked'));
  });

  it('is for this hub, method, path and body alone', async () => {
    expect(await identify(token({ audience: 'another' }))).toEqual(refused('other-audience'));
    expect(await identify(token({ method: 'GET' }))).toEqual(refused('other-request'));
    expect(await identify(token({ path: '/v1/edge/sites/ship/desired' }))).toEqual(refused('other-request'));
    expect(await identify(token(), { body: Buffer.from('{"a":2}') })).toEqual(refused('other-request'));
    // A request that was refused uses nothing up.
    expect(await identify(token())).toMatchObject({ kind: 'site' });
  });

  it('lasts for minutes', async () => {
    const at = (seconds: number): Date => new Date(clock.now().getTime() + seconds * 1000);
    expect(await identify(token({ now: at(-240) }))).toEqual(refused('expired'));
    expect(await identify(token({ now: at(-100) }))).toMatchObject({ kind: 'site' });
    expect(await identify(token({ now: at(120) }))).toEqual(refused('not-yet-valid'));
    const exp = Math.floor(clock.now().getTime() / 1000) + 3_600;
    const key = {
      key: createPrivateKey(ship.key.export({ type: 'pkcs8', format: 'pem' })),
      dsaEncoding: 'ieee-p1363',
    } as const;
    expect(await identify(forge({ alg: 'ES256' }, { exp }, key))).toEqual(refused('lives-too-long'));
    expect(await identify(forge({ alg: 'ES256' }, { jti: 'short' }, key))).toEqual(refused('token-unreadable'));
  });
});
