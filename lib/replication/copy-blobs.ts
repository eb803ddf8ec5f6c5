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

/**
 * Uploads at once, where this machine or the network near it is what limits them: more would only share the same
 * processors and evict each other's bytes from their caches, and end all at the same time, when registries force them to
 * the disk. Each holds only what is on its way, so memory does not grow with the size of layers.
 */
const UPLOADS_WHEN_FAST = 2;
/** Where what is waited for is far away, others go on meanwhile. */
const UPLOADS_WHEN_SLOW = 4;
/** After so long it is seen which of both it is, in milliseconds. */
const LOOK_AFTER_MS = 100;
/** Faster than what most connections over a network give. */
const FAST_BYTES_PER_MS = 100_000;
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
  const outcomes = new Map<Digest, BlobOutcome>();
  const failures: unknown[] = [];
  const meter = { bytes: 0 };
  const queue = [...blobs].sort((a, b) => b.size - a.size).values();
  // The first failure decides; nothing is begun after it that nobody waits for.
  const run = async (): Promise<void> => {
    for (const blob of queue) {
      if (failures.length > 0) return;
      try {
        outcomes.set(blob.digest, await copyBlob(transfer, blob, meter));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await withMoreWhenSlow(run, meter, transfer.limits?.uploads);
  if (failures.length > 0) throw failures[0];
  return blobs.map(({ digest }) => outcomes.get(digest) ?? { kind: 'paused', sent: 0 });
}

/** Runs `run` twice at once, and twice more if little was moved by then. */
async function withMoreWhenSlow(
  run: () => Promise<void>,
  meter: { readonly bytes: number },
  most: number = UPLOADS_WHEN_SLOW,
): Promise<void> {
  const running = Array.from({ length: Math.min(most, UPLOADS_WHEN_FAST) }, run);
  const look = setTimeout(() => {
    if (meter.bytes >= LOOK_AFTER_MS * FAST_BYTES_PER_MS) return;
    while (running.length < most) running.push(run());
  }, LOOK_AFTER_MS);
  // Those that join meanwhile are waited for as well.
  for (const one of running) await one;
  clearTimeout(look);
}

interface Meter {
  bytes: number;
}

async function copyBlob(transfer: BlobTransfer, blob: Descriptor, meter: Meter): Promise<BlobOutcome> {
  const outcome = await bring(transfer, blob, meter);
  if (outcome.kind === 'copied' || outcome.kind === 'mounted') {
    transfer.places?.note(transfer.target.host, transfer.to, blob.digest);
  }
  return outcome;
}

async function bring(transfer: BlobTransfer, blob: Descriptor, meter: Meter): Promise<BlobOutcome> {
  if (await mount(transfer, blob.digest)) return { kind: 'mounted', sent: 0 };
  const { limits } = transfer;
  if (limits?.mayGoOn?.() === false) return { kind: 'paused', sent: 0 };
  try {
    return await send(transfer, blob, meter);
  } catch (error) {
    if (!isLadingError(error, 'blob-unknown')) throw error;
    // Layers that their maker keeps at home need not be in the registry; their `urls` are never fetched.
    return { kind: isNonDistributable(blob.mediaType) ? 'not-distributed' : 'missing', sent: 0 };
  }
}

async function send(
  { source, target, from, to, signal, limits }: BlobTransfer,
  { digest, size }: Descriptor,
  meter: Meter,
): Promise<BlobOutcome> {
  const call = signal === undefined ? {} : { signal };
  const inParts = limits?.inParts;
  if (inParts && target.uploads && size >= inParts.fromBytes && canGoInParts(digest)) {
    const blob = { source, uploads: target.uploads, host: target.host, from, to, digest, size, signal };
    return copyInParts(blob, { ...limits, inParts });
  }
  const open = (use?: ContentUse) => source.openBlob({ repository: from, digest, size }, { ...call, ...use });
  const content = (use?: ContentUse) => metered(open(use), meter, limits?.pace);
  await target.putBlob({ repository: to, digest, size, content }, call);
  return { kind: 'copied', sent: size };
}

/** Counts pieces, and holds them back as long as the bandwidth wants; what is checked stays checked. */
function metered(
  content: AsyncIterable<Uint8Array>,
  meter: Meter,
  pace: TransferLimits['pace'],
): AsyncIterable<Uint8Array> {
  return tapContent(content, (piece) => {
    meter.bytes += piece.length;
    return pace?.(piece.length);
  });
}

async function mount({ target, to, mountFrom, places, signal }: BlobTransfer, digest: Digest): Promise<boolean> {
  const call = signal === undefined ? {} : { signal };
  const known = places?.repositoryWith(target.host, digest);
  for (const from of new Set(known === undefined ? mountFrom : [known, ...mountFrom])) {
    if (from !== to && (await target.mountBlob({ repository: to, from, digest }, call))) return true;
  }
  return false;
}
