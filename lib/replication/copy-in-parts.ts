import { type Digest, digestAlgorithm, digestHex } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { type ResumableSha256, resumableSha256, SHA256_BLOCK } from '../core/resumable-sha256.ts';
import {
  inChunks,
  type RegistryReader,
  type ResumableUploads,
  registryError,
  type UploadSession,
} from '../registry/index.ts';
import { type TransferLimits, type UploadCheckpoint, uploadKey } from './transfer-limits.ts';

export interface PartedBlob {
  readonly source: RegistryReader;
  readonly uploads: ResumableUploads;
  readonly host: string;
  readonly from: string;
  readonly to: string;
  readonly digest: Digest;
  readonly size: number;
  readonly signal?: AbortSignal | undefined;
}

export type PartedOutcome =
  | { readonly kind: 'copied'; readonly sent: number }
  | { readonly kind: 'paused'; readonly sent: number };

interface Run {
  readonly session: UploadSession;
  readonly hash: ResumableSha256;
  /** Bytes in the hash; the registry may have more. */
  readonly hashed: number;
}

/**
 * Copies one blob in parts. After each the place, and the state of the hash over all that was read, are written down,
 * so that another process goes on with exactly the bytes that are missing and still knows the digest of the whole.
 */
export async function copyInParts(
  blob: PartedBlob,
  { inParts, pace, mayGoOn = () => true }: TransferLimits & Required<Pick<TransferLimits, 'inParts'>>,
): Promise<PartedOutcome> {
  const { uploads, to, digest, size, source, from } = blob;
  const call = blob.signal === undefined ? {} : { signal: blob.signal };
  const key = uploadKey(blob.host, to, digest);
  const { session: begun, hash, hashed } = await goOn(blob, await inParts.checkpoints.load(key));
  let session = begun;
  let sent = 0;
  let at = hashed;
  const partBytes = Math.ceil(inParts.partBytes / SHA256_BLOCK) * SHA256_BLOCK;
  let last: Uint8Array = new Uint8Array();
  const rest = source.openBlob(
    { repository: from, digest, size },
    { ...call, lend: true, ...(at > 0 ? { range: { start: at } } : {}) },
  );
  if (at < size) {
    for await (const part of inChunks(rest, partBytes)) {
      // What the registry has already from a run that could not write it down is hashed, and not sent again.
      const known = Math.min(part.length, Math.max(0, session.offset - at));
      const fresh = part.subarray(known);
      if (fresh.length > 0) {
        if (!mayGoOn()) return { kind: 'paused', sent };
        await pace?.(fresh.length);
        session = await uploads.append(to, session, fresh, call);
        sent += fresh.length;
      }
      at += part.length;
      if (part.length < partBytes || at === size) {
        last = part;
        break;
      }
      hash.update(part);
      await inParts.checkpoints.save(key, { location: session.location, offset: at, state: hash.state() });
    }
  }
  await inParts.checkpoints.forget(key);
  if (at !== size) throw registryError('size-mismatch', `the content of ${digest} has ${at} bytes, not ${size}`);
  const actual = hash.finish(last);
  if (actual !== digestHex(digest)) throw registryError('digest-mismatch', `the content of ${digest} has ${actual}`);
  await uploads.finish({ repository: to, digest }, session, call);
  return { kind: 'copied', sent };
}

export const canGoInParts = (digest: Digest): boolean => digestAlgorithm(digest) === 'sha256';

/** Where an earlier run stopped, if the registry still knows of it and has at least what was written down. */
async function goOn({ uploads, to, signal }: PartedBlob, known: UploadCheckpoint | undefined): Promise<Run> {
  const call = signal === undefined ? {} : { signal };
  const fresh = async (): Promise<Run> => ({
    session: await uploads.begin(to, call),
    hash: resumableSha256(),
    hashed: 0,
  });
  if (known === undefined) return fresh();
  try {
    const session = await uploads.find(to, known.location, call);
    if (session === undefined || session.offset < known.offset) return fresh();
    const hash = resumableSha256({ state: known.state, bytes: known.offset });
    return { session, hash, hashed: known.offset };
  } catch (error) {
    // A place that may not be spoken to any more, or that a registry answers strangely for.
    if (isLadingError(error) && !error.retryable) return fresh();
    throw error;
  }
}
