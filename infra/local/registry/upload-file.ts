import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Digest, digestAlgorithm } from '../../../lib/core/digest.ts';
import { OciError } from './errors.ts';
import { type OpenFile, removeFile, writeAll } from './files.ts';

export type HashAlgorithm = 'sha256' | 'sha512';

const READ_PIECE = 512 * 1024;

/** The temporary file of an upload, which grows at its end, and the hash of what it holds. */
export interface UploadFile {
  offset(): number;
  /** Appends. A write that fails leaves `offset` where it was; `rollBack` to it then removes what was half written. */
  write(pieces: readonly Uint8Array[]): Promise<void>;
  rollBack(offset: number): Promise<void>;
  /** The digest of all bytes by the algorithm of `wanted`. */
  digest(wanted: Digest): Promise<Digest>;
  /** The file with all bytes; it is created if there was no byte. */
  open(): Promise<FileHandle>;
  /** The file has gone to its digest. */
  markMoved(): void;
  close(): Promise<void>;
  remove(): Promise<void>;
}

export function createUploadFile(options: {
  readonly path: string;
  readonly algorithm: HashAlgorithm;
  /** Bytes already in the file, from an earlier run. */
  readonly offset: number;
  readonly open: OpenFile;
}): UploadFile {
  const { path, algorithm } = options;
  let handle: FileHandle | undefined;
  let offset = options.offset;
  let onDisk = offset > 0;
  let closed = false;
  /** Of the bytes up to `offset`; `undefined` where it must be computed from the file. */
  let hash: Hash | undefined = offset === 0 ? createHash(algorithm) : undefined;

  const open = async (): Promise<FileHandle> => {
    if (closed) throw new OciError(404, 'BLOB_UPLOAD_UNKNOWN', 'the upload is over');
    handle ??= await options.open(path, options.offset > 0 ? 'r+' : 'w+');
    onDisk = true;
    return handle;
  };
  const hashBy = async (wanted: HashAlgorithm): Promise<Hash> => {
    if (wanted !== algorithm) return hashFile(await open(), wanted, offset);
    hash ??= await hashFile(await open(), algorithm, offset);
    return hash;
  };
  const close = async (): Promise<void> => {
    closed = true;
    await handle?.close();
    handle = undefined;
  };
  return {
    offset: () => offset,
    async write(pieces) {
      const file = await open();
      const current = await hashBy(algorithm);
      const writing = writeAll(file, pieces, offset);
      for (const piece of pieces) current.update(piece);
      try {
        await writing;
      } catch (error) {
        hash = undefined;
        throw error;
      }
      offset += pieces.reduce((sum, piece) => sum + piece.length, 0);
    },
    async rollBack(to) {
      if (offset === to && hash !== undefined) return;
      await handle?.truncate(to);
      offset = to;
      hash = to === 0 ? createHash(algorithm) : undefined;
    },
    async digest(wanted) {
      const by = digestAlgorithm(wanted);
      return `${by}:${(await hashBy(by)).copy().digest('hex')}` as Digest;
    },
    open,
    markMoved: () => {
      onDisk = false;
    },
    close,
    async remove() {
      await close();
      if (onDisk) await removeFile(path);
    },
  };
}

async function hashFile(handle: FileHandle, algorithm: HashAlgorithm, length: number): Promise<Hash> {
  const hash = createHash(algorithm);
  const buffer = Buffer.alloc(Math.min(READ_PIECE, Math.max(1, length)));
  for (let position = 0; position < length; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - position), position);
    if (bytesRead === 0)
      throw new OciError(500, 'BLOB_UPLOAD_INVALID', 'the upload lost bytes on disk; start it again');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash;
}
