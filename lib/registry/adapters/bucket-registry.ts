import type { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { mapLimit } from '../../core/concurrency.ts';
import { type Digest, digestOf, isDigest, parseDigest } from '../../core/digest.ts';
import { blobsOf, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../../formats/oci/index.ts';
import { parseReferrer, referrerDescriptor } from '../attach-referrer.ts';
import { registryError } from '../errors.ts';
import type { ArchiveCollector, BlobPacker, CallOptions, ContentAddress, ReferrerList, Registry } from '../ports.ts';
import { openContent, verifyContent } from '../verify-content.ts';
import { collectObjects, garbageKey } from './bucket/collect.ts';
import { bucketObjects, type Objects } from './bucket/objects.ts';
import { openPacked, type Packing, packBlob, readPackRecord } from './bucket/packing.ts';

export interface BucketRegistryOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Ends with a slash, or is empty. */
  readonly prefix: string;
  /** The name under which it stands in references. */
  readonly host: string;
}

const AT_ONCE = 16;

/*
 * blobs/<algorithm>/<hex>                                     blobs and manifests of all repositories, each once
 * repositories/<name>/_manifests/<algorithm>/<hex>            { mediaType, size }
 * repositories/<name>/_tags/<tag>                             the digest
 * repositories/<name>/_referrers/<subject>/<algorithm>/<hex>  nothing; the name says it
 */
const inPath = (digest: Digest): string => digest.replace(':', '/');
const blobKey = (digest: Digest): string => `blobs/${inPath(digest)}`;
const repositoryKey = (name: string, rest = ''): string => `repositories/${name}/_${rest}`;
const manifestKey = (name: string, digest: Digest): string => repositoryKey(name, `manifests/${inPath(digest)}`);
const tagKey = (name: string, tag: string): string => repositoryKey(name, `tags/${tag}`);
const referrersKey = (name: string, subject: Digest): string => repositoryKey(name, `referrers/${inPath(subject)}/`);
const markerSchema = z.object({ mediaType: z.string(), size: z.number() });

/**
 * A registry whose content lies in a bucket: content-addressed, shared by all repositories. What archives and backups
 * are written to and restored from, by the code that copies between registries. Blobs are never deleted here; see
 * `deleteManifest`.
 */
export function createBucketRegistry({ client, bucket, prefix, host }: BucketRegistryOptions): Registry {
  const objects = bucketObjects(client, bucket, prefix);
  const resolve = async (name: string, reference: string, call?: CallOptions): Promise<Digest | undefined> => {
    if (isDigest(reference)) return reference;
    const found = await objects.get(tagKey(name, reference), call);
    return found && parseDigest(Buffer.from(found).toString());
  };
  const head = async (name: string, reference: string, call?: CallOptions) => {
    const digest = await resolve(name, reference, call);
    const marker = digest && (await objects.get(manifestKey(name, digest), call));
    return digest && marker ? { digest, ...markerSchema.parse(JSON.parse(Buffer.from(marker).toString())) } : undefined;
  };

  const registry: Registry = {
    host,
    async getManifest({ repository, reference }, call) {
      const found = await head(repository, reference, call);
      const bytes = found && (await objects.get(blobKey(found.digest), call));
      if (!found || !bytes) return undefined;
      const actual = digestOf(bytes);
      if (actual !== found.digest) throw registryError('digest-mismatch', `${found.digest} lies there as ${actual}`);
      return { digest: found.digest, mediaType: found.mediaType, bytes };
    },
    headManifest: ({ repository, reference }, call) => head(repository, reference, call),
    async *openBlob({ repository, digest, size }, call) {
      const content = (await objects.open(blobKey(digest), call)) ?? (await openPacked(objects, digest, call));
      if (!content) throw registryError('blob-unknown', `${host}/${repository} does not hold the blob ${digest}`);
      if (call?.range === undefined) yield* verifyContent(content, { digest, size });
      else yield* content;
    },
    headBlob: ({ digest }, call) => headOf(objects, digest, call),
    async *listTags(repository, call) {
      const under = tagKey(repository, '');
      for await (const key of objects.list(under, call)) yield key.slice(under.length);
    },
    async *listRepositories(call) {
      let last: string | undefined;
      for await (const key of objects.list('repositories/', call)) {
        const name = key.slice('repositories/'.length, key.indexOf('/_'));
        if (name !== last) yield name;
        last = name;
      }
    },
    listReferrers: (of, call) => listReferrers(registry, objects, of, call),
    async putBlob({ digest, size, content }, call) {
      if ((await headOf(objects, digest, call))?.size === size && !(await isGarbage(objects, digest, call))) return;
      await objects.putStream(blobKey(digest), verifyContent(openContent(content), { digest, size }), call);
    },
    async mountBlob({ digest }, call) {
      const isMarked = (await objects.head(garbageKey(digest), call)) !== undefined;
      return !isMarked && (await headOf(objects, digest, call)) !== undefined;
    },
    async putManifest({ repository, reference, mediaType, bytes }, call) {
      const digest = isDigest(reference) ? reference : digestOf(bytes);
      if (bytes.length > MAX_MANIFEST_BYTES) throw registryError('registry-refused', `${digest} is over 4 MiB`);
      const manifest = parseManifest(bytes, mediaType, { digest });
      await requireParts(objects, repository, manifest, call);
      await objects.put(blobKey(digest), bytes, call);
      if (manifest.subject)
        await objects.put(referrersKey(repository, manifest.subject.digest) + inPath(digest), new Uint8Array(), call);
      // The marker makes it visible, so it comes after what it stands for.
      const marker = JSON.stringify({ mediaType, size: bytes.length });
      await objects.put(manifestKey(repository, digest), Buffer.from(marker), call);
      if (!isDigest(reference)) await objects.put(tagKey(repository, reference), Buffer.from(digest), call);
      return { digest };
    },
    async attachReferrer({ repository, mediaType, bytes }, call) {
      const { digest } = parseReferrer({ mediaType, bytes });
      await registry.putManifest({ repository, reference: digest, mediaType, bytes }, call);
      return { digest, via: 'api' };
    },
    async deleteManifest({ repository, digest }, call) {
      const found = await registry.getManifest({ repository, reference: digest }, call);
      if (!found) return false;
      for await (const tag of registry.listTags(repository, call)) {
        if ((await resolve(repository, tag, call)) === digest) await objects.delete(tagKey(repository, tag), call);
      }
      const { subject } = parseManifest(found.bytes, found.mediaType, { digest });
      await objects.delete(manifestKey(repository, digest), call);
      if (subject) await objects.delete(referrersKey(repository, subject.digest) + inPath(digest), call);
      return true;
    },
    async deleteTag({ repository, tag }, call) {
      if (!(await objects.head(tagKey(repository, tag), call))) return false;
      await objects.delete(tagKey(repository, tag), call);
      return true;
    },
  };
  return registry;
}

/** Whether a collection may be about to delete it. The mark is taken away: whoever asks stores the blob anew. */
async function isGarbage(objects: Objects, digest: Digest, call: CallOptions | undefined): Promise<boolean> {
  if (!(await objects.head(garbageKey(digest), call))) return false;
  await objects.delete(garbageKey(digest), call);
  return true;
}

export function createArchiveCollector({
  client,
  bucket,
  prefix,
}: Omit<BucketRegistryOptions, 'host'>): ArchiveCollector {
  const objects = bucketObjects(client, bucket, prefix);
  return { collect: (at, call) => collectObjects(objects, at, call) };
}

/** Blobs lie as they came, or packed. */
async function headOf(
  objects: Objects,
  digest: Digest,
  call: CallOptions | undefined,
): Promise<{ readonly size: number } | undefined> {
  const found = (await objects.head(blobKey(digest), call)) ?? (await readPackRecord(objects, digest, call));
  return found && { size: found.size };
}

/** Stores blobs of an archive smaller, where their very bytes can be made again. */
export function createBlobPacker(
  { client, bucket, prefix }: Omit<BucketRegistryOptions, 'host'>,
  packing: Packing,
): BlobPacker {
  const objects = bucketObjects(client, bucket, prefix);
  return { pack: (digest, call) => packBlob(objects, blobKey(digest), digest, packing, call) };
}

async function listReferrers(
  registry: Registry,
  objects: Objects,
  { repository, digest }: ContentAddress,
  call: Parameters<Registry['listReferrers']>[1] = {},
): Promise<ReferrerList> {
  const under = referrersKey(repository, digest);
  const digests: Digest[] = [];
  for await (const key of objects.list(under, call))
    digests.push(parseDigest(key.slice(under.length).replace('/', ':')));
  const all = await mapLimit(digests, AT_ONCE, async (reference) => {
    const found = await registry.getManifest({ repository, reference }, call);
    return found && referrerDescriptor(parseManifest(found.bytes, found.mediaType, { digest: reference }));
  });
  const wanted = all
    .filter((descriptor) => descriptor !== undefined)
    .filter(({ artifactType }) => call.artifactType === undefined || artifactType === call.artifactType);
  const limit = call.limit ?? 50;
  return { descriptors: wanted.slice(0, limit), complete: wanted.length <= limit, via: 'api' };
}

/** As strict as a registry should be: an archive in which something is missing is none. */
async function requireParts(
  objects: Objects,
  repository: string,
  manifest: Manifest,
  call: CallOptions | undefined,
): Promise<void> {
  const keys: readonly { readonly digest: Digest; readonly key: string | undefined }[] =
    manifest.kind === 'index'
      ? manifest.manifests.map(({ digest }) => ({ digest, key: manifestKey(repository, digest) }))
      : blobsOf(manifest)
          .filter(({ urls }) => (urls ?? []).length === 0)
          .map(({ digest }) => ({ digest, key: undefined }));
  const found = await mapLimit(
    keys,
    AT_ONCE,
    async ({ digest, key }) =>
      (key === undefined ? await headOf(objects, digest, call) : await objects.head(key, call)) !== undefined,
  );
  const missing = keys[found.indexOf(false)];
  if (missing === undefined) return;
  throw registryError('registry-refused', `${manifest.digest} names ${missing.digest}, which is not there`);
}
