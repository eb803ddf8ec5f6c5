import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { googleSigningKeys } from '../../../lib/intake/adapters/google-signing-keys.ts';
import { KEY_ID, publicKey } from './identity-tokens.ts';

const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' };
const HOUR = 3600_000;

/** Google as the answers say, one after the other; the last one stays. */
function google(...answers: (() => Response)[]) {
  const clock = manualClock();
  const asked: { readonly url: string; readonly init: RequestInit | undefined }[] = [];
  const get = async (url: Parameters<typeof fetch>[0], init?: RequestInit) => {
    asked.push({ url: String(url), init });
    return (answers[Math.min(asked.length, answers.length) - 1] as () => Response)();
  };
  return { clock, asked, keys: googleSigningKeys(clock, get) };
}
const withKeys =
  (...keys: unknown[]) =>
  () =>
    Response.json({ keys });

describe("Google's signing keys", () => {
  it('are asked for once an hour, at one fixed address, without redirects', async () => {
    const { keys, asked, clock } = google(withKeys({ kty: 'EC', kid: 'other' }, jwk));
    expect(await keys.find(KEY_ID)).toMatchObject({ n: jwk.n, e: jwk.e });
    clock.advance(HOUR - 1);
    await keys.find(KEY_ID);
    expect(asked).toMatchObject([{ url: 'https://www.googleapis.com/oauth2/v3/certs', init: { redirect: 'error' } }]);
    clock.advance(1);
    await keys.find(KEY_ID);
    expect(asked).toHaveLength(2);
  });

  it('are asked for again for a new key, though not for every name that a stranger makes up', async () => {
    const { keys, asked, clock } = google(withKeys(), withKeys(jwk));
    expect(await keys.find(KEY_ID)).toBeUndefined();
    for (let i = 0; i < 100; i++) await keys.find(`made up ${i}`);
    expect(asked).toHaveLength(1);
    clock.advance(60_000);
    expect(await keys.find(KEY_ID)).toBeDefined();
    expect(asked).toHaveLength(2);
  });

  it('are used longer while Google does not answer, and without any it is an error to be tried again', async () => {
    const { keys, clock } = google(withKeys(jwk), () => new Response('', { status: 503 }));
    await keys.find(KEY_ID);
    clock.advance(2 * HOUR);
    expect(await keys.find(KEY_ID)).toBeDefined();
    await expect(keys.find('unknown')).rejects.toMatchObject({ code: 'signing-keys-unavailable', retryable: true });
  });

  it.each<[string, () => Response]>([
    ['too much', () => new Response(`{"keys":[],"x":"${'x'.repeat(70_000)}"}`)],
    ['no JSON', () => new Response('<html>')],
    ['something else', () => Response.json({ error: 'x' })],
    ['no body', () => new Response(null)],
  ])('do not come of an answer with %s', async (_what, answer) => {
    await expect(google(answer).keys.find(KEY_ID)).rejects.toMatchObject({ code: 'signing-keys-unavailable' });
  });
});
