import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError, LimitExceededError } from '../core/errors.ts';
import { groupBy } from '../core/group-by.ts';
import {
  type ArtifactClass,
  artifactClassOf,
  type Descriptor,
  isManifestType,
  type Manifest,
} from '../formats/oci/index.ts';
import { DEFAULT_REFERRER_LIMIT } from './list-referrers-by-tag.ts';
import { namedBlobs } from './named-blobs.ts';
import type { CallOptions, ContentAddress, ManifestHead, ReferrerList, RegistryReader } from './ports.ts';
import { type KnownManifests, readManifest } from './read-manifest.ts';
import { cosignTags } from './referrers-tag.ts';

/** How a manifest came into the graph. `tagged`: by one of cosign's older tags, which name their subject. */
type GraphRole = 'root' | 'child' | 'referrer' | 'tagged';

export interface GraphNode {
  readonly role: GraphRole;
  readonly manifest: Manifest;
  /** Exactly as stored; at most 4 MiB. */
  readonly bytes: Uint8Array;
  readonly artifactClass: ArtifactClass;
  /** The index that lists it, or the manifest that it refers to; absent for the root. */
  readonly of?: Digest;
}

/** Everything that belongs to an image: what must be copied, kept or deleted together. */
export interface ClosedGraph {
  readonly root: Digest;
  /** What others name comes before them: children before their index, referrers after their subject. */
  readonly nodes: readonly GraphNode[];
  /** The blobs of all manifests, each once, in order of first use. */
  readonly blobs: readonly Descriptor[];
  /** Tags of cosign's older scheme, without which what they name cannot be found. */
  readonly tags: readonly { readonly tag: string; readonly digest: Digest }[];
  /** Children that an index lists and the registry does not hold. */
  readonly missing: readonly { readonly digest: Digest; readonly of: Digest }[];
  /** False where not every referrer could be listed and read: the graph may have more of them. */
  readonly complete: boolean;
}

export interface WalkOptions extends CallOptions {
  /** Referrers of one manifest that are examined; 50 when absent. */
  readonly referrerLimit?: number;
  /** Whether cosign's `.sig`, `.att` and `.sbom` tags are looked for; true when absent. */
  readonly cosignTags?: boolean;
  /** What was read before and is then only asked for, not read and checked again. @default everything is read */
  readonly known?: KnownManifests | undefined;
  /** Manifests in all; over it the walk fails. */
  readonly maxManifests?: number;
}

/** Referrers of one manifest that go along wherever a graph is copied: the most that are examined. */
export const MOST_REFERRERS = 10_000;

/** Indexes inside indexes, and referrers of referrers. */
const MAX_DEPTH = 3;
const MAX_MANIFESTS = 5_000;
const MAX_MANIFEST_BYTES = 128 * 1024 * 1024;
const AT_ONCE = 6;
const VISITS_AT_ONCE = 4;

/**
 * Collects the closed graph of an image: index → children → referrers of each → their referrers. Each digest once.
 *
 * A referrer counts only if its manifest, whose bytes we hashed, names the subject; one that cannot be read is left
 * out and makes the graph incomplete. A child that cannot be read fails the walk, because the image itself is broken.
 *
 * @returns `undefined` where the registry does not hold the root
 * @throws LimitExceededError over 3 levels of indexes, 5,000 manifests or 128 MiB of them
 */
export async function walkClosedGraph(
  reader: RegistryReader,
  at: ContentAddress,
  options: WalkOptions = {},
): Promise<ClosedGraph | undefined> {
  const walk: Walk = {
    reader,
    repository: at.repository,
    options,
    seen: new Set([at.digest]),
    nodes: [],
    tags: [],
    missing: [],
    bytes: 0,
    complete: true,
  };
  // By its digest, which is known: the answers come with the root itself.
  const asked = askAttached(walk, at.digest);
  asked.catch(() => undefined);
  const root = await fetchNode(walk, { digest: at.digest }, { role: 'root' });
  if (root === undefined) return undefined;
  await visit(walk, root, { indexes: 0, referrers: 0 }, asked);
  const nodes = inPushOrder(root, walk.nodes);
  return {
    root: at.digest,
    nodes,
    blobs: blobsOfNodes(nodes),
    tags: walk.tags.sort((a, b) => (a.tag < b.tag ? -1 : 1)),
    missing: walk.missing,
    complete: walk.complete,
  };
}

interface Walk {
  readonly reader: RegistryReader;
  readonly repository: string;
  readonly options: WalkOptions;
  readonly seen: Set<Digest>;
  readonly nodes: GraphNode[];
  readonly tags: { readonly tag: string; readonly digest: Digest }[];
  readonly missing: { readonly digest: Digest; readonly of: Digest }[];
  bytes: number;
  complete: boolean;
}

interface Depth {
  readonly indexes: number;
  readonly referrers: number;
}

type Place = Pick<GraphNode, 'role' | 'of'>;

/** What hangs on different manifests is asked for at once; the order is made when all is known. */
async function visit(
  walk: Walk,
  node: GraphNode,
  depth: Depth,
  asked: Promise<Attached> = askAttached(walk, node.manifest.digest),
): Promise<void> {
  const { manifest } = node;
  walk.nodes.push(node);
  await Promise.all([visitChildren(walk, manifest, depth), visitAttached(walk, manifest, depth, asked)]);
}

async function visitChildren(walk: Walk, manifest: Manifest, depth: Depth): Promise<void> {
  if (manifest.kind !== 'index') return;
  if (depth.indexes >= MAX_DEPTH) over('index-depth', `indexes are nested more than ${MAX_DEPTH} deep`);
  const children = await fetchChildren(walk, manifest.digest, manifest.manifests);
  await mapLimit(children, VISITS_AT_ONCE, (child) => visit(walk, child, { ...depth, indexes: depth.indexes + 1 }));
}

async function visitAttached(walk: Walk, manifest: Manifest, depth: Depth, asked: Promise<Attached>): Promise<void> {
  const attached = await fetchAttached(walk, manifest.digest, await asked);
  if (attached.length > 0 && depth.referrers >= MAX_DEPTH) {
    walk.complete = false;
    return;
  }
  await mapLimit(attached, VISITS_AT_ONCE, (referrer) =>
    visit(walk, referrer, { indexes: 0, referrers: depth.referrers + 1 }),
  );
}

/** Children before their index, referrers after their subject: the same order whatever answer came first. */
function inPushOrder(root: GraphNode, nodes: readonly GraphNode[]): readonly GraphNode[] {
  const byDigest = new Map(nodes.map((node) => [node.manifest.digest, node]));
  const attached = groupBy(
    nodes.filter(({ role }) => role === 'referrer' || role === 'tagged'),
    ({ of }) => of,
    (node) => node,
  );
  const ordered = new Set<GraphNode>();
  const begun = new Set<GraphNode>();
  const emit = (node: GraphNode | undefined): void => {
    if (node === undefined || begun.has(node)) return;
    begun.add(node);
    const { manifest } = node;
    if (manifest.kind === 'index') for (const { digest } of manifest.manifests) emit(byDigest.get(digest));
    ordered.add(node);
    const own = attached.get(manifest.digest) ?? [];
    for (const one of own.sort((a, b) => (a.manifest.digest < b.manifest.digest ? -1 : 1))) emit(one);
  };
  emit(root);
  return [...ordered];
}

async function fetchChildren(walk: Walk, of: Digest, listed: readonly Descriptor[]): Promise<readonly GraphNode[]> {
  const fresh = takeFresh(
    walk,
    listed.filter((d) => isManifestType(d.mediaType)),
  );
  const children = await mapLimit(fresh, AT_ONCE, async (descriptor) => {
    const child = await fetchNode(walk, descriptor, { role: 'child', of });
    if (child === undefined) walk.missing.push({ digest: descriptor.digest, of });
    return child;
  });
  return children.filter((child) => child !== undefined);
}

/** Descriptors that the walk has not met; they count as met from now on. */
function takeFresh<D extends { readonly digest: Digest }>(walk: Walk, descriptors: readonly D[]): D[] {
  const fresh = descriptors.filter(({ digest }) => !walk.seen.has(digest) && walk.seen.add(digest));
  const most = walk.options.maxManifests ?? MAX_MANIFESTS;
  if (walk.seen.size > most) over('graph-manifests', `the image has more than ${most} manifests`);
  return fresh;
}

interface Attached {
  readonly listed: ReferrerList;
  readonly tagged: readonly { readonly tag: string; readonly head: ManifestHead | undefined }[];
}

/** Asks for all that says that it belongs to a manifest, at once. */
async function askAttached({ reader, repository, options }: Walk, of: Digest): Promise<Attached> {
  const limit = options.referrerLimit ?? DEFAULT_REFERRER_LIMIT;
  const call = callOf(options);
  const tags = options.cosignTags === false ? [] : cosignTags(of);
  const [listed, tagged] = await Promise.all([
    reader.listReferrers({ repository, digest: of }, { ...call, limit }),
    Promise.all(
      tags.map(async (tag) => ({ tag, head: await reader.headManifest({ repository, reference: tag }, call) })),
    ),
  ]);
  return { listed, tagged };
}

async function fetchAttached(walk: Walk, of: Digest, { listed, tagged }: Attached): Promise<readonly GraphNode[]> {
  if (!listed.complete) walk.complete = false;
  const referrers = takeFresh(walk, listed.descriptors).map((d) => () => fetchReferrer(walk, d, of));
  const byTag = tagged.map(
    ({ tag, head }) =>
      async () =>
        head && fetchTagged(walk, { tag, head }, of),
  );
  const found = await mapLimit([...referrers, ...byTag], AT_ONCE, (fetch) => fetch());
  return found.filter((node) => node !== undefined);
}

/** What anyone may attach must not keep the image itself from being worked on. */
async function fetchReferrer(walk: Walk, descriptor: Descriptor, of: Digest): Promise<GraphNode | undefined> {
  try {
    const node = await fetchNode(walk, descriptor, { role: 'referrer', of });
    if (node?.manifest.subject?.digest === of) return node;
  } catch (error) {
    if (!isBadContent(error)) throw error;
  }
  walk.complete = false;
  return undefined;
}

const BAD_CONTENT: ReadonlySet<string> = new Set([
  'manifest-invalid',
  'manifest-schema1',
  'digest-mismatch',
  'size-mismatch',
  'limit-exceeded',
]);

const isBadContent = (error: unknown): boolean =>
  isLadingError(error) &&
  BAD_CONTENT.has(error.code) &&
  !(error instanceof LimitExceededError && error.limit === 'graph-bytes');

async function fetchTagged(
  walk: Walk,
  { tag, head }: { readonly tag: string; readonly head: ManifestHead },
  of: Digest,
): Promise<GraphNode | undefined> {
  walk.tags.push({ tag, digest: head.digest });
  if (takeFresh(walk, [head]).length === 0) return undefined;
  try {
    return await fetchNode(walk, { digest: head.digest }, { role: 'tagged', of });
  } catch (error) {
    if (!isBadContent(error)) throw error;
    walk.complete = false;
    return undefined;
  }
}

async function fetchNode(
  walk: Walk,
  descriptor: { readonly digest: Digest } & Partial<Descriptor>,
  place: Place,
): Promise<GraphNode | undefined> {
  const wanted = { repository: walk.repository, ...descriptor };
  const found = await readManifest(walk.reader, wanted, { ...callOf(walk.options), known: walk.options.known });
  if (found === undefined) return undefined;
  const { manifest, bytes } = found;
  walk.bytes += bytes.length;
  if (walk.bytes > MAX_MANIFEST_BYTES) over('graph-bytes', 'the manifests of the image are over 128 MiB together');
  const entry = descriptor.mediaType === undefined ? undefined : (descriptor as Descriptor);
  return { ...place, manifest, bytes, artifactClass: artifactClassOf(manifest, entry) };
}

function blobsOfNodes(nodes: readonly GraphNode[]): readonly Descriptor[] {
  const blobs = new Map<Digest, Descriptor>();
  for (const { manifest } of nodes) {
    for (const blob of namedBlobs(manifest)) if (!blobs.has(blob.digest)) blobs.set(blob.digest, blob);
  }
  return [...blobs.values()];
}

const callOf = ({ signal }: WalkOptions): CallOptions => (signal === undefined ? {} : { signal });
function over(limit: string, message: string): never {
  throw new LimitExceededError(limit, message);
}
