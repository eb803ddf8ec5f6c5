import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOriginPolicy } from '../../../../lib/registry/adapters/http/origin-policy.ts';
import {
  createTransport,
  type HttpRequest,
  type TransportOptions,
} from '../../../../lib/registry/adapters/http/transport.ts';
import { framingOf } from '../../../../lib/registry/adapters/http/wire/framing.ts';
import { parseHead, writeHead } from '../../../../lib/registry/adapters/http/wire/head.ts';
import { collectContent } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { scriptedServer } from './scripted-server.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const code = (work: () => unknown): Promise<string> => codeOf((async () => work())());

/** A server that answers each request with bytes, as they are. */
async function rawServer(answer: (socket: Socket, request: string, connection: number) => void) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('error', () => {});
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        requests.push(seen.slice(0, end));
        const request = seen.slice(0, end);
        seen = seen.slice(end + 4);
        answer(socket, request, connection);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v2/`),
    requests,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function client(url: URL, options: TransportOptions = {}) {
  const policy = createOriginPolicy({ base: url, allowHosts: [], allowInsecure: true, allowPrivate: true });
  const transport = createTransport(policy, options);
  const send = (more: Partial<HttpRequest> = {}) => transport.send({ method: 'GET', url, headers: {}, ...more });
  const read = async (more: Partial<HttpRequest> = {}): Promise<string> => {
    const { body } = await send(more);
    return Buffer.from(await collectContent(body, 1e8)).toString('latin1');
  };
  return { send, read, [Symbol.dispose]: () => transport.close() };
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('the head of an answer', () => {
  it('is read as it is meant', () => {
    const head = parseHead(
      latin1('HTTP/1.1 206 Partial\r\nContent-Length:  5 \r\nVia: a\r\nvia: b\r\nLocation: x\r\nlocation: y'),
    );
    expect(head.status).toBe(206);
    expect({ ...head.headers }).toEqual({ 'content-length': '5', via: 'a, b', location: 'x' });
  });

  it.each([
    ['no status line', 'HTTP/2 200 OK'],
    ['a status of two digits', 'HTTP/1.1 20 OK'],
    ['a bare line feed', 'HTTP/1.1 200 OK\r\na: b\nc: d'],
    ['a bare carriage return', 'HTTP/1.1 200 OK\r\na: b\rc: d'],
    ['a folded line', 'HTTP/1.1 200 OK\r\na: b\r\n c'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 5'],
    ['a name that is none', 'HTTP/1.1 200 OK\r\na b: c'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nabc'],
    ['a NUL in a value', 'HTTP/1.1 200 OK\r\na: b\0c'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5'],
    ['too many headers', `HTTP/1.1 200 OK${'\r\na: b'.repeat(201)}`],
    ['too many bytes', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(17_000)}`],
  ])('is refused with %s', async (_, text) => {
    expect(await code(() => parseHead(latin1(text)))).toBe('registry-protocol');
  });

  it('is either read or refused, whatever the bytes, and no name reaches a prototype', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom('__proto__: x', 'constructor: y', 'content-length: 3'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        try {
          const { headers } = parseHead(latin1(['HTTP/1.1 200 OK', ...lines].join('\r\n')));
          expect(Object.getPrototypeOf(headers)).toBeNull();
        } catch (error) {
          expect(error).toMatchObject({ code: 'registry-protocol' });
        }
      }),
    );
  });

  it('of a request holds no line that was put into it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, value) => {
        try {
          const lines = writeHead('GET', new URL('http://r.example/a'), { [name]: value }).toString('latin1');
          expect(lines.split(/\r\n|\r|\n/)).toHaveLength(6);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});

describe('the body of an answer', () => {
  const framing = (headers: Record<string, string>, method = 'GET', status = 200) =>
    framingOf(method, { status, minor: 1, headers });
  const chunked = { 'transfer-encoding': 'chunked' };
  /** Feeds bytes in pieces that end at the places given. */
  const feed = (bytes: Buffer, places: readonly number[]) => {
    const body = framing(chunked);
    const content: Uint8Array[] = [];
    const ends = [...new Set([...places.map((at) => at % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
    let from = 0;
    for (const end of ends) {
      content.push(...body.feed(bytes.subarray(from, end)));
      from = end;
    }
    return { body, content: Buffer.concat(content) };
  };

  it('of chunks is the same however the bytes arrive', () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(chunk), fc.array(fc.nat(2_000)), fc.boolean(), (chunks, places, isExtended) => {
        const parts = chunks.map((bytes) =>
          Buffer.concat([
            latin1(`${bytes.length.toString(16)}${isExtended ? ';a="b"' : ''}\r\n`),
            bytes,
            latin1('\r\n'),
          ]),
        );
        const bytes = Buffer.concat([...parts, latin1(`0\r\n${isExtended ? 'trailer: x\r\n' : ''}\r\n`)]);
        const { body, content } = feed(bytes, places);
        expect(body.done).toBe(true);
        expect(body.surplus).toBe(false);
        expect(content.equals(Buffer.concat(chunks))).toBe(true);
      }),
    );
  });

  it.each([
    'x\r\n',
    '-1\r\n',
    '0x5\r\n',
    ' 5\r\n',
    '5\nhello\r\n',
    '5\r\nhello!\r\n',
    '5\r\nhello\n',
    'fffffffffffff\r\n',
    `5;${'x'.repeat(2_000)}\r\n`,
    `0\r\n${`a: ${'b'.repeat(1_000)}\r\n`.repeat(20)}\r\n`,
  ])('of chunks that are malformed is refused (%#)', async (text) => {
    expect(await code(() => framing(chunked).feed(latin1(text)))).toBe('registry-protocol');
  });

  it.each([
    [{ 'transfer-encoding': 'chunked', 'content-length': '5' }],
    [{ 'transfer-encoding': 'gzip, chunked' }],
    [{ 'transfer-encoding': 'chunked, chunked' }],
    [{ 'content-length': '+5' }],
    [{ 'content-length': '5, 5' }],
    [{ 'content-length': '0x5' }],
    [{ 'content-length': '-1' }],
    [{ 'content-length': '9'.repeat(20) }],
    [{ 'content-length': '' }],
  ])('that two readers could end at two places is refused: %j', async (headers) => {
    expect(await code(() => framing(headers as never))).toBe('registry-protocol');
  });

  it('is none after HEAD, 204 and 304', () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      expect(framing({ 'content-length': '5' }, method, status).done).toBe(true);
    }
  });
});

describe('a connection', () => {
  it('reads what node sends, of any size and framing, and is used again', async () => {
    await using server = await scriptedServer();
    using http = client(server.url);
    await fc.assert(
      fc.asyncProperty(fc.nat(1_500_000), fc.boolean(), fc.boolean(), async (size, isChunked, lend) => {
        const content = Buffer.alloc(size, 'abcdefghijk');
        server.answer((_, response) => {
          if (!isChunked) response.setHeader('content-length', size);
          response.write(content.subarray(0, size >> 1));
          response.end(content.subarray(size >> 1));
        });
        let at = 0;
        for await (const piece of (await http.send({ lend })).body) {
          expect(content.subarray(at, at + piece.length).equals(piece)).toBe(true);
          at += piece.length;
        }
        expect(at).toBe(size);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps what it gave where it does not lend', async () => {
    const content = Buffer.alloc(3_000_000, 'abcdefghijk');
    await using server = await scriptedServer((_, response) => response.end(content));
    using http = client(server.url);
    const pieces: Uint8Array[] = [];
    for await (const piece of (await http.send()).body) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });

  it('holds no more than its slabs of a body that nobody reads on', async () => {
    const content = Buffer.alloc(60_000_000, 1);
    let written = 0;
    await using server = await rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\n\r\n`);
      const more = (): void => {
        while (written < content.length) {
          const piece = content.subarray(written, written + 65_536);
          written += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on('drain', more);
      more();
    });
    using http = client(server.url);
    const body = (await http.send({ lend: true })).body[Symbol.asyncIterator]();
    await body.next();
    const settled = async (): Promise<number> => {
      for (let before = -1; before !== written; await new Promise((resolve) => setTimeout(resolve, 50)))
        before = written;
      return written;
    };
    // What the system buffers of a connection is some megabytes.
    expect(await settled()).toBeLessThan(30_000_000);
    let rest = 0;
    for (let step = await body.next(); !step.done; step = await body.next()) rest += step.value.length;
    expect(rest).toBeGreaterThan(50_000_000);
  });

  it('is used for one request after another, and not after a surplus', async () => {
    await using server = await rawServer((socket, request) =>
      socket.write(request.startsWith('GET /v2/more') ? `${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil` : OK),
    );
    using http = client(server.url);
    for (let i = 0; i < 5; i++) expect(await http.read()).toBe('ok');
    expect(server.connections()).toBe(1);
    const url = new URL('/v2/more', server.url);
    expect([await http.read({ url }), await http.read({ url }), await http.read()]).toEqual(['ok', 'ok', 'ok']);
    expect(server.connections()).toBe(3);
  });

  it('takes nothing that comes before it was asked for', async () => {
    let early: Socket | undefined;
    await using server = await rawServer((socket) => {
      early ??= socket;
      socket.write(OK);
    });
    using http = client(server.url);
    expect(await http.read()).toBe('ok');
    const closed = new Promise((resolve) => early?.once('close', resolve));
    early?.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil');
    await closed;
    expect(await http.read()).toBe('ok');
    expect(server.connections()).toBe(2);
  });

  it('is opened anew where the peer closed it while it was idle, but no request is sent twice that may not be', async () => {
    await using server = await rawServer((socket, _, connection) => {
      if (connection > 1) socket.write(OK);
      else if (server.requests.length > 1) socket.destroy();
      else socket.write(OK);
    });
    using http = client(server.url);
    expect(await http.read()).toBe('ok');
    expect(await http.read()).toBe('ok');
    expect(server.connections()).toBe(2);
    await using second = await rawServer(
      (socket) => void (second.requests.length > 1 ? socket.destroy() : socket.write(OK)),
    );
    using posting = client(second.url);
    const post = { method: 'POST', headers: { 'content-length': '0' } } as const;
    expect(await posting.read(post)).toBe('ok');
    expect(await codeOf(posting.read(post))).toBe('registry-unavailable');
    expect(second.connections()).toBe(1);
  });

  it.each([
    ['HTTP/1.0 200 OK', ''],
    ['HTTP/1.1 200 OK', 'connection: keep-alive, Close\r\n'],
    ['HTTP/1.1 200 OK', 'keep-alive: timeout=1, max=100\r\n'],
  ])('is not used again after %s %j', async (status, header) => {
    await using server = await rawServer((socket) => socket.write(`${status}\r\n${header}content-length: 2\r\n\r\nok`));
    using http = client(server.url);
    expect([await http.read(), await http.read()]).toEqual(['ok', 'ok']);
    expect(server.connections()).toBe(2);
  });

  it('reads over interim answers, and not without end', async () => {
    let interim = 3;
    await using server = await rawServer((socket) =>
      socket.write(`${'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(interim)}${OK}`),
    );
    using http = client(server.url);
    expect(await http.read()).toBe('ok');
    interim = 100;
    expect(await codeOf(http.read())).toBe('registry-protocol');
  });

  it.each([
    [
      'a head without end',
      (socket: Socket) => void socket.write(`HTTP/1.1 200 OK\r\na: ${'x'.repeat(100_000)}`),
      'registry-protocol',
    ],
    ['an end within the head', (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\na:'), 'registry-unavailable'],
    [
      'an end within the body',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
      'registry-unavailable',
    ],
    [
      'an end within a chunk',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nok'),
      'registry-unavailable',
    ],
    [
      'an end before the last chunk',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n'),
      'registry-unavailable',
    ],
    ['another protocol', (socket: Socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'), 'registry-protocol'],
    [
      'an upgrade',
      (socket: Socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      'registry-protocol',
    ],
  ])('fails by %s', async (_, answer, expected) => {
    await using server = await rawServer(answer);
    using http = client(server.url);
    expect(await codeOf(http.read())).toBe(expected);
  });

  it('ends a body of unknown length with the connection, and gives what came slowly', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\no');
      setTimeout(() => socket.end('k'), 40);
    });
    using http = client(server.url);
    expect(await http.read()).toBe('ok');
  });

  it('is let go of, whoever abandons its answer', async () => {
    await using server = await rawServer((socket) => socket.write(OK.replace('length: 2', 'length: 100000000')));
    using http = client(server.url);
    for (let i = 0; i < 100; i++) (await http.send()).discard();
    const stop = new AbortController();
    const { body } = await http.send({ signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 10);
    await expect(collectContent(body, 1e9)).rejects.toThrow('enough');
  });
});
