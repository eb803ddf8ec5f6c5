import { type Digest, digestOf, isDigest } from '../../core/digest.ts';
import { blobsOf, isIndexType, isManifestType, type Manifest, parseManifest } from '../../formats/oci/index.ts';
import { addToReferrersTag, parseReferrer, referrerDescriptor } from '../attach-referrer.ts';
import { registryError } from '../errors.ts';
import { listReferrersByTag } from '../list-referrers-by-tag.ts';
import type { ManifestContent, Registry } from '../ports.ts';
import { collectContent, openContent, verifyContent } from '../verify-content.ts';

interface Repository {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, ManifestContent & { readonly manifest: Manifest }>;
  readonly tags: Map<string, Digest>;
}

export interface MemoryRegistryOptions {
  readonly host?: string;
  /** False: behaves like a registry before distribution specification 1.1. */
  readonly referrersApi?: boolean;
}

/** A registry in memory, as strict as a real one: what a manifest names must be there before it. */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  const { host = 'memory.example', referrersApi = true } = options;
  const repositories = new Map<string, Repository>();
  const existing = (name: string): Repository | undefined => repositories.get(name);
  const repository = (name: string): Repository => {
    const found = existing(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    repositories.set(name, found);
    return found;
  };
  const resolve = (name: string, reference: string): Digest | undefined =>
    isDigest(reference) ? reference : existing(name)?.tags.get(reference);
  const find = (name: string, reference: string) => {
    const digest = resolve(name, reference);
    return digest === undefined ? undefined : existing(name)?.manifests.get(digest);
  };

  const registry: Registry = {
    host,
    async getManifest({ repository: name, reference }, call) {
      call?.signal?.throwIfAborted();
      const found = find(name, reference);
      return found && { digest: found.manifest.digest, mediaType: found.mediaType, bytes: found.bytes };
    },
    async headManifest({ repository: name, reference }, call) {
      call?.signal?.throwIfAborted();
      const found = find(name, reference);
      return found && { digest: found.manifest.digest, mediaType: found.mediaType, size: found.bytes.length };
    },
    async *openBlob({ repository: name, digest, size }, call) {
      call?.signal?.throwIfAborted();
      const bytes = existing(name)?.blobs.get(digest);
      if (bytes === undefined) throw registryError('blob-unknown', `${host}/${name} does not hold the blob ${digest}`);
      if (call?.range === undefined) yield* verifyContent([bytes], { digest, size });
      else yield bytes.subarray(call.range.start, call.range.end === undefined ? undefined : call.range.end + 1);
    },
    async headBlob({ repository: name, digest }) {
      const bytes = existing(name)?.blobs.get(digest);
      return bytes && { size: bytes.length };
    },
    async *listTags(name) {
      yield* [...(existing(name)?.tags.keys() ?? [])].sort();
    },
    async *listRepositories() {
      yield* [...repositories.keys()].sort();
    },
    async listReferrers(of, call = {}) {
      if (!referrersApi) return listReferrersByTag(registry, of, call);
      const all = [...(existing(of.repository)?.manifests.values() ?? [])]
        .filter(({ manifest }) => manifest.subject?.digest === of.digest)
        .map(({ manifest }) => referrerDescriptor(manifest))
        .filter((d) => call.artifactType === undefined || d.artifactType === call.artifactType);
      const limit = call.limit ?? 50;
      return { descriptors: all.slice(0, limit), complete: all.length <= limit, via: 'api' };
    },
    async putBlob({ repository: name, digest, size, content }) {
      const bytes = await collectContent(verifyContent(openContent(content), { digest, size }), size);
      repository(name).blobs.set(digest, Uint8Array.from(bytes));
    },
    async mountBlob({ repository: name, from, digest }) {
      const bytes = existing(from)?.blobs.get(digest);
      if (bytes !== undefined) repository(name).blobs.set(digest, bytes);
      return bytes !== undefined;
    },
    async putManifest({ repository: name, reference, mediaType, bytes }) {
      const digest = isDigest(reference) ? reference : digestOf(bytes);
      const manifest = parseManifest(bytes, mediaType, { digest });
      const target = repository(name);
      requireParts(manifest, target);
      target.manifests.set(digest, { mediaType, bytes: Uint8Array.from(bytes), manifest });
      if (!isDigest(reference)) target.tags.set(reference, digest);
      return { digest };
    },
    async attachReferrer({ repository: name, mediaType, bytes }, call) {
      const referrer = parseReferrer({ mediaType, bytes });
      await registry.putManifest({ repository: name, reference: referrer.digest, mediaType, bytes });
      if (!referrersApi) await addToReferrersTag(registry, name, referrer, call);
      return { digest: referrer.digest, via: referrersApi ? 'api' : 'tag' };
    },
    async deleteManifest({ repository: name, digest }) {
      const target = existing(name);
      for (const [tag, d] of target?.tags ?? []) if (d === digest) target?.tags.delete(tag);
      return target?.manifests.delete(digest) ?? false;
    },
    async deleteTag({ repository: name, tag }) {
      return existing(name)?.tags.delete(tag) ?? false;
    },
  };
  return registry;
}

function requireParts(manifest: Manifest, target: Repository): void {
  const missing =
    manifest.kind === 'index'
      ? manifest.manifests.find((d) => !(isManifestType(d.mediaType) ? target.manifests : target.blobs).has(d.digest))
      : blobsOf(manifest).find((d) => !target.blobs.has(d.digest) && (d.urls ?? []).length === 0);
  if (missing === undefined) return;
  const what = isIndexType(manifest.mediaType) ? 'index' : 'manifest';
  throw registryError('registry-refused', `the ${what} ${manifest.digest} names ${missing.digest}, which is not there`);
}
