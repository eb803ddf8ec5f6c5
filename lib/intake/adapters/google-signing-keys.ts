import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { SigningKeys } from '../ports.ts';

/** Google's OpenID Connect guide, "Validating an ID token": the `jwks_uri` of its discovery document. */
const ADDRESS = 'https://www.googleapis.com/oauth2/v3/certs';
const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 5_000;
/** Google changes its keys every few days and publishes a new one well before it is used. */
const KEEP_MS = 3600_000;
/** A key id that nobody knows asks for the keys again at most so often, since a stranger may have made it up. */
const ASK_AGAIN_MS = 60_000;

const jwk = z.object({
  kid: z.string(),
  kty: z.literal('RSA'),
  n: z.string(),
  e: z.string(),
  use: z.literal('sig').optional(),
  alg: z.literal('RS256').optional(),
});
/** A key of another sort is no reason to refuse the rest. */
const keySet = z.object({ keys: z.array(z.unknown()).max(100) });
type Jwk = z.infer<typeof jwk>;

/** @param get for tests: `fetch` otherwise, to Google's one fixed address, never to one that a token names */
export function googleSigningKeys(clock: Clock, get: typeof fetch = fetch): SigningKeys {
  let kept: { readonly at: number; readonly keys: ReadonlyMap<string, Jwk> } | undefined;
  const fresh = async (): Promise<ReadonlyMap<string, Jwk>> => {
    const keys = await download(get);
    kept = { at: clock.now().getTime(), keys };
    return keys;
  };
  return {
    async find(keyId) {
      const age = kept === undefined ? Number.POSITIVE_INFINITY : clock.now().getTime() - kept.at;
      const known = kept?.keys.get(keyId);
      if (age < KEEP_MS && (known !== undefined || age < ASK_AGAIN_MS)) return known;
      try {
        return (await fresh()).get(keyId);
      } catch (error) {
        // The keys of an hour ago are better than none while Google does not answer.
        if (known !== undefined) return known;
        throw error;
      }
    },
  };
}

/** @throws LadingError `signing-keys-unavailable`, retryable */
async function download(get: typeof fetch): Promise<ReadonlyMap<string, Jwk>> {
  try {
    const response = await get(ADDRESS, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new LadingError('signing-keys-unavailable', `status ${response.status}`);
    const { keys } = keySet.parse(parseJsonStrict(await boundedBody(response), { what: "Google's keys" }));
    const read = keys.map((key) => jwk.safeParse(key).data).filter((key) => key !== undefined);
    return new Map(read.map((key) => [key.kid, key]));
  } catch (cause) {
    throw new LadingError('signing-keys-unavailable', `${ADDRESS} gave no keys to check Google's tokens with`, {
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
    if (size > MAX_BYTES) throw new LadingError('signing-keys-unavailable', `more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
