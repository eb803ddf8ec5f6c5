import { randomBytes } from 'node:crypto';
import { encodeTimestampRequest, parseTimestampToken, tokenOf } from '../../formats/rfc3161/index.ts';
import { signingError } from '../errors.ts';
import type { Timestamper } from '../ports.ts';

const MAX_BYTES = 64 * 1024;
const NONCE_BYTES = 8;
const TIMEOUT_MS = 10_000;

/** 64 bits, of which a leading zero keeps the integer positive, and a one after it keeps its length. */
function randomNonce(): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40;
  return nonce;
}

/** A timestamp authority over HTTP (RFC 3161, section 3.4). */
export function httpTimestamper(
  url: string,
  { send = fetch, nonce: newNonce = randomNonce }: { send?: typeof fetch; nonce?: () => Uint8Array } = {},
): Timestamper {
  return {
    async timestamp(signature, hash) {
      const nonce = newNonce();
      const unavailable = (why: string, cause?: unknown) =>
        signingError('timestamp-unavailable', `the timestamp authority ${url} ${why}`, { cause });
      let answer: Uint8Array;
      try {
        const response = await send(url, {
          method: 'POST',
          headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
          body: Buffer.from(encodeTimestampRequest(signature, hash, nonce)),
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (!response.ok) throw new Error(`it answered ${response.status}`);
        answer = new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        throw unavailable('did not answer', cause);
      }
      if (answer.length > MAX_BYTES) throw unavailable(`answered ${answer.length} bytes`);
      const token = parseTimestampToken(tokenOf(answer));
      if (token.nonce === undefined || Buffer.compare(token.nonce, nonce) !== 0) {
        throw unavailable('answered another question');
      }
      return answer;
    },
  };
}
