import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { type Descriptor, isNonDistributable } from '../formats/oci/index.ts';
import type { Registry, RegistryReader } from '../registry/index.ts';
import type { BlobPlaces } from './blob-places.ts';

export interface BlobTransfer {
  readonly source: RegistryReader;
  readonly target: Registry;
  readonly from: string;
  readonly to: string;
  /** Repositories of the target registry that are asked for a mount before a blob is uploaded. */
  readonly mountFrom: readonly string[];
  readonly places?: BlobPlaces | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type BlobOutcome = 'skipped' | 'mounted' | 'copied' | 'missing' | 'not-distributed';

/** Uploads at once. Each holds only what is on its way, so memory does not grow with the size of layers. */
const AT_ONCE = 4;

/** Brings blobs to the target, each only if it is not there. The outcomes are in the order of the blobs. */
export const copyBlobs = (transfer: BlobTransfer, blobs: readonly Descriptor[]): Promise<BlobOutcome[]> =>
  mapLimit(blobs, AT_ONCE, (blob) => copyBlob(transfer, blob));

async function copyBlob(transfer: BlobTransfer, blob: Descriptor): Promise<BlobOutcome> {
  const outcome = await bring(transfer, blob);
  if (outcome !== 'missing' && outcome !== 'not-distributed') {
    transfer.places?.note(transfer.target.host, transfer.to, blob.digest);
  }
  return outcome;
}

async function bring(transfer: BlobTransfer, blob: Descriptor): Promise<BlobOutcome> {
  const { source, target, from, to, signal } = transfer;
  const call = signal === undefined ? {} : { signal };
  const { digest, size } = blob;
  if ((await target.headBlob({ repository: to, digest }, call))?.size === size) return 'skipped';
  if (await mount(transfer, digest)) return 'mounted';
  const content = () => source.openBlob({ repository: from, digest, size }, call);
  try {
    await target.putBlob({ repository: to, digest, size, content }, call);
    return 'copied';
  } catch (error) {
    if (!isLadingError(error, 'blob-unknown')) throw error;
    // Layers that their maker keeps at home need not be in the registry; their `urls` are never fetched.
    return isNonDistributable(blob.mediaType) ? 'not-distributed' : 'missing';
  }
}

async function mount({ target, to, mountFrom, places, signal }: BlobTransfer, digest: Digest): Promise<boolean> {
  const call = signal === undefined ? {} : { signal };
  const known = places?.repositoryWith(target.host, digest);
  for (const from of new Set(known === undefined ? mountFrom : [known, ...mountFrom])) {
    if (from !== to && (await target.mountBlob({ repository: to, from, digest }, call))) return true;
  }
  return false;
}
