import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type LocalService,
  type RequiredPermission,
  readBody,
  type ServiceRequest,
  type ServiceResponse,
} from '../../infra/local/services/service.ts';

/** Serves local services over HTTP for unmodified SDK clients, routed by the SigV4 credential scope. */
export interface ServiceServer {
  readonly endpoint: string;
  /** Every permission that was asked for, in order: `action resource`. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export interface ServiceServerOptions {
  readonly services: readonly LocalService[];
  readonly accountId?: string;
  /** The access key id is taken for the principal; `developer` is nobody in particular. */
  readonly allow?: (principal: string | undefined, permission: RequiredPermission) => boolean;
}

/** Credentials for the SDK whose access key id names the principal. */
export const credentialsOf = (principal = 'developer') => ({ accessKeyId: principal, secretAccessKey: 'secret' });

const SCOPE = /Credential=([^/,]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

export async function startServiceServer(options: ServiceServerOptions): Promise<ServiceServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    serve(options, asked, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500).end(String(error));
      else response.destroy();
    });
  });
  // A busy test may leave a connection idle for longer than the default of 5 s, and then use it.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  options: ServiceServerOptions,
  asked: string[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const rawTarget = incoming.url ?? '/';
  const url = new URL(rawTarget, `http://${incoming.headers.host ?? 'localhost'}`);
  const presigned = url.searchParams.get('X-Amz-Credential');
  const scope = SCOPE.exec(presigned === null ? (incoming.headers.authorization ?? '') : `Credential=${presigned}`);
  const service = options.services.find(({ name }) => name === scope?.[3]);
  if (scope === null || service === undefined) {
    outgoing.writeHead(403).end(`no service for the scope ${scope?.[3]}`);
    return;
  }
  const principal = scope[1] === 'developer' ? undefined : scope[1];
  const allows = (permission: RequiredPermission): boolean => options.allow?.(principal, permission) ?? true;
  const headers = new Map(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const base: ServiceRequest = {
    method: incoming.method ?? 'GET',
    url,
    rawTarget,
    headers,
    region: scope[2] ?? '',
    accountId: options.accountId ?? '000000000000',
    principal,
    allows,
    body: incoming,
  };
  const small = service.streams?.(base) ? undefined : await readBody(incoming);
  const request: ServiceRequest = small === undefined ? base : { ...base, body: Readable.from([small]) };
  const needed = service.authorize(request, small ?? new Uint8Array(0));
  asked.push(...needed.map(({ action, resource }) => `${action} ${resource}`));
  const denied = needed.find((permission) => !allows(permission));
  const response = denied ? denial(service.name, denied) : await service.handle(request);
  await drain(incoming);
  await answer(response, outgoing);
}

const denial = (service: string, { action, resource }: RequiredPermission): ServiceResponse => {
  const message = `not authorized to perform: ${action} on resource: ${resource}`;
  return service === 's3'
    ? {
        status: 403,
        headers: { 'content-type': 'application/xml' },
        body: `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`,
      }
    : {
        status: 400,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': 'AccessDeniedException' },
        body: JSON.stringify({ __type: 'AccessDeniedException', message }),
      };
};

/** What a service left unread is read over, so that the client gets to see the answer. */
async function drain(incoming: IncomingMessage): Promise<void> {
  if (incoming.readableEnded || incoming.destroyed) return;
  for await (const _chunk of incoming);
}

async function answer({ status, headers, body }: ServiceResponse, outgoing: ServerResponse): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    outgoing.writeHead(status, { ...headers }).end(body);
    return;
  }
  outgoing.writeHead(status, { ...headers });
  await pipeline(Readable.from(body), outgoing);
}
