import type { JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { KeySets } from '../ports.ts';

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 5_000;
const KEEP_MS = 3600_000;
/** A key id that nobody knows asks for the keys again at most so often, since a stranger may have made it up. */
const ASK_AGAIN_MS = 60_000;

/** A key of another sort is no reason to refuse the rest. */
const keySet = z.object({ keys: z.array(z.unknown()).max(200) });
const jwk = z.looseObject({ kid: z.string(), kty: z.enum(['RSA', 'EC']), use: z.literal('sig').optional() });

type Keys = ReadonlyMap<string, JsonWebKey>;
interface Kept {
  readonly at: number;
  readonly keys: Keys;
}

/** @param get for tests: `fetch` otherwise */
export function httpKeySets(clock: Clock, get: typeof fetch = fetch): KeySets {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<Keys>>();
  const ask = (address: string): Promise<Keys> => {
    const already = asking.get(address);
    if (already !== undefined) return already;
    const answer = download(get, address)
      .then((keys) => {
        kept.set(address, { at: clock.now().getTime(), keys });
        return keys;
      })
      .finally(() => asking.delete(address));
    asking.set(address, answer);
    return answer;
  };
  return {
    async find(address, keyId) {
      const known = kept.get(address);
      const age = known === undefined ? Number.POSITIVE_INFINITY : clock.now().getTime() - known.at;
      const found = known?.keys.get(keyId);
      if (age < KEEP_MS && (found !== undefined || age < ASK_AGAIN_MS)) return found;
      try {
        return (await ask(address)).get(keyId);
      } catch (error) {
        // The keys of an hour ago are better than none while the issuer does not answer.
        if (found !== undefined) return found;
        throw error;
      }
    },
  };
}

/** @throws LadingError `issuer-unavailable`, retryable */
async function download(get: typeof fetch, address: string): Promise<Keys> {
  try {
    const response = await get(address, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new LadingError('issuer-unavailable', `status ${response.status}`);
    const { keys } = keySet.parse(parseJsonStrict(await boundedBody(response), { what: 'the keys of the issuer' }));
    const read = keys.flatMap((key) => jwk.safeParse(key).data ?? []);
    return new Map(read.map((key) => [key.kid, key as JsonWebKey]));
  } catch (cause) {
    throw new LadingError('issuer-unavailable', `${address} gave no keys to check tokens with`, {
      cause,
      retryable: true,
    });
  }
}

async function boundedBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new LadingError('issuer-unavailable', `more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
