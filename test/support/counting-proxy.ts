import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What becomes of a request: `answer-lost` has its effect, and the client never hears of it. */
export type Fate = 'through' | 'request-lost' | 'answer-lost' | 'throttled';

export interface CountingProxy {
  readonly url: string;
  /** Bytes that clients sent: everything on the sockets, and bodies alone. */
  readonly sent: { readonly sockets: number; readonly bodies: number; readonly requests: number };
  reset(): void;
  close(): Promise<void>;
}

/**
 * Stands between a client and a server of this machine, counts what goes over the sockets, and can lose some of it.
 *
 * @param fateOf the client waits for as long as it takes to decide
 */
export async function startCountingProxy(
  target: string,
  fateOf: (request: { readonly method: string; readonly path: string }) => Fate | Promise<Fate> = () => 'through',
): Promise<CountingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Map<Socket, number>();
  let bodies = 0;
  let requests = 0;
  let gone = 0;
  const forward = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    requests++;
    const { method = 'GET', url: path = '/', headers } = from;
    const decided = fateOf({ method, path });
    const fate = typeof decided === 'string' ? decided : await decided;
    if (fate === 'request-lost') {
      from.socket.destroy();
      return;
    }
    from.on('data', (chunk: Buffer) => {
      bodies += chunk.length;
    });
    if (fate === 'throttled') {
      from.resume();
      to.writeHead(429, { 'retry-after': '0', 'content-length': '0' }).end();
      return;
    }
    const out = request({ hostname, port, method, path, headers }, (answer) => {
      if (fate === 'answer-lost') {
        answer.resume();
        from.socket.destroy();
        return;
      }
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
      answer.on('error', () => to.destroy());
    });
    out.on('error', () => to.destroy());
    from.pipe(out);
    from.on('error', () => out.destroy());
  };
  const server = createServer((from, to) => void forward(from, to));
  server.on('connection', (socket) => {
    sockets.set(socket, 0);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      gone += socket.bytesRead - (sockets.get(socket) ?? 0);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      const open = [...sockets].reduce((sum, [socket, before]) => sum + socket.bytesRead - before, 0);
      return { sockets: gone + open, bodies, requests };
    },
    reset() {
      for (const socket of sockets.keys()) sockets.set(socket, socket.bytesRead);
      gone = 0;
      bodies = 0;
      requests = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
