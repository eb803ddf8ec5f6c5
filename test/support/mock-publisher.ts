import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeZip } from '../lib/formats/zip/write-zip.ts';

export interface Served {
  readonly content: Uint8Array | string;
  readonly modified?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What goes wrong with it on the way. */
  readonly fault?: 'breaks-off' | 'busy' | 'forbidden';
}

/**
 * Servers of publishers, all behind one real HTTP server: `fetch` goes there whatever host the address names. Answers
 * carry an entity tag (and a date, where there is one), and conditions are honoured.
 */
export async function mockPublisher() {
  const files = new Map<string, Served>();
  const asked: { readonly url: string; readonly status: number }[] = [];
  const routes: ((url: URL) => Served | undefined)[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(String(request.headers['x-address']));
    const served = files.get(url.href) ?? routes.map((route) => route(url)).find((one) => one !== undefined);
    const status = answer(request, response, served);
    asked.push({ url: url.href, status });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    /** By whole address. */
    put: (url: string, content: Served | string | Uint8Array): void => {
      files.set(url, typeof content === 'string' || content instanceof Uint8Array ? { content } : content);
    },
    remove: (url: string): void => void files.delete(url),
    route: (one: (url: URL) => Served | undefined): void => void routes.push(one),
    /** What was asked for since the last call. */
    asked: () => asked.splice(0),
    fetch: ((input, init) =>
      fetch(`http://127.0.0.1:${port}/`, {
        ...init,
        headers: { ...(init?.headers as Record<string, string>), 'x-address': String(input) },
      })) as typeof fetch,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
export type MockPublisher = Awaited<ReturnType<typeof mockPublisher>>;

function answer(request: IncomingMessage, response: ServerResponse, served: Served | undefined): number {
  const end = (status: number, headers: Record<string, string | number> = {}, body?: Uint8Array): number => {
    response.writeHead(status, headers).end(body);
    return status;
  };
  if (!served) return end(404);
  if (served.fault === 'busy') return end(503);
  if (served.fault === 'forbidden') return end(403);
  const body = Buffer.from(served.content);
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
  const headers = {
    etag,
    ...(served.modified ? { 'last-modified': new Date(served.modified).toUTCString() } : {}),
    ...served.headers,
  };
  if (request.headers['if-none-match'] === etag) return end(304, headers);
  if (served.fault === 'breaks-off') {
    response.writeHead(200, { ...headers, 'content-length': body.length });
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    return 200;
  }
  return end(200, { ...headers, 'content-length': body.length }, body);
}

interface OsvRecord {
  readonly id: string;
  readonly modified: string;
}

/** A bucket of OSV as its exporter fills it: each record, the list of changes with the newest first, the archive. */
export function mockOsvBucket(publisher: MockPublisher, folder: string) {
  const records = new Map<string, OsvRecord>();
  const writeList = (rows = [...records.values()]): void => {
    const sorted = rows.sort((a, b) => (a.modified < b.modified ? 1 : a.modified > b.modified ? -1 : 0));
    publisher.put(`${folder}modified_id.csv`, sorted.map(({ modified, id }) => `${modified},${id}\n`).join(''));
  };
  return {
    records,
    writeList,
    writeArchive(modified: string): void {
      const entries = [...records.values()].map((one) => ({
        name: `${one.id}.json`,
        content: Buffer.from(JSON.stringify(one)),
      }));
      publisher.put(`${folder}all.zip`, { content: writeZip(entries), modified });
    },
    put(...changed: readonly OsvRecord[]): void {
      for (const one of changed) {
        records.set(one.id, one);
        publisher.put(`${folder}${one.id}.json`, JSON.stringify(one));
      }
      writeList();
    },
  };
}
