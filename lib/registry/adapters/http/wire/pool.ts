import type { LookupFunction, OnReadOpts, Socket } from 'node:net';
import { Connection } from './connection.ts';

const MAX_ACTIVE = 32;
const MAX_IDLE = 8;

export interface Pool {
  /** A connection to the URL's origin, and whether it carried a request before. */
  acquire(url: URL): Promise<{ readonly connection: Connection; readonly reused: boolean }>;
  /** To be called once for each acquired: it is kept if it can be used again. */
  release(url: URL, connection: Connection): void;
  /** Ends all connections. */
  close(): void;
}

export interface PoolOptions {
  readonly lookup: LookupFunction;
  readonly silenceMs: number;
  readonly silent: (url: URL) => Error;
}

interface Origin {
  /** With what is to be called at their end. */
  readonly idle: Map<Connection, () => void>;
  readonly waiting: (() => void)[];
  active: number;
  /** The last TLS session, so that the next connection begins with half the steps. */
  session: Buffer | undefined;
}

/** Keeps connections between requests, for each origin its own. */
export function createPool(options: PoolOptions): Pool {
  const origins = new Map<string, Origin>();
  const all = new Set<Connection>();
  const originOf = (url: URL): Origin => {
    const known = origins.get(url.origin);
    if (known !== undefined) return known;
    const made: Origin = { idle: new Map(), waiting: [], active: 0, session: undefined };
    origins.set(url.origin, made);
    return made;
  };
  const forget = (origin: Origin, connection: Connection): void => {
    origin.idle.delete(connection);
    all.delete(connection);
  };
  const keep = (origin: Origin, connection: Connection): void => {
    const onEnd = (): void => forget(origin, connection);
    origin.idle.set(connection, onEnd);
    connection.rest(onEnd);
  };
  return {
    async acquire(url) {
      const origin = originOf(url);
      while (origin.active >= MAX_ACTIVE) await new Promise<void>((resolve) => origin.waiting.push(resolve));
      origin.active++;
      // The one that was used last is the least likely to have been closed meanwhile.
      for (const [connection, onEnd] of [...origin.idle].reverse()) {
        origin.idle.delete(connection);
        if (!connection.isUsable) continue;
        connection.wakeUp(onEnd);
        return { connection, reused: true };
      }
      const { silenceMs } = options;
      const connection = new Connection((onread) => openSocket(url, origin, options, onread), {
        silenceMs,
        silent: () => options.silent(url),
      });
      all.add(connection);
      return { connection, reused: false };
    },
    release(url, connection) {
      const origin = originOf(url);
      origin.active--;
      if (connection.isUsable && origin.idle.size < MAX_IDLE) keep(origin, connection);
      else {
        connection.destroy();
        forget(origin, connection);
      }
      origin.waiting.shift()?.();
    },
    close() {
      for (const connection of all) connection.destroy();
    },
  };
}

/**
 * Node's modules are fetched when they are needed, and not by `import`: that would read every export, which takes longer
 * than the manifest of an image from near by.
 */
function openSocket(url: URL, origin: Origin, { lookup }: PoolOptions, onread: OnReadOpts): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:') {
    const options = { host, port: Number(url.port || 80), lookup, onread };
    return process.getBuiltinModule('node:net').connect(options);
  }
  const { isIP } = process.getBuiltinModule('node:net');
  const socket = process.getBuiltinModule('node:tls').connect({
    ...{ host, port: Number(url.port || 443), lookup, onread, ALPNProtocols: ['http/1.1'] },
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(origin.session === undefined ? {} : { session: origin.session }),
  });
  socket.on('session', (session) => {
    origin.session = session;
  });
  socket.on('error', () => {
    origin.session = undefined;
  });
  return socket;
}
