import type { IncomingMessage, Server } from 'node:http';
import { LadingError } from '../../../lib/core/errors.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]|[a-z0-9.-]+\.localhost)(?::\d+)?$/i;

/**
 * Whether the Host header names this machine. A web page whose name resolves to 127.0.0.1 (DNS rebinding) sends its own
 * name there.
 */
export const isLoopbackHost = (host: string | undefined): boolean => host !== undefined && LOOPBACK.test(host);

/** Whether the request comes from no web page, or from a page of this machine. */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-site'] === 'cross-site') return false;
  const { origin } = headers;
  return origin === undefined || isLoopbackHost(origin.replace(/^https?:\/\//, ''));
}

/**
 * Reads a body whole. One that says that it is over the limit is not begun: breaking off in the middle would cut the
 * connection before the answer. By events, as iterating a stream costs as much as all else that the facade does.
 *
 * @throws RangeError over the limit
 */
export function readLimited(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): void => reject(new RangeError(`the request body is over ${limit} bytes`));
    if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        request.off('data', onData);
        tooLarge();
      }
    };
    request.on('data', onData);
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client went away')));
  });
}

/**
 * Listens on 127.0.0.1 and gives the port.
 *
 * @throws LadingError `port-in-use` or `port-forbidden`
 */
export async function listen(server: Server, port: number, what: string): Promise<number> {
  // SDK clients keep connections open; Node's default of 5 s would close them under a client about to send.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(listenError(error, port, what));
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail);
      resolve();
    });
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function listenError(error: Error, port: number, what: string): Error {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new LadingError('port-in-use', `port ${port} of 127.0.0.1, meant for ${what}, is taken`, {
      cause: error,
      hint: 'stop what uses it, or choose another port',
    });
  }
  if (code === 'EACCES') {
    return new LadingError('port-forbidden', `port ${port} of 127.0.0.1 may not be used for ${what}`, {
      cause: error,
      hint: 'choose a port over 1023',
    });
  }
  return error;
}

/** Stops listening, and ends connections that are open: clients keep them alive for ever. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
