import { explainDiskError, OciError } from './errors.ts';
import type { OpenFile } from './files.ts';
import { uploadRange } from './ranges.ts';
import { requireSpace, type Space } from './space.ts';
import { createUploadFile, type HashAlgorithm, type UploadFile } from './upload-file.ts';

/** Bytes gathered before they are hashed and written: few system calls, and a memory that does not grow with the blob. */
const PIECE = 512 * 1024;
/** The note beside an upload, and the part of the last block that is not filled: bytes of the disk. */
const NOTE_AND_BLOCK = 8192;

/** What the client said of a chunk. */
export interface ChunkClaim {
  /** Where the chunk starts, by `Content-Range`. */
  readonly start?: number;
  /** Bytes of the chunk, by `Content-Length` or `Content-Range`. */
  readonly length?: number;
}

/** One blob on its way in. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly startedAt: number;
  readonly path: string;
  readonly file: UploadFile;
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
  /** Closes and removes what the upload has on disk. */
  remove(): Promise<void>;
  /** Runs one after another: two requests at once for one upload would mix their bytes. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export function createUpload(options: {
  readonly id: string;
  readonly repository: string;
  readonly algorithm: HashAlgorithm;
  readonly startedAt: number;
  readonly path: string;
  readonly offset: number;
  readonly touchedAt: number;
  readonly maxBytes: number;
  readonly open: OpenFile;
  readonly now: () => number;
  /** Where the room for each piece is taken before it is written. */
  readonly space: () => Space;
  /** Makes the upload resumable after a restart. */
  readonly remember: () => Promise<void>;
  readonly forget: () => Promise<void>;
}): Upload {
  const { id, repository, startedAt, path } = options;
  const file = createUploadFile(options);
  let touchedAt = options.touchedAt;
  let remembered = options.offset > 0;
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();
  const taken: (() => void)[] = [];
  const write = async (pieces: readonly Uint8Array[]): Promise<void> => {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    taken.push(await requireSpace(options.space(), bytes + (taken.length === 0 ? NOTE_AND_BLOCK : 0)));
    await file.write(pieces);
    touchedAt = options.now();
  };
  return {
    ...{ id, repository, startedAt, path, file },
    offset: file.offset,
    touchedAt: () => touchedAt,
    busy: () => waiting > 0,
    async append(body, claim, { resumable = true } = {}) {
      const before = file.offset();
      if (claim.start !== undefined && claim.start !== before) throw outOfOrder(claim.start, before);
      if (resumable && !remembered) {
        await options.remember();
        remembered = true;
      }
      try {
        await receive(body, claim.length, options.maxBytes - before, write);
      } catch (error) {
        await file.rollBack(error instanceof OciError ? before : file.offset());
        throw explainDiskError(error);
      }
    },
    async remove() {
      await file.remove();
      if (remembered) await options.forget();
      for (const release of taken) release();
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
