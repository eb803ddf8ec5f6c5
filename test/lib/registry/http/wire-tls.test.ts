import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { collectContent } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { makeCertificate } from '../../../support/certificates.ts';
import { clientOf } from './scripted-server.ts';

const content = randomBytes(5_000_000);
const blob = { repository: 'a', digest: digestOf(content), size: content.length };
// id-kp-serverAuth
const certificate = makeCertificate({
  subject: { CN: 'localhost' },
  ca: true,
  usage: [],
  purposes: ['1.3.6.1.5.5.7.3.1'],
});
const uploaded: Buffer[] = [];
let connections = 0;
const server = createServer({ key: certificate.privatePem, cert: certificate.pem }, async (request, response) => {
  if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
  else if (request.method === 'GET') response.writeHead(200, { 'content-length': content.length }).end(content);
  else {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    uploaded.push(Buffer.concat(pieces));
    response.writeHead(201).end();
  }
});
server.on('secureConnection', () => {
  connections++;
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});
const client = (host = 'localhost') =>
  clientOf(
    { url: new URL(`https://${host}:${(server.address() as AddressInfo).port}`) },
    {
      retry: { attempts: 1 },
      transport: {
        resolve: ((_host: string, _options: unknown, callback: (error: null, all: unknown[]) => void) =>
          callback(null, [{ address: '127.0.0.1', family: 4 }])) as never,
      },
    },
  );

describe('a registry over TLS', () => {
  it('is not spoken to if its certificate is nobody’s that we trust, or for another name', async () => {
    const stranger = client();
    expect(await codeOf(collectContent(stranger.openBlob(blob), 1e8))).toBe('registry-unavailable');
    stranger.close();
    setDefaultCACertificates([...getCACertificates('default'), certificate.pem]);
    const other = client('other.example');
    expect(await codeOf(collectContent(other.openBlob(blob), 1e8))).toBe('registry-unavailable');
    other.close();
  });

  it('gives a large blob to whoever reads it slowly, takes one, and keeps its connection', async () => {
    setDefaultCACertificates([...getCACertificates('default'), certificate.pem]);
    connections = 0;
    const registry = client();
    for (const lend of [true, false]) {
      const pieces: Uint8Array[] = [];
      for await (const piece of registry.openBlob(blob, { lend })) {
        pieces.push(Buffer.from(piece));
        // More arrives meanwhile than is held, so that reading stops and goes on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(Buffer.concat(pieces).equals(content)).toBe(true);
    }
    await registry.putBlob({ ...blob, content });
    expect(uploaded[0]?.equals(content)).toBe(true);
    expect(connections).toBe(1);
    registry.close();
  });
});
