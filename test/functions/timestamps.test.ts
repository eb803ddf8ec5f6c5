import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timestamperAt } from '../../functions/_pipe/timestamps.ts';
import { parseTimestampToken, tokenOf } from '../../lib/formats/rfc3161/index.ts';
import { signingConfigSchema, signingOptionsOf } from '../../lib/signing/index.ts';
import { mockSigstore } from '../lib/signing/sigstore-mock.ts';

let server: Server;
let url: string;
let answer: (
  body: Buffer,
) => Promise<{ readonly status: number; readonly body: Uint8Array; readonly location?: string }>;
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { status, body, location } = await answer(Buffer.concat(chunks));
      response.writeHead(status, location === undefined ? {} : { location }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/timestamp`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const signature = Buffer.from('signature');

describe('a configured timestamp authority', () => {
  it('is called only as the configuration allows: no inner address, no plain http, no redirect, no endless answer', async () => {
    answer = async () => ({ status: 200, body: Buffer.alloc(100_000) });
    const refused = (at: { url: string; allowInsecure: boolean; allowPrivate: boolean }) =>
      timestamperAt(at)
        .timestamp(signature, 'sha256')
        .then(
          () => 'answered',
          (error: { code: string; cause?: { code?: string } }) => `${error.code} ${error.cause?.code}`,
        );
    const open = { url, allowInsecure: true, allowPrivate: true };
    expect(await refused(open)).toBe('timestamp-unavailable limit-exceeded');
    answer = async () => ({ status: 302, body: Buffer.alloc(0), location: 'http://169.254.169.254/' });
    // What it names is never asked: the answer itself is no answer.
    expect(await refused(open)).toBe('timestamp-unavailable undefined');
    expect(await refused({ ...open, allowPrivate: false })).toBe('timestamp-unavailable address-blocked');
    expect(await refused({ ...open, allowInsecure: false })).toBe('timestamp-unavailable address-blocked');
    expect(await refused({ ...open, url: 'http://169.254.169.254/' })).toBe('timestamp-unavailable address-blocked');
  });

  it('is asked for bundles and Notary envelopes, and not for tags', () => {
    const config = signingConfigSchema.parse({
      signatures: ['cosign-bundle', 'cosign-tag'],
      timestamps: { url: 'https://tsa.example/' },
    });
    const timestamper = timestamperAt({ url: 'https://tsa.example/', allowInsecure: false, allowPrivate: false });
    const options = signingOptionsOf(config, timestamper);
    expect(options.map(({ format, timestamper: asked }) => [format, asked !== undefined])).toEqual([
      ['cosign-bundle', true],
      ['cosign-tag', false],
    ]);
    expect(signingOptionsOf(config).every((option) => !('timestamper' in option))).toBe(true);
  });

  it('goes by https unless it is said otherwise', () => {
    const parse = (timestamps: object) => signingConfigSchema.safeParse({ timestamps }).success;
    expect(parse({ url: 'https://tsa.example/' })).toBe(true);
    expect(parse({ url: 'http://tsa.example/' })).toBe(false);
    expect(parse({ url: 'http://tsa.example/', allowInsecure: true })).toBe(true);
    expect(parse({ url: 'file:///etc/passwd', allowInsecure: true })).toBe(false);
  });

  it('speaks what authorities speak', async () => {
    // The mock authority of sigstore; what it answers is read as the token of the very signature.
    const services = await mockSigstore();
    const { httpTimestamper } = await import('../../lib/signing/adapters/http-timestamper.ts');
    const nonce = () => Uint8Array.of(0x40, 0, 0, 1);
    const token = await httpTimestamper('https://tsa.test/api/v1/timestamp', { send: services.send, nonce }).timestamp(
      signature,
      'sha256',
    );
    expect([...(parseTimestampToken(tokenOf(token)).nonce ?? [])]).toEqual([...nonce()]);
  });
});
