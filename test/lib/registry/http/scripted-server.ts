import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createHttpRegistry,
  type HttpRegistryOptions,
} from '../../../../lib/registry/adapters/http/create-http-registry.ts';

interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly body: Buffer;
}

export type Handler = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

export interface ScriptedServer extends AsyncDisposable {
  readonly url: URL;
  readonly requests: SeenRequest[];
  /** Replaces what the server does. */
  answer(handler: Handler): void;
}

/** A server that says what a test wants and remembers what it was asked. */
export async function scriptedServer(
  first: Handler = (_, response) => response.writeHead(404).end(),
): Promise<ScriptedServer> {
  let handler = first;
  const requests: SeenRequest[] = [];
  const server = createServer((raw, response) => {
    const parts: Buffer[] = [];
    raw.on('data', (part: Buffer) => parts.push(part));
    raw.on('error', () => {});
    response.on('error', () => {});
    raw.on('end', () => {
      const request: SeenRequest = {
        method: raw.method ?? '',
        path: raw.url ?? '',
        authorization: raw.headers.authorization,
        range: raw.headers.range,
        body: Buffer.concat(parts),
      };
      requests.push(request);
      handler(request, response, raw);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    requests,
    answer: (next) => {
      handler = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client that may speak plain http to this machine, and neither waits nor throws dice. */
export const clientOf = (server: { readonly url: URL }, options: Partial<HttpRegistryOptions> = {}) =>
  createHttpRegistry({
    host: 'registry.example',
    url: server.url,
    allowInsecure: true,
    allowPrivate: true,
    retry: { random: () => 0, sleep: async () => {} },
    ...options,
  });
