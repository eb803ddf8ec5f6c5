import type { Digest } from '../../../lib/core/digest.ts';
import type { GarbageReport } from './model.ts';
import type { Repository } from './state.ts';
import type { StoreParts } from './store-parts.ts';

/** How long a blob without a manifest is safe after it was uploaded, mounted or asked for: 1 hour. */
export const DEFAULT_GRACE_MS = 60 * 60 * 1000;
/** How long an upload may stand still: 1 day. */
export const UPLOAD_TTL_MS = 24 * 60 * 60 * 1000;

/**
 * Two steps. First each repository gives up its links to blobs that no manifest of it names; a push under way is safe
 * because its blobs are younger than the grace period, and an upload in progress extends that to everything pushed
 * since the upload began. Then files that no repository links are removed, each under the lock of its digest, under
 * which a file also gets its first link: what is seen without a link there has none coming.
 */
export async function collectGarbage(parts: StoreParts, graceMs: number): Promise<GarbageReport> {
  const uploads = await parts.uploads.sweep(UPLOAD_TTL_MS);
  for (const name of [...parts.state.repositories.keys()]) {
    await parts.locks.repository.run(name, async () => {
      const repository = parts.state.repositories.get(name);
      const digests = repository ? unneeded(parts, repository, graceMs) : [];
      if (digests.length > 0) await parts.journal.append({ type: 'blobs-deleted', repository: name, digests });
    });
  }
  let [freedBytes, blobs] = [uploads.bytes, 0];
  for (const digest of await parts.files.list()) {
    if (parts.state.contents.has(digest)) continue;
    await parts.locks.digest.run(digest, async () => {
      if (parts.state.contents.has(digest)) return;
      freedBytes += await parts.files.remove(digest);
      blobs += 1;
    });
  }
  await parts.journal.compact();
  return { freedBytes, blobs, uploads: uploads.count };
}

/** What `collectGarbage` would free now, to the byte; nothing is changed. */
export async function previewGarbage(parts: StoreParts, graceMs: number): Promise<GarbageReport> {
  const uploads = parts.uploads.stale(UPLOAD_TTL_MS);
  const going = new Map<Digest, number>();
  for (const repository of parts.state.repositories.values()) {
    for (const digest of unneeded(parts, repository, graceMs)) going.set(digest, (going.get(digest) ?? 0) + 1);
  }
  let [freedBytes, blobs] = [uploads.bytes, 0];
  for (const digest of await parts.files.list()) {
    const content = parts.state.contents.get(digest);
    if (content !== undefined && content.links !== going.get(digest)) continue;
    freedBytes += content?.size ?? (await parts.files.size(digest)) ?? 0;
    blobs += 1;
  }
  return { freedBytes, blobs, uploads: uploads.count };
}

function unneeded(parts: StoreParts, repository: Repository, graceMs: number): Digest[] {
  const now = parts.clock.now().getTime();
  const before = Math.min(now, parts.uploads.oldestStart(repository.name, UPLOAD_TTL_MS) ?? now) - graceMs;
  const found: Digest[] = [];
  for (const [digest, { at }] of repository.blobs) {
    const used = Math.max(at, repository.touched.get(digest) ?? 0);
    if (!repository.namedBy.has(digest) && used < before) found.push(digest);
  }
  for (const [digest, at] of repository.touched) if (at < before) repository.touched.delete(digest);
  return found;
}
