/*
 * SHA-256 (FIPS 180-4) whose state can be written down between blocks and gone on with in another process, which the
 * hashes of `node:crypto` cannot. A tenth as fast as those: only for what is copied over several processes.
 */

/** Bytes that are hashed at once; the state can be told only after whole blocks. */
export const SHA256_BLOCK = 64;

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2). */
const K = Int32Array.from({ length: 64 }, (_, i) => fraction(Math.cbrt(prime(i))) | 0);
const START = Int32Array.from({ length: 8 }, (_, i) => fraction(Math.sqrt(prime(i))) | 0);

function prime(index: number): number {
  for (let n = 2, found = -1; ; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false;
    if (isPrime && ++found === index) return n;
  }
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

export interface ResumableSha256 {
  /** Any number of bytes but in the last piece: a whole number of blocks. */
  update(bytes: Uint8Array): void;
  /** 64 hexadecimal digits of state, after whole blocks. */
  state(): string;
  /** The hash of everything, in hexadecimal digits; `last` is what is left. */
  finish(last?: Uint8Array): string;
}

/**
 * @param from.state of another run over the first `from.bytes` bytes
 */
export function resumableSha256(from?: { readonly state: string; readonly bytes: number }): ResumableSha256 {
  const h = Int32Array.from(START);
  let bytes = from?.bytes ?? 0;
  if (from) {
    if (!/^[0-9a-f]{64}$/.test(from.state)) throw new TypeError('not a state of SHA-256');
    for (let i = 0; i < 8; i++) h[i] = Number.parseInt(from.state.slice(i * 8, i * 8 + 8), 16) | 0;
  }
  const w = new Int32Array(64);
  const state = (): string => Array.from(h, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  const blocks = (input: Uint8Array): void => {
    if (input.length % SHA256_BLOCK !== 0) throw new TypeError('only whole blocks can be gone on from');
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    for (let at = 0; at < input.length; at += SHA256_BLOCK) compress(h, w, view, at);
    bytes += input.length;
  };
  return {
    update: blocks,
    state,
    finish(last = new Uint8Array()) {
      const whole = last.length - (last.length % SHA256_BLOCK);
      blocks(last.subarray(0, whole));
      const rest = last.subarray(whole);
      const total = bytes + rest.length;
      const padded = new Uint8Array(rest.length + 9 <= SHA256_BLOCK ? SHA256_BLOCK : 2 * SHA256_BLOCK);
      padded.set(rest);
      padded[rest.length] = 0x80;
      new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(total) * 8n);
      blocks(padded);
      return state();
    },
  };
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** Section 6.2.2. */
function compress(h: Int32Array, w: Int32Array, view: DataView, at: number): void {
  for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + t * 4);
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15] as number;
    const y = w[t - 2] as number;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[t] = ((w[t - 16] as number) + s0 + (w[t - 7] as number) + s1) | 0;
  }
  let a = h[0] as number;
  let b = h[1] as number;
  let c = h[2] as number;
  let d = h[3] as number;
  let e = h[4] as number;
  let f = h[5] as number;
  let g = h[6] as number;
  let i = h[7] as number;
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (i + s1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (w[t] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    i = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  // A typed array of words wraps by itself.
  for (const [j, sum] of [a, b, c, d, e, f, g, i].entries()) h[j] = (h[j] as number) + sum;
}
