import type { Digest } from '../../../../lib/core/digest.ts';
import { onDisk } from '../space.ts';
import type { StoreParts } from '../store-parts.ts';
import type { Upload } from '../upload.ts';
import { type BlobFlight, startBlobFlight } from './blob-flight.ts';
import { keysOf } from './image-graphs.ts';

interface Wanted {
  readonly repository: string;
  readonly digest: Digest;
  readonly size: number;
}

/** The blobs that are on their way to the disk: each once, however many ask, and gone on with where it broke off. */
export interface BlobFlights {
  /** One that has begun already. */
  find(blob: Wanted): BlobFlight | undefined;
  /** Starts one; `undefined` where the disk has no room for it. */
  start(blob: Wanted, source: (offset: number) => AsyncIterable<Uint8Array>): Promise<BlobFlight | undefined>;
  /** What was on its way when the process ended, where there is room for the rest of it. */
  takeUp(sizeOf: (repository: string, digest: Digest) => number | undefined): Promise<void>;
}

/** The note beside a download: a block of the disk. */
const NOTE_BYTES = 4096;

export function createBlobFlights(
  parts: StoreParts,
  /** Holds the image of the blob still, until the returned function is called. */
  pulling: (repository: string, digest: Digest) => () => void,
): BlobFlights {
  const flying = new Map<string, BlobFlight>();
  /** Of which a part is here, because the link broke. */
  const paused = new Map<string, { readonly upload: Upload; readonly settle: () => void }>();
  const keyOf = ({ repository, digest }: Pick<Wanted, 'repository' | 'digest'>): string => `${repository}@${digest}`;

  const takePaused = (key: string) => {
    const found = paused.get(key);
    paused.delete(key);
    if (found === undefined) return undefined;
    // It may have been swept since, as any upload that nothing comes for.
    if (parts.uploads.find(found.upload.repository, found.upload.id) !== undefined) return found;
    found.settle();
    return undefined;
  };
  /** Parts that wait for the link to come back make way for what can be had now. */
  const takeSpace = async ({ repository, digest, size }: Wanted): Promise<(() => void) | undefined> => {
    const [wanted] = keysOf(parts.state, repository, digest);
    for (;;) {
      const settle = await parts.space.take(onDisk(size) + NOTE_BYTES, wanted);
      const [oldest] = paused.keys();
      if (settle !== undefined || oldest === undefined) return settle;
      const given = takePaused(oldest);
      if (given === undefined) continue;
      await parts.uploads.discard(given.upload);
      given.settle();
    }
  };
  const fly = (
    blob: Wanted,
    { settle, upload }: { readonly settle: () => void; readonly upload?: Upload | undefined },
    source: (offset: number) => AsyncIterable<Uint8Array>,
  ): BlobFlight => {
    const key = keyOf(blob);
    const release = pulling(blob.repository, blob.digest);
    const pause = (begun: Upload): void => void paused.set(key, { upload: begun, settle });
    const flight = startBlobFlight(parts, { ...blob, settle, begun: upload, pause }, source);
    flying.set(key, flight);
    const ended = (): void => {
      flying.delete(key);
      release();
    };
    flight.done.then(ended, ended);
    return flight;
  };

  return {
    find: (blob) => flying.get(keyOf(blob)),
    async start(blob, source) {
      const begun = takePaused(keyOf(blob));
      if (begun !== undefined) return fly(blob, begun, source);
      const settle = await takeSpace(blob);
      if (settle === undefined) return undefined;
      // Another client may have come for it while room was made.
      const other = flying.get(keyOf(blob));
      if (other === undefined) return fly(blob, { settle }, source);
      settle();
      return other;
    },
    async takeUp(sizeOf) {
      for (const { upload, digest } of parts.uploads.begun()) {
        const { repository } = upload;
        const size = sizeOf(repository, digest);
        const fits = size !== undefined && upload.offset() < size;
        const settle = fits ? await parts.space.take(onDisk(size) + NOTE_BYTES) : undefined;
        if (settle === undefined) await parts.uploads.discard(upload);
        else paused.set(keyOf({ repository, digest }), { upload, settle });
      }
    },
  };
}
