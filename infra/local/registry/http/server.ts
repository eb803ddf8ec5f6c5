import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LadingError } from '../../../../lib/core/errors.ts';
import { explainDiskError, OciError, systemCode } from '../errors.ts';
import type { Mirror } from '../mirror/mirror.ts';
import type { RegistryAccess, RegistryAction } from '../model.ts';
import type { RecallDesk } from '../recall.ts';
import type { OpenedStore } from '../store.ts';
import { type Exchange, methodNotAllowed, mutable, sendJson } from './exchange.ts';
import { parseRoute } from './route.ts';
import { serveBlob } from './serve-blobs.ts';
import { serveCatalog, serveReferrers, serveTags } from './serve-listings.ts';
import { serveManagement } from './serve-management.ts';
import { serveManifest } from './serve-manifests.ts';
import { serveUpload, serveUploads } from './serve-uploads.ts';

/** A connection on which nothing moves for this long while the client is to move is closed. */
const IDLE_MS = 120_000;
/** Longer than the pools of Go clients (90 s), so that a client does not send into a connection we just closed. */
const KEEP_ALIVE_MS = 100_000;
/** Of a refused upload this much is still read; then the client has so long to look at the answer. */
const DRAIN_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 2000;

export interface RegistryServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startServer(options: {
  readonly opened: OpenedStore;
  readonly host: string;
  readonly port: number;
  readonly access: RegistryAccess | undefined;
  readonly mirror: Mirror | undefined;
  readonly site: (() => unknown) | undefined;
  readonly recall: RecallDesk | undefined;
  readonly onProblem: (error: unknown) => void;
}): Promise<RegistryServer> {
  const inFlight = new Set<Promise<void>>();
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const work = answer(request, response, options).finally(() => inFlight.delete(work));
      inFlight.add(work);
    },
  );
  server.setTimeout(IDLE_MS);
  server.on('timeout', (socket) => {
    // Hashing a huge resumed upload keeps the line quiet for long; then it is our turn, not the client's.
    const current = exchanges.get(socket);
    if (!current?.request.complete || current.response.headersSent) socket.destroy();
  });
  const port = await listen(server, options.port, options.host);
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.allSettled(inFlight);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, port, host)));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function explainListenError(cause: Error, port: number, host: string): LadingError {
  if (systemCode(cause) === 'EADDRINUSE') {
    return new LadingError(
      'port-taken',
      `port ${port} on ${host} is already taken, so the registry cannot listen there`,
      {
        cause,
        hint: 'stop the program that has it, or choose another port (0 takes any free one)',
      },
    );
  }
  return new LadingError('listen-failed', `the registry cannot listen on ${host}:${port}: ${cause.message}`, { cause });
}

const WRITES: ReadonlySet<RegistryAction> = new Set([
  'ecr:CompleteLayerUpload',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
]);

/** What each connection is busy with. */
const exchanges = new WeakMap<object, { readonly request: IncomingMessage; readonly response: ServerResponse }>();

interface AnswerOptions {
  readonly opened: OpenedStore;
  readonly access: RegistryAccess | undefined;
  readonly mirror: Mirror | undefined;
  readonly site: (() => unknown) | undefined;
  readonly recall: RecallDesk | undefined;
  readonly onProblem: (error: unknown) => void;
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AnswerOptions): Promise<void> {
  exchanges.set(request.socket, { request, response });
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  try {
    await dispatch(request, response, options);
  } catch (error) {
    refuse(request, response, explainDiskError(error), options.onProblem);
  }
}

async function dispatch(request: IncomingMessage, response: ServerResponse, options: AnswerOptions): Promise<void> {
  const { opened, access, mirror, recall } = options;
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const principal = await authenticate(request, access);
  const isOperator = access?.isOperator?.(principal);
  // No function of the stack has a right like that; where there are operators, nobody else has.
  const mayManage = isOperator ?? principal === undefined;
  // Who brings images in is told what is here, and not what could be had.
  const mirrorOf = (repository: string): Mirror | undefined =>
    mirror?.covers(repository) && isOperator !== true ? mirror : undefined;
  const allows: Exchange['allows'] = async (action, repository) =>
    access === undefined || (await access.authorize(principal, action, repository));
  const exchange: Exchange = {
    request,
    response,
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    store: opened.store,
    parts: opened.parts,
    principal,
    mirrorOf,
    allows,
    isArchived: (repository, digest) => access?.isArchived?.(repository, digest) ?? false,
    // Our own functions ask for what may not be there, and have the archive themselves.
    recall: async (repository, reference) =>
      principal === undefined ? recall?.recall(repository, reference, gone(response)) : undefined,
    async requirePull(repository, digest) {
      const why = await access?.refusePull?.(principal, repository, digest);
      if (why !== undefined) throw new OciError(403, 'DENIED', `${repository}@${digest} may not be pulled: ${why}`);
    },
    async require(action, repository) {
      if (principal === undefined && WRITES.has(action) && mirrorOf(repository) !== undefined) {
        throw new OciError(403, 'DENIED', `"${repository}" mirrors another registry and takes no pushes`);
      }
      if (await allows(action, repository)) return;
      throw new OciError(403, 'DENIED', `${principal ?? 'the caller'} may not ${action} on ${repository}`);
    },
  };
  const path = mark < 0 ? url : url.slice(0, mark);
  const { budget } = opened;
  if (await serveManagement(exchange, path, { mirror, budget, site: options.site, mayManage })) return;
  await route(exchange, path);
}

/** Aborts when the client has left. */
function gone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

async function authenticate(request: IncomingMessage, access: RegistryAccess | undefined): Promise<string | undefined> {
  // No registry client sends Origin; a page in the user's browser does, and must not write here.
  if (request.headers.origin !== undefined && request.method !== 'GET' && request.method !== 'HEAD') {
    throw new OciError(403, 'DENIED', 'web pages may not write to this registry');
  }
  const verdict = await access?.authenticate(request.headers.authorization);
  if (verdict !== 'refused') return verdict?.principal;
  throw new OciError(401, 'UNAUTHORIZED', 'the registry needs a user name and a token', {
    headers: { 'www-authenticate': 'Basic realm="lading",service="ecr.amazonaws.com"' },
  });
}

async function route(exchange: Exchange, path: string): Promise<void> {
  const target = parseRoute(path);
  switch (target.kind) {
    case 'base':
      if (exchange.request.method !== 'GET' && exchange.request.method !== 'HEAD') throw methodNotAllowed('GET');
      return sendJson(exchange, 200, {}, {});
    case 'catalog':
      return serveCatalog(exchange);
    case 'uploads':
      return serveUploads(exchange, target.repository);
    case 'upload':
      return serveUpload(exchange, target.repository, target.id);
    case 'blob':
      return serveBlob(exchange, target.repository, target.digest);
    case 'manifest':
      return serveManifest(exchange, target.repository, target.reference);
    case 'tags':
      return serveTags(exchange, target.repository);
    case 'referrers':
      return serveReferrers(exchange, target.repository, target.digest);
  }
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  onProblem: (error: unknown) => void,
): void {
  const gone = request.socket.destroyed || response.headersSent;
  const known = error instanceof OciError ? error : undefined;
  if (!known && !gone) onProblem(error);
  if (gone) return void response.destroy();
  const { status, ociCode, message, headers, details } =
    known ?? new OciError(500, 'UNKNOWN', 'the registry failed; its log says why');
  const errors = (details.length > 0 ? details : [undefined]).map((detail) => ({ code: ociCode, message, detail }));
  const bytes = Buffer.from(JSON.stringify({ errors }));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    ...mutable(headers),
  });
  response.end(bytes);
  leaveBody(request);
}

/**
 * Reads away what is left of a body, so that the connection can go on; ends it where that is much. Ending it at once
 * would make the client's system throw the answer away unread.
 */
function leaveBody(request: IncomingMessage): void {
  if (request.complete) return;
  let read = 0;
  request.on('error', () => undefined);
  request.on('data', (piece: Uint8Array) => {
    read += piece.length;
    if (read <= DRAIN_BYTES) return;
    request.pause();
    setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
  });
}
