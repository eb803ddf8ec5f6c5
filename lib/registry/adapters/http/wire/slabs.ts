export const SLAB_BYTES = 512 * 1024;
/** Most connections carry a few kilobytes. */
const FIRST_SLAB_BYTES = 64 * 1024;
/** One that the socket fills, one that waits, one that the reader has. */
const MAX_SLABS = 3;

interface Filled {
  readonly bytes: Buffer;
  readonly from: number;
}

/**
 * The memory that a connection reads into. The socket always has room ahead; what it has filled is lent to one reader, a
 * piece at a time, and filled again once that reader says so. So a transfer of any length takes three
 * slabs, and no byte is copied between the system and the hash.
 */
export class Slabs {
  #current: Buffer = Buffer.allocUnsafeSlow(FIRST_SLAB_BYTES);
  #filled = 0;
  #taken = 0;
  #slabs = 0;
  readonly #full: Filled[] = [];
  readonly #free: Buffer[] = [];
  /** Wholly handed out, filled again after `reclaim`. */
  #lent: Buffer | undefined;

  /** Where the next bytes go. Never empty. */
  room(): Buffer {
    return this.#current.subarray(this.#filled);
  }

  /** So many bytes were put into the room. False where no more should be read until something was reclaimed. */
  add(count: number): boolean {
    this.#filled += count;
    if (this.#filled < this.#current.length) return true;
    this.#full.push({ bytes: this.#current, from: this.#taken });
    this.#filled = 0;
    this.#taken = 0;
    this.#current = this.#free.pop() ?? this.#allocate();
    return this.hasSpare;
  }

  get hasSpare(): boolean {
    return this.#free.length > 0 || this.#slabs < MAX_SLABS;
  }

  /** Bytes that can be taken. */
  get ready(): number {
    return this.#full.reduce((sum, { bytes, from }) => sum + bytes.length - from, this.#filled - this.#taken);
  }

  /** The reader is done with what it took. */
  reclaim(): void {
    this.#giveBack(this.#lent);
    this.#lent = undefined;
  }

  /** The next bytes, valid until `reclaim`; `undefined` where none have come. */
  take(): Buffer | undefined {
    for (let next = this.#full.shift(); next !== undefined; next = this.#full.shift()) {
      if (next.from < next.bytes.length) {
        this.#lent = next.bytes;
        return next.bytes.subarray(next.from);
      }
      this.#giveBack(next.bytes);
    }
    if (this.#filled === this.#taken) return undefined;
    const piece = this.#current.subarray(this.#taken, this.#filled);
    this.#taken = this.#filled;
    return piece;
  }

  #allocate(): Buffer {
    this.#slabs++;
    return Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  #giveBack(slab: Buffer | undefined): void {
    if (slab?.length === SLAB_BYTES) this.#free.push(slab);
  }
}
