import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { httpKeySets } from '../../../lib/identity/adapters/http-key-sets.ts';

const ADDRESS = 'https://issuer.example/keys';
const HOUR = 3600_000;
const rsa = { kid: 'k1', kty: 'RSA', n: 'n', e: 'AQAB', use: 'sig', alg: 'RS256' };
const ec = { kid: 'k2', kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };

/** An issuer as the answers say, one after the other; the last one stays. */
function issuer(...answers: (() => Response | Promise<Response>)[]) {
  const clock = manualClock();
  const asked: { readonly url: string; readonly init: RequestInit | undefined }[] = [];
  const get: typeof fetch = async (url, init) => {
    asked.push({ url: String(url), init });
    return (answers[Math.min(asked.length, answers.length) - 1] as () => Response)();
  };
  return { clock, asked, keys: httpKeySets(clock, get) };
}
const withKeys =
  (...keys: unknown[]) =>
  () =>
    Response.json({ keys });

describe('the keys of an issuer', () => {
  it('are asked for once an hour, at the address that is given, without redirects', async () => {
    const { keys, asked, clock } = issuer(withKeys(ec, rsa));
    expect(await keys.find(ADDRESS, 'k1')).toMatchObject({ n: 'n', e: 'AQAB' });
    expect(await keys.find(ADDRESS, 'k2')).toMatchObject({ crv: 'P-256' });
    clock.advance(HOUR - 1);
    await keys.find(ADDRESS, 'k1');
    expect(asked).toMatchObject([{ url: ADDRESS, init: { redirect: 'error' } }]);
    clock.advance(1);
    await keys.find(ADDRESS, 'k1');
    expect(asked).toHaveLength(2);
  });

  it('are those of each issuer, which may name them alike', async () => {
    const { keys } = issuer(withKeys(rsa), withKeys({ ...rsa, n: 'another' }));
    expect(await keys.find(ADDRESS, 'k1')).toMatchObject({ n: 'n' });
    expect(await keys.find('https://other.example/keys', 'k1')).toMatchObject({ n: 'another' });
    expect(await keys.find(ADDRESS, 'k1')).toMatchObject({ n: 'n' });
  });

  it('are asked for again for a new key, though not for every name that a stranger makes up', async () => {
    const { keys, asked, clock } = issuer(withKeys(), withKeys(rsa));
    expect(await keys.find(ADDRESS, 'k1')).toBeUndefined();
    for (let i = 0; i < 100; i++) await keys.find(ADDRESS, `made up ${i}`);
    expect(asked).toHaveLength(1);
    clock.advance(60_000);
    expect(await keys.find(ADDRESS, 'k1')).toBeDefined();
    expect(asked).toHaveLength(2);
  });

  it('are asked for once by all who ask at once', async () => {
    const { keys, asked } = issuer(withKeys(rsa));
    const found = await Promise.all(Array.from({ length: 50 }, () => keys.find(ADDRESS, 'k1')));
    expect(found.every((key) => key?.kty === 'RSA')).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it('are used longer while the issuer does not answer, and without any it is an error to be tried again', async () => {
    const { keys, clock } = issuer(withKeys(rsa), () => new Response('', { status: 503 }));
    await keys.find(ADDRESS, 'k1');
    clock.advance(2 * HOUR);
    expect(await keys.find(ADDRESS, 'k1')).toBeDefined();
    await expect(keys.find(ADDRESS, 'unknown')).rejects.toMatchObject({ code: 'issuer-unavailable', retryable: true });
  });

  it('leave out secrets, keys for encryption, and what is none', async () => {
    const { keys } = issuer(withKeys({ kid: 's', kty: 'oct', k: 's' }, { ...rsa, kid: 'e', use: 'enc' }, 7, null, rsa));
    expect(await keys.find(ADDRESS, 's')).toBeUndefined();
    expect(await keys.find(ADDRESS, 'e')).toBeUndefined();
    expect(await keys.find(ADDRESS, 'k1')).toBeDefined();
  });

  it.each<[string, () => Response]>([
    ['too much', () => new Response(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`)],
    ['too many', withKeys(...Array.from({ length: 201 }, () => rsa))],
    ['no JSON', () => new Response('<html>')],
    ['something else', () => Response.json({ error: 'x' })],
    ['no body', () => new Response(null)],
  ])('do not come of an answer with %s', async (_what, answer) => {
    await expect(issuer(answer).keys.find(ADDRESS, 'k1')).rejects.toMatchObject({ code: 'issuer-unavailable' });
  });
});
