import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from './certificates.ts';

export interface HttpsFront {
  /** Posts JSON over TLS, as an API server does with the authority of its webhook configuration. */
  post(path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  close(): Promise<void>;
}

/** TLS before an API that speaks HTTP, as API Gateway stands before functions. */
export async function startHttpsFront(api: string): Promise<HttpsFront> {
  const certificate = makeCertificate({
    subject: { CN: 'admission.test' },
    ca: true,
    usage: [],
    // id-kp-serverAuth
    purposes: ['1.3.6.1.5.5.7.3.1'],
  });
  const server = createServer({ key: certificate.privatePem, cert: certificate.pem }, async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const answer = await fetch(`${api}${incoming.url}`, {
      method: incoming.method ?? 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.concat(chunks),
    });
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' });
    outgoing.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const post: HttpsFront['post'] = (path, body) =>
    new Promise((resolve, reject) => {
      const call = request(
        // The certificate names no host: what is checked is that it is the authority's own.
        { port, path, method: 'POST', ca: [certificate.pem], checkServerIdentity: () => undefined },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
          });
        },
      );
      call.on('error', reject);
      call.setHeader('content-type', 'application/json');
      call.end(JSON.stringify(body));
    });
  return {
    post,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
