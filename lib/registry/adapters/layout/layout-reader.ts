import { type Digest, digestAlgorithm, digestHex, isDigest } from '../../../core/digest.ts';
import {
  type Descriptor,
  isManifestType,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseManifest,
} from '../../../formats/oci/index.ts';
import { referrerDescriptor } from '../../attach-referrer.ts';
import { registryError } from '../../errors.ts';
import { DEFAULT_REFERRER_LIMIT, listReferrersByTag } from '../../list-referrers-by-tag.ts';
import type { BlobAddress, FetchedManifest, ManifestAddress, RegistryReader } from '../../ports.ts';
import { collectContent, markChecked, verifyContent } from '../../verify-content.ts';
import type { LayoutFiles } from './files.ts';
import { type LayoutEntry, namesOf } from './layout-index.ts';

export interface LayoutReaderOptions {
  readonly files: LayoutFiles;
  readonly host: string;
  /** A layout is one repository; nothing is found under another name. */
  readonly repository: string;
  /** The entries of `index.json`, as they are now. */
  readonly entries: () => Promise<readonly LayoutEntry[]>;
}

/** A layout or an archive: it can hold images that have no name, as `crane pull --format=oci` writes them. */
export interface LayoutReader extends RegistryReader {
  /** Of the images without a name; artifacts that say what they are, such as signatures, are left out. */
  listUnnamed(): Promise<readonly Digest[]>;
}

/** Entries of `index.json` that are looked at for referrers. */
const MAX_EXAMINED = 10_000;

export const blobFile = (digest: Digest): string => `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;

/** Reads an OCI image layout as if it were a registry. Every blob is hashed, since a folder is no safer than a host. */
export function createLayoutReader(options: LayoutReaderOptions): LayoutReader {
  const { files, host, repository } = options;
  const subjects = new Map<Digest, Manifest | undefined>();
  const isHere = (name: string): boolean => name === repository;

  const reader: LayoutReader = {
    host,
    async listUnnamed() {
      const descriptors = (await options.entries()).map(({ descriptor }) => descriptor);
      const unnamed = descriptors.filter((one) => namesOf(one).length === 0 && one.artifactType === undefined);
      return [...new Set(unnamed.map(({ digest }) => digest))];
    },
    getManifest: async (at) => (isHere(at.repository) ? findManifest(options, at) : undefined),
    async headManifest(at) {
      const found = await reader.getManifest(at);
      return found && { digest: found.digest, mediaType: found.mediaType, size: found.bytes.length };
    },
    openBlob(at, call) {
      const content = { [Symbol.asyncIterator]: () => readBlob(options, at, call) };
      return call?.range === undefined ? markChecked(content, at) : content;
    },
    async headBlob({ repository: name, digest }) {
      const size = isHere(name) && isDigest(digest) ? await files.sizeOf(blobFile(digest)) : undefined;
      return size === undefined ? undefined : { size };
    },
    async *listTags(name) {
      if (!isHere(name)) return;
      const entries = await options.entries();
      yield* new Set(entries.map(({ descriptor }) => namesOf(descriptor)[0]).filter((n) => n !== undefined));
    },
    async *listRepositories() {
      yield repository;
    },
    async listReferrers(of, call = {}) {
      const limit = call.limit ?? DEFAULT_REFERRER_LIMIT;
      if (!isHere(of.repository)) return { descriptors: [], complete: true, via: 'api' };
      const tagged = await listReferrersByTag(reader, of, { ...call, limit });
      const direct = await scanForReferrers(options, of.digest, subjects);
      const all = new Map([...tagged.descriptors, ...direct.found].map((d) => [d.digest, d]));
      const wanted = [...all.values()].filter((d) => !call.artifactType || d.artifactType === call.artifactType);
      const complete = tagged.complete && direct.complete && wanted.length <= limit;
      return { descriptors: wanted.slice(0, limit), complete, via: 'api' };
    },
  };
  return reader;
}

async function* readBlob(
  { files, repository }: LayoutReaderOptions,
  { repository: name, digest, size }: BlobAddress,
  call: Parameters<RegistryReader['openBlob']>[1],
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = name === repository && isDigest(digest) ? blobFile(digest) : undefined;
  if (path === undefined || (await files.sizeOf(path)) === undefined) {
    throw registryError('blob-unknown', `${files.name} does not hold the blob ${digest}`);
  }
  const content = files.open(path, call);
  if (call?.range === undefined) yield* verifyContent(content, { digest, size });
  else yield* content;
}

async function findManifest(
  { files, entries }: LayoutReaderOptions,
  { reference }: ManifestAddress,
): Promise<FetchedManifest | undefined> {
  const listed = (await entries()).map(({ descriptor }) => descriptor);
  const entry = isDigest(reference)
    ? listed.find((d) => d.digest === reference)
    : listed.find((d) => namesOf(d).includes(reference));
  const digest = entry?.digest ?? (isDigest(reference) ? reference : undefined);
  const bytes = digest && (await readManifestBytes(files, digest, entry?.size));
  if (digest === undefined || bytes === undefined) return undefined;
  return { digest, mediaType: entry?.mediaType ?? parseManifest(bytes).mediaType, bytes };
}

async function readManifestBytes(
  files: LayoutFiles,
  digest: Digest,
  expected: number | undefined,
): Promise<Uint8Array | undefined> {
  const path = blobFile(digest);
  if ((await files.sizeOf(path)) === undefined) return undefined;
  const content = verifyContent(files.open(path), { digest, size: expected });
  return collectContent(content, MAX_MANIFEST_BYTES, `the manifest ${digest}`);
}

/** A layout has no referrers API, but all its entries are at hand: those that name the subject are its referrers. */
async function scanForReferrers(
  { files, entries }: LayoutReaderOptions,
  subject: Digest,
  known: Map<Digest, Manifest | undefined>,
): Promise<{ readonly found: readonly Descriptor[]; readonly complete: boolean }> {
  const candidates = (await entries()).map((e) => e.descriptor).filter((d) => isManifestType(d.mediaType));
  const found: Descriptor[] = [];
  let complete = candidates.length <= MAX_EXAMINED;
  for (const { digest, mediaType, size } of candidates.slice(0, MAX_EXAMINED)) {
    try {
      const bytes = known.has(digest) ? undefined : await readManifestBytes(files, digest, size);
      if (bytes !== undefined) known.set(digest, onlyReferrer(parseManifest(bytes, mediaType)));
      const manifest = known.get(digest);
      if (manifest?.subject?.digest === subject) found.push(referrerDescriptor(manifest));
    } catch {
      complete = false;
    }
  }
  return { found, complete };
}

const onlyReferrer = (manifest: Manifest): Manifest | undefined => (manifest.subject ? manifest : undefined);
