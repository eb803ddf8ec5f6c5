import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Digest, digestAlgorithm } from '../../../lib/core/digest.ts';
import { explainDiskError, OciError } from './errors.ts';
import { type OpenFile, removeFile, writeAll } from './files.ts';
import { uploadRange } from './ranges.ts';

export type HashAlgorithm = 'sha256' | 'sha512';

/** Bytes gathered before they are hashed and written: few system calls, and a memory that does not grow with the blob. */
const PIECE = 512 * 1024;

/** What the client said of a chunk. */
export interface ChunkClaim {
  /** Where the chunk starts, by `Content-Range`. */
  readonly start?: number;
  /** Bytes of the chunk, by `Content-Length` or `Content-Range`. */
  readonly length?: number;
}

/** One blob on its way in: a temporary file that grows at its end and the hash of what it holds. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly startedAt: number;
  offset(): number;
  touchedAt(): number;
  busy(): boolean;
  /**
   * Appends a chunk. Bytes received before the client went away stay, to be resumed from `offset`; a chunk that lies
   * about its length leaves nothing.
   *
   * @throws OciError 416 when it does not start at `offset`, 400 `SIZE_INVALID`, 413 over the largest blob, 507
   */
  append(body: AsyncIterable<Uint8Array>, claim: ChunkClaim, options?: { readonly resumable?: boolean }): Promise<void>;
  /** The digest of all bytes by the algorithm of `wanted`. */
  digest(wanted: Digest): Promise<Digest>;
  /** The file with all bytes, for `BlobFiles.adopt`; it is created if there was no byte. */
  file(): Promise<{ readonly path: string; readonly handle: FileHandle }>;
  /** Its file has gone to its digest. */
  markMoved(): void;
  close(): Promise<void>;
  /** Closes and removes what the upload has on disk. */
  remove(): Promise<void>;
  /** Runs one after another: two requests at once for one upload would mix their bytes. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

interface UploadOptions {
  readonly id: string;
  readonly repository: string;
  readonly algorithm: HashAlgorithm;
  readonly startedAt: number;
  readonly path: string;
  /** Bytes already in the file, from an earlier run. */
  readonly offset: number;
  readonly touchedAt: number;
  readonly maxBytes: number;
  readonly open: OpenFile;
  readonly now: () => number;
  /** Makes the upload resumable after a restart. */
  readonly remember: () => Promise<void>;
  readonly forget: () => Promise<void>;
}

export function createUpload(options: UploadOptions): Upload {
  let handle: FileHandle | undefined;
  let offset = options.offset;
  let touchedAt = options.touchedAt;
  let remembered = offset > 0;
  let closed = false;
  let onDisk = offset > 0;
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();
  /** Of the bytes up to `offset`; `undefined` where it must be computed from the file. */
  let hash: Hash | undefined = offset === 0 ? createHash(options.algorithm) : undefined;

  const opened = async (): Promise<FileHandle> => {
    if (closed) throw new OciError(404, 'BLOB_UPLOAD_UNKNOWN', 'the upload is over');
    handle ??= await options.open(options.path, options.offset > 0 ? 'r+' : 'w+');
    onDisk = true;
    return handle;
  };
  const hashSoFar = async (algorithm: HashAlgorithm): Promise<Hash> => {
    if (hash && algorithm === options.algorithm) return hash;
    const rebuilt = await hashFile(await opened(), algorithm, offset);
    if (algorithm === options.algorithm) hash = rebuilt;
    return rebuilt;
  };
  const writePieces = async (pieces: readonly Uint8Array[]): Promise<void> => {
    const file = await opened();
    const current = await hashSoFar(options.algorithm);
    const writing = writeAll(file, pieces, offset);
    for (const piece of pieces) current.update(piece);
    try {
      await writing;
    } catch (error) {
      hash = undefined;
      throw error;
    }
    offset += pieces.reduce((sum, piece) => sum + piece.length, 0);
    touchedAt = options.now();
  };
  const rollBack = async (to: number): Promise<void> => {
    if (offset !== to || hash === undefined) {
      await handle?.truncate(to);
      offset = to;
      hash = to === 0 ? createHash(options.algorithm) : undefined;
    }
  };

  const close = async (): Promise<void> => {
    closed = true;
    await handle?.close();
    handle = undefined;
  };

  return {
    id: options.id,
    repository: options.repository,
    startedAt: options.startedAt,
    offset: () => offset,
    touchedAt: () => touchedAt,
    busy: () => waiting > 0,
    async append(body, claim, { resumable = true } = {}) {
      const before = offset;
      if (claim.start !== undefined && claim.start !== before) throw outOfOrder(claim.start, before);
      if (resumable && !remembered) {
        await options.remember();
        remembered = true;
      }
      try {
        await receive(body, claim.length, options.maxBytes - before, writePieces);
      } catch (error) {
        // Truncating also removes what a failed write left behind `offset`.
        await rollBack(error instanceof OciError ? before : offset);
        throw explainDiskError(error);
      }
    },
    async digest(wanted) {
      const algorithm = digestAlgorithm(wanted);
      const current = await hashSoFar(algorithm);
      return `${algorithm}:${current.copy().digest('hex')}` as Digest;
    },
    file: async () => ({ path: options.path, handle: await opened() }),
    markMoved: () => {
      onDisk = false;
    },
    close,
    async remove() {
      await close();
      if (onDisk) await removeFile(options.path);
      if (remembered) await options.forget();
    },
    async exclusively(work) {
      waiting += 1;
      const mine = tail.then(work);
      tail = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
  };
}

const outOfOrder = (start: number, offset: number): OciError =>
  new OciError(416, 'BLOB_UPLOAD_INVALID', `the chunk starts at ${start}, but the upload is at ${offset}`, {
    headers: { range: uploadRange(offset) },
  });

/** Hands the body on in pieces, and stops at the first byte that was not declared or is over the limit. */
async function receive(
  body: AsyncIterable<Uint8Array>,
  declared: number | undefined,
  limit: number,
  write: (pieces: readonly Uint8Array[]) => Promise<void>,
): Promise<void> {
  let received = 0;
  let gathered = 0;
  let pieces: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    const ready = pieces;
    pieces = [];
    gathered = 0;
    if (ready.length > 0) await write(ready);
  };
  try {
    for await (const piece of body) {
      received += piece.length;
      if (declared !== undefined && received > declared)
        throw wrongSize(`more than the ${declared} declared bytes came`);
      if (received > limit)
        throw new OciError(413, 'SIZE_INVALID', 'the blob is over the largest size of this registry');
      pieces.push(piece);
      gathered += piece.length;
      if (gathered >= PIECE) await flush();
    }
  } catch (error) {
    // The connection broke: what came is in order and can be resumed from.
    if (!(error instanceof OciError)) await flush();
    throw error;
  }
  if (declared !== undefined && received < declared) throw wrongSize(`${received} of ${declared} declared bytes came`);
  await flush();
}

const wrongSize = (what: string): OciError => new OciError(400, 'SIZE_INVALID', what);

async function hashFile(handle: FileHandle, algorithm: HashAlgorithm, length: number): Promise<Hash> {
  const hash = createHash(algorithm);
  const buffer = Buffer.alloc(Math.min(PIECE, Math.max(1, length)));
  for (let position = 0; position < length; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - position), position);
    if (bytesRead === 0)
      throw new OciError(500, 'BLOB_UPLOAD_INVALID', 'the upload lost bytes on disk; start it again');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash;
}
