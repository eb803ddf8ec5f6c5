import type { Digest } from '../../../lib/core/digest.ts';
import { OciError } from './errors.ts';
import type { DeleteOutcome } from './model.ts';
import type { StoreParts } from './store-parts.ts';
import type { Upload } from './upload.ts';

/** A link younger than this is not written again when the same blob comes once more. */
const RENEW_AFTER_MS = 60_000;

/**
 * Ends an upload: the bytes get their name if they are what the client says, and the repository its link.
 *
 * @throws OciError 400 `DIGEST_INVALID`; the upload is gone then, since no later byte could mend it
 */
export async function finishUpload(parts: StoreParts, upload: Upload, digest: Digest): Promise<void> {
  const actual = await upload.file.digest(digest);
  if (actual !== digest) {
    await parts.uploads.discard(upload);
    throw new OciError(400, 'DIGEST_INVALID', `the uploaded content is ${actual}, not ${digest}`);
  }
  const size = upload.offset();
  await parts.locks.digest.run(digest, async () => {
    if (!(await isStored(parts, digest, size))) {
      await parts.files.adopt(upload.path, await upload.file.open(), digest, size);
      upload.file.markMoved();
    }
    await linkBlob(parts, upload.repository, digest, size);
  });
  await parts.uploads.discard(upload);
}

/** Content that some repository links already is not written again. To be asked under the lock of the digest. */
export const isStored = async (parts: StoreParts, digest: Digest, size: number): Promise<boolean> =>
  parts.state.contents.has(digest) && (await parts.files.has(digest, size));

/** Links a blob of one repository to another without moving a byte. `false` where the source does not have it. */
export function mountBlob(parts: StoreParts, source: string, target: string, digest: Digest): Promise<boolean> {
  return parts.locks.digest.run(digest, async () => {
    const blob = parts.state.repositories.get(source)?.blobs.get(digest);
    if (!blob) return false;
    await linkBlob(parts, target, digest, blob.size);
    return true;
  });
}

/** Mounts a blob from whatever repository has it. */
export async function borrowBlob(parts: StoreParts, target: string, digest: Digest): Promise<boolean> {
  if (!parts.state.contents.has(digest)) return false;
  for (const [name, { blobs }] of parts.state.repositories) {
    if (blobs.has(digest)) return mountBlob(parts, name, target, digest);
  }
  return false;
}

function linkBlob(parts: StoreParts, repository: string, digest: Digest, size: number): Promise<void> {
  return parts.locks.repository.run(repository, async () => {
    const at = parts.clock.now().getTime();
    const known = parts.state.repositories.get(repository)?.blobs.get(digest);
    if (known && at - known.at < RENEW_AFTER_MS) return;
    await parts.journal.append({ type: 'blob', repository, digest, size, at });
  });
}

/** Only the repository's link goes; the file is left to the garbage collection. */
export function deleteBlob(parts: StoreParts, name: string, digest: Digest): Promise<DeleteOutcome> {
  return parts.locks.repository.run(name, async () => {
    const repository = parts.state.repositories.get(name);
    if (!repository?.blobs.has(digest)) return { outcome: 'unknown' };
    const [by] = repository.namedBy.get(digest) ?? [];
    if (by !== undefined) return { outcome: 'referenced', by };
    await parts.journal.append({ type: 'blobs-deleted', repository: name, digests: [digest] });
    return { outcome: 'deleted', digest };
  });
}
