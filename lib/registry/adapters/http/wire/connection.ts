import type { OnReadOpts, Socket } from 'node:net';
import { registryError } from '../../../errors.ts';
import { type Framing, framingOf } from './framing.ts';
import { MAX_HEAD_BYTES, parseHead, type ResponseHead } from './head.ts';
import { SLAB_BYTES, Slabs } from './slabs.ts';

/** Interim answers (RFC 9110, section 15.2) that are read over. */
const MAX_INTERIM = 8;
/** Of a body that nobody wants so much is read, so that its connection can be used again. */
const MAX_DISCARDED_BYTES = 64 * 1024;
const MAX_DISCARDING_MS = 1000;
/** So long a reader waits for a slab to be filled, in milliseconds. */
const PATIENCE_MS = 10;
/** Most registries and what stands before them keep a connection at least so long. */
const MAX_REST_MS = 30_000;
const END_OF_HEAD = '\r\n\r\n';

/** The peer ended the connection before it had answered in full. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'ECONNRESET';
}

/**
 * A connection on which one request at a time is sent and answered (RFC 9112). It reads into memory of its own (`Slabs`)
 * instead of through streams, which halves what a megabyte of a layer costs. Only an answer that was read to its last
 * byte, and nothing after it, leaves a connection that can be used again.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #slabs = new Slabs();
  readonly #silenceMs: number;
  readonly #silent: () => Error;
  #unread: Buffer | undefined;
  #wake: (() => void) | undefined;
  #waking = false;
  /** Bytes that the reader waits for; fewer are handed over after a short while. */
  #wanted = 1;
  #patience: NodeJS.Timeout | undefined;
  #busy = false;
  #ended = false;
  #failure: unknown;
  #received = 0;
  #restMs = MAX_REST_MS;
  #sent = true;
  #paused = false;
  #over: (() => void) | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** When something last moved. */
  #touched = 0;

  /** @param silenceMs longest time in which nothing moves; then the connection fails with what `silent` says */
  constructor(
    open: (onread: OnReadOpts) => Socket,
    { silenceMs, silent }: { readonly silenceMs: number; readonly silent: () => Error },
  ) {
    this.#silenceMs = silenceMs;
    this.#silent = silent;
    this.#socket = open({
      buffer: () => this.#slabs.room(),
      callback: (count) => this.#onRead(count),
    });
    this.#socket.setNoDelay(true).setKeepAlive(true, 30_000);
    this.#socket.on('error', (error) => this.#onEnd(error));
    this.#socket.on('end', () => this.#onEnd(undefined));
    this.#socket.on('close', () => this.#onEnd(undefined));
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  get isUsable(): boolean {
    const isRead = this.#unread === undefined && this.#slabs.ready === 0;
    return !this.#ended && !this.#busy && this.#restMs > 0 && this.#sent && isRead;
  }

  /** Bytes that ever came: a connection that was closed while it was idle has brought none of the new answer. */
  get received(): number {
    return this.#received;
  }

  /** Called while nothing is under way: the process need not live for it, and it ends by itself in time. */
  rest(onEnd: () => void): void {
    this.#socket.unref();
    this.#socket.once('close', onEnd);
    this.#watch = setTimeout(() => this.destroy(), this.#restMs).unref();
  }

  wakeUp(onEnd: () => void): void {
    clearTimeout(this.#watch);
    this.#socket.ref();
    this.#socket.off('close', onEnd);
  }

  destroy(reason?: unknown): void {
    this.#failure ??= reason;
    this.#socket.destroy();
    this.#onEnd(undefined);
  }

  /**
   * Sends the head of a request; its body, where it has one, follows by `write`. Calls `over` once, when the answer was
   * read or the connection ended.
   */
  begin(head: Uint8Array, hasBody: boolean, over: () => void): void {
    this.#busy = true;
    this.#over = over;
    this.#sent = !hasBody;
    this.#touched = performance.now();
    this.#look();
    this.#socket.write(head);
  }

  /** Sends a piece of the body. Once that is settled, the piece is the caller's again. */
  write(piece: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#lost());
      else {
        this.#socket.write(piece, (error) => {
          this.#touched = performance.now();
          if (error) reject(this.#failure ?? error);
          else resolve();
        });
      }
    });
  }

  /** The whole body was sent. */
  sent(): void {
    this.#sent = true;
  }

  /** The head of the final answer. */
  async readHead(): Promise<ResponseHead> {
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      const head = parseHead(await this.#readHeadBytes());
      if (head.status >= 200) {
        this.#restMs = restOf(head);
        return head;
      }
      if (head.status === 101) break;
    }
    throw registryError('registry-protocol', 'the answer is no HTTP/1.1: it does not come to an end');
  }

  /** The body that follows a head, in pieces that are valid until the next is asked for. */
  async *readBody(method: string, head: ResponseHead): AsyncGenerator<Uint8Array, void, undefined> {
    let framing: Framing | undefined;
    try {
      framing = framingOf(method, head);
      while (!framing.done) {
        const bytes = await this.#next(Math.min(framing.atLeast, SLAB_BYTES));
        if (bytes !== undefined) yield* framing.feed(bytes);
        else if (framing.endsWithConnection && this.#failure === undefined) break;
        else throw this.#lost();
      }
    } finally {
      if (framing?.done && !framing.surplus) this.#finish();
      else this.destroy();
    }
  }

  /**
   * Reads a short rest, so that the connection can be used again; where it is long, or slow to come, it is closed.
   *
   * @param length bytes that the body is said to have
   */
  async discard(body: AsyncIterable<Uint8Array>, length: number): Promise<void> {
    let left = MAX_DISCARDED_BYTES;
    if (length > left) this.destroy();
    const timer = setTimeout(() => this.destroy(), MAX_DISCARDING_MS).unref();
    try {
      for await (const piece of body) {
        left -= piece.length;
        if (left < 0) return;
      }
    } catch {
      // Nobody waits for it.
    } finally {
      clearTimeout(timer);
    }
  }

  #finish(): void {
    this.#busy = false;
    clearTimeout(this.#watch);
    // Whoever answers before the request is over, or says more than was asked, is not asked again.
    if (this.isUsable) this.#letGo();
    else this.destroy();
  }

  #letGo(): void {
    const over = this.#over;
    this.#over = undefined;
    over?.();
  }

  #onRead(count: number): boolean {
    this.#received += count;
    this.#touched = performance.now();
    // Once told to stop, TLS still hands over what it has decrypted.
    if (!this.#slabs.add(count)) this.#paused = true;
    if (!this.#busy) this.destroy(new ConnectionLost('the peer said something that nobody asked for'));
    else if (this.#wake !== undefined) this.#offer();
    return !this.#paused;
  }

  /** Wakes the reader when it is worth it: each time costs as much as hashing some ten thousand bytes. */
  #offer(): void {
    if (this.#waking) return;
    if (this.#slabs.ready < this.#wanted) {
      this.#patience ??= setTimeout(() => this.#wake?.(), PATIENCE_MS);
      return;
    }
    // What the system has at hand comes at once, in several calls: the reader is woken when all of it is here.
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      this.#wake?.();
    });
  }

  #onEnd(error: unknown): void {
    this.#failure ??= error;
    this.#ended = true;
    clearTimeout(this.#watch);
    this.#wake?.();
    this.#letGo();
  }

  readonly #lost = (): unknown => this.#failure ?? new ConnectionLost('the connection was closed');

  /**
   * The next bytes, valid until the next call; `undefined` at the end of the connection.
   *
   * @param wanted bytes that it waits for; where they are slow to come, it gives what there is
   */
  async #next(wanted: number): Promise<Buffer | undefined> {
    this.#touched = performance.now();
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread !== undefined) return unread;
    // Memory that was lent comes back first: the connection may be waiting for it.
    this.#slabs.reclaim();
    if (this.#paused && this.#slabs.hasSpare && !this.#ended) {
      this.#paused = false;
      this.#socket.resume();
    }
    if (this.#slabs.ready < wanted && !this.#ended) await this.#enough(wanted);
    return this.#slabs.take();
  }

  /** Waits for so many bytes, for fewer and a short while, or for the end. */
  async #enough(wanted: number): Promise<void> {
    this.#wanted = wanted;
    do {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#slabs.ready > 0) this.#offer();
      });
    } while (this.#slabs.ready === 0 && !this.#ended);
    this.#wake = undefined;
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  async #readHeadBytes(): Promise<Buffer> {
    let head: Buffer = Buffer.alloc(0);
    for (;;) {
      const bytes = await this.#next(1);
      if (bytes === undefined) throw this.#lost();
      const all: Buffer = Buffer.concat([head, bytes.subarray(0, MAX_HEAD_BYTES + END_OF_HEAD.length)]);
      const end = all.indexOf(END_OF_HEAD);
      if (end >= 0) {
        const rest = bytes.subarray(end + END_OF_HEAD.length - head.length);
        this.#unread = rest.length > 0 ? rest : undefined;
        return all.subarray(0, end);
      }
      if (all.length > MAX_HEAD_BYTES) return all;
      head = all;
    }
  }

  /** One timer for a whole exchange: there may be thousands of pieces a second. */
  #look(): void {
    const left = this.#touched + this.#silenceMs - performance.now();
    if (left <= 0) this.destroy(this.#silent());
    else this.#watch = setTimeout(() => this.#look(), left);
  }
}

/** How long a connection may be kept after an answer: a second less than the peer says that it keeps it. */
function restOf({ minor, headers }: ResponseHead): number {
  if (minor === 0 || /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.connection ?? '')) return 0;
  const seconds = /(?:^|,)\s*timeout=(\d{1,6})\b/i.exec(String(headers['keep-alive'] ?? ''))?.[1];
  return seconds === undefined ? MAX_REST_MS : Math.min(MAX_REST_MS, Number(seconds) * 1000 - 1000);
}
