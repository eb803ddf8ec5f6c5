import { mapLimit } from '../../../core/concurrency.ts';
import type { Digest } from '../../../core/digest.ts';
import { isDigest } from '../../../core/digest.ts';
import { blobsOf, parseManifest } from '../../../formats/oci/index.ts';
import { registryError } from '../../errors.ts';
import type { CallOptions, Collected } from '../../ports.ts';
import type { Objects } from './objects.ts';

/*
 * garbage/<algorithm>/<hex>  since when nothing names the blob: ISO 8601
 *
 * A blob goes when nothing named it for as long as no archiving can take, and then a whole collection later. Whoever
 * archives and finds a blob that is there looks for its mark: a marked one is stored anew, after its mark was taken away.
 */
export const garbageKey = (digest: Digest): string => `garbage/${digest.replace(':', '/')}`;

const AT_ONCE = 16;
/** An archiving ends with its function, within 15 minutes. */
const LEAST_GRACE_MS = 60 * 60 * 1000;

/** Marks what no manifest names, and deletes what has been marked for long enough. */
export async function collectObjects(
  objects: Objects,
  { now, graceMs }: { readonly now: Date; readonly graceMs: number },
  call?: CallOptions,
): Promise<Collected> {
  const named = await namedDigests(objects, call);
  const unnamed = new Map<Digest, string[]>();
  for (const under of ['blobs/', 'blobs/packed/']) {
    for await (const key of objects.list(under, call)) {
      const digest = key
        .slice(under.length)
        .replace(/\.json$/, '')
        .replace('/', ':');
      if (isDigest(digest) && !named.has(digest)) unnamed.set(digest, [...(unnamed.get(digest) ?? []), key]);
    }
  }
  const found = { marked: 0, deleted: 0, bytes: 0 };
  for (const [digest, keys] of unnamed) {
    const mark = await objects.get(garbageKey(digest), call);
    const since = mark === undefined ? undefined : Date.parse(Buffer.from(mark).toString());
    if (since === undefined || Number.isNaN(since)) {
      await objects.put(garbageKey(digest), Buffer.from(now.toISOString()), call);
      found.marked++;
    } else if (now.getTime() - since >= Math.max(graceMs, LEAST_GRACE_MS)) {
      for (const key of keys) {
        found.bytes += (await objects.head(key, call))?.size ?? 0;
        await objects.delete(key, call);
      }
      await objects.delete(garbageKey(digest), call);
      found.deleted++;
    }
  }
  for await (const key of objects.list('garbage/', call)) {
    const digest = key.slice('garbage/'.length).replace('/', ':');
    if (isDigest(digest) && named.has(digest)) await objects.delete(key, call);
  }
  return found;
}

/** Every digest that a manifest of any repository names, itself included. @throws LadingError where one cannot be read */
async function namedDigests(objects: Objects, call: CallOptions | undefined): Promise<ReadonlySet<Digest>> {
  const manifests = new Map<Digest, string>();
  for await (const key of objects.list('repositories/', call)) {
    const digest = /\/_manifests\/(sha\d+\/[a-f0-9]+)$/.exec(key)?.[1]?.replace('/', ':');
    if (digest !== undefined && isDigest(digest)) manifests.set(digest, key);
  }
  const named = new Set<Digest>(manifests.keys());
  await mapLimit([...manifests], AT_ONCE, async ([digest, key]) => {
    const [bytes, marker] = await Promise.all([
      objects.get(`blobs/${digest.replace(':', '/')}`, call),
      objects.get(key, call),
    ]);
    // What it names is not known, so nothing is known to be garbage.
    if (!bytes || !marker) throw registryError('manifest-unknown', `${key} has no manifest`);
    const { mediaType } = JSON.parse(Buffer.from(marker).toString()) as { mediaType: string };
    const manifest = parseManifest(bytes, mediaType, { digest });
    for (const blob of manifest.kind === 'index' ? manifest.manifests : blobsOf(manifest)) named.add(blob.digest);
  });
  return named;
}
