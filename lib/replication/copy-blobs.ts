import { createGate } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { type Descriptor, isNonDistributable } from '../formats/oci/index.ts';
import { type ContentUse, type Registry, type RegistryReader, tapContent } from '../registry/index.ts';
import type { BlobPlaces } from './blob-places.ts';
import { canGoInParts, copyInParts } from './copy-in-parts.ts';
import type { TransferLimits } from './transfer-limits.ts';

export interface BlobTransfer {
  readonly source: RegistryReader;
  readonly target: Registry;
  readonly from: string;
  readonly to: string;
  /** Repositories of the target registry that are asked for a mount before a blob is uploaded. */
  readonly mountFrom: readonly string[];
  readonly places?: BlobPlaces | undefined;
  readonly limits?: TransferLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BlobOutcome {
  readonly kind: 'skipped' | 'mounted' | 'copied' | 'missing' | 'not-distributed' | 'paused';
  /** Bytes that were sent in this run. */
  readonly sent: number;
}

/** Uploads at once. Each holds only what is on its way, so memory does not grow with the size of layers. */
const UPLOADS_AT_ONCE = 4;
/** Questions cost a round trip and nothing else. */
const QUESTIONS_AT_ONCE = 16;

/** Which blobs the target holds, in their order. */
export async function heldBlobs(
  { target, to, signal }: Pick<BlobTransfer, 'target' | 'to' | 'signal'>,
  blobs: readonly Descriptor[],
): Promise<readonly boolean[]> {
  const ask = createGate(QUESTIONS_AT_ONCE);
  const call = signal === undefined ? {} : { signal };
  return Promise.all(
    blobs.map(({ digest, size }) =>
      ask(async () => (await target.headBlob({ repository: to, digest }, call))?.size === size),
    ),
  );
}

/** Brings blobs that the target lacks. The largest go first, so that none is left to be waited for alone at the end. */
export async function copyBlobs(transfer: BlobTransfer, blobs: readonly Descriptor[]): Promise<readonly BlobOutcome[]> {
  const upload = createGate(transfer.limits?.uploads ?? UPLOADS_AT_ONCE);
  const outcomes = new Map<Digest, Promise<BlobOutcome>>();
  let failed = false;
  for (const blob of [...blobs].sort((a, b) => b.size - a.size)) {
    const work = upload(async (): Promise<BlobOutcome> => {
      // The first failure decides; nothing is begun after it that nobody waits for.
      if (failed) return { kind: 'paused', sent: 0 };
      return copyBlob(transfer, blob);
    });
    work.catch(() => {
      failed = true;
    });
    outcomes.set(blob.digest, work);
  }
  const settled = await Promise.allSettled(outcomes.values());
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  return Promise.all(blobs.map(({ digest }) => outcomes.get(digest) as Promise<BlobOutcome>));
}

async function copyBlob(transfer: BlobTransfer, blob: Descriptor): Promise<BlobOutcome> {
  const outcome = await bring(transfer, blob);
  if (outcome.kind === 'copied' || outcome.kind === 'mounted') {
    transfer.places?.note(transfer.target.host, transfer.to, blob.digest);
  }
  return outcome;
}

async function bring(transfer: BlobTransfer, blob: Descriptor): Promise<BlobOutcome> {
  if (await mount(transfer, blob.digest)) return { kind: 'mounted', sent: 0 };
  const { limits } = transfer;
  if (limits?.mayGoOn?.() === false) return { kind: 'paused', sent: 0 };
  try {
    return await send(transfer, blob);
  } catch (error) {
    if (!isLadingError(error, 'blob-unknown')) throw error;
    // Layers that their maker keeps at home need not be in the registry; their `urls` are never fetched.
    return { kind: isNonDistributable(blob.mediaType) ? 'not-distributed' : 'missing', sent: 0 };
  }
}

async function send(
  { source, target, from, to, signal, limits }: BlobTransfer,
  { digest, size }: Descriptor,
): Promise<BlobOutcome> {
  const call = signal === undefined ? {} : { signal };
  const inParts = limits?.inParts;
  if (inParts && target.uploads && size >= inParts.fromBytes && canGoInParts(digest)) {
    const blob = { source, uploads: target.uploads, host: target.host, from, to, digest, size, signal };
    return copyInParts(blob, { ...limits, inParts });
  }
  const open = (use?: ContentUse) => source.openBlob({ repository: from, digest, size }, { ...call, ...use });
  const pace = limits?.pace;
  const content = pace ? (use?: ContentUse) => paced(open(use), pace) : open;
  await target.putBlob({ repository: to, digest, size, content }, call);
  return { kind: 'copied', sent: size };
}

/** Holds pieces back as long as the bandwidth wants; what is checked stays checked. */
function paced(content: AsyncIterable<Uint8Array>, pace: (bytes: number) => Promise<void>): AsyncIterable<Uint8Array> {
  return tapContent(content, (piece) => pace(piece.length));
}

async function mount({ target, to, mountFrom, places, signal }: BlobTransfer, digest: Digest): Promise<boolean> {
  const call = signal === undefined ? {} : { signal };
  const known = places?.repositoryWith(target.host, digest);
  for (const from of new Set(known === undefined ? mountFrom : [known, ...mountFrom])) {
    if (from !== to && (await target.mountBlob({ repository: to, from, digest }, call))) return true;
  }
  return false;
}
