import { type FileHandle, open } from 'node:fs/promises';
import { type Digest, digestAlgorithm } from '../../../../lib/core/digest.ts';
import { describeError, isLadingError } from '../../../../lib/core/errors.ts';
import { OciError, systemCode } from '../errors.ts';
import type { StoreParts } from '../store-parts.ts';
import type { Upload } from '../upload.ts';
import { finishUpload } from '../write-blobs.ts';

/**
 * A blob on its way from the upstream to the disk. Any number of clients read it from the growing file, so one that is
 * slow or leaves holds up neither the others nor the download.
 */
export interface BlobFlight {
  readonly size: number;
  /** Bytes that a client may be sent: all but the last until the whole was found to be what its digest says. */
  readable(): number;
  /** Resolves when `readable` may have grown or the flight has ended. To be taken before the others are asked. */
  moved(): Promise<void>;
  /** @throws OciError where the flight has failed: 503 if the upstream broke off, 502 if it sent something else */
  check(): void;
  /** A reader of the file; `undefined` where it has gone to its digest already, and is read there. */
  open(): Promise<FileHandle | undefined>;
  /** Settles when the blob is stored under its digest, or why it is not. */
  readonly done: Promise<void>;
}

/** Starts to fetch and store a blob. Its bytes are hashed once, on their way to the disk. */
export function startBlobFlight(
  parts: StoreParts,
  to: {
    readonly repository: string;
    readonly digest: Digest;
    readonly size: number;
    /** Gives up the room that was taken for it. */
    readonly settle: () => void;
    /** What came before the link broke: the flight goes on behind it. */
    readonly begun?: Upload | undefined;
    /** Takes over what has come, where the link breaks. */
    readonly pause: (upload: Upload) => void;
  },
  source: (offset: number) => AsyncIterable<Uint8Array>,
): BlobFlight {
  const { repository, digest, size, settle, pause } = to;
  const upload = to.begun ?? parts.uploads.start(repository, digestAlgorithm(digest), { hasSpace: true, digest });
  let waiting = Promise.withResolvers<void>();
  let stored = false;
  let failure: unknown;
  const notify = (): void => {
    const { resolve } = waiting;
    waiting = Promise.withResolvers<void>();
    resolve();
  };
  const land = async (): Promise<void> => {
    try {
      const offset = upload.offset();
      await upload.append(telling(source(offset), notify), { length: size - offset });
      await finishUpload(parts, upload, digest);
      stored = true;
      settle();
    } catch (error) {
      failure = explain(error, digest);
      if (isBroken(failure) && upload.offset() > 0 && upload.offset() < size) {
        pause(upload);
        throw failure;
      }
      await parts.uploads.discard(upload);
      settle();
      throw failure;
    } finally {
      notify();
    }
  };
  const done = upload.exclusively(land);
  done.catch(() => undefined);
  return {
    size,
    readable: () => (stored ? size : Math.max(0, Math.min(upload.offset(), size - 1))),
    moved: () => waiting.promise,
    check() {
      if (failure !== undefined) throw failure;
    },
    async open() {
      try {
        return await open(upload.path, 'r');
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    done,
  };
}

/** What has come is what the upstream has, as far as is known: worth going on from. */
const isBroken = (failure: unknown): boolean => failure instanceof OciError && failure.status === 503;

function explain(error: unknown, digest: Digest): unknown {
  if (error instanceof OciError) {
    return error.status === 400
      ? new OciError(502, 'DIGEST_INVALID', `the upstream sent something else: ${error.message}`)
      : error;
  }
  if (!isLadingError(error)) return error;
  const lies = error.code === 'size-mismatch' || error.code === 'digest-mismatch';
  return new OciError(lies ? 502 : 503, lies ? 'SIZE_INVALID' : 'UNAVAILABLE', `${digest}: ${describeError(error)}`, {
    ...(lies ? {} : { headers: { 'retry-after': '5' } }),
    cause: error,
  });
}

/** By the time the next piece is asked for, the one before may be on the disk. */
async function* telling(source: AsyncIterable<Uint8Array>, notify: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    yield piece;
    notify();
  }
}
