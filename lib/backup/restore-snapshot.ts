import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import { compileGlobs } from '../core/glob.ts';
import {
  MOST_REFERRERS,
  type Registry,
  type RegistryReader,
  subjectOfTag,
  walkClosedGraph,
} from '../registry/index.ts';
import { copyGraph } from '../replication/index.ts';
import type { Fault, RepositorySnapshot, Snapshot } from './model.ts';
import { type RepositoryContent, readIndex } from './read-index.ts';
import { vaultRepository } from './take-snapshot.ts';

export interface RestorePorts {
  readonly vault: RegistryReader;
  readonly target: Registry;
  readonly onProgress?: (repository: string) => void;
}

export interface RestoreSelection {
  /** Globs of repositories. */
  readonly repositories: readonly string[];
  /** Of one image: a tag that it had, or its digest. @default all */
  readonly reference?: string;
}

export interface RestoreCounts {
  readonly repositories: number;
  readonly images: number;
  readonly manifests: number;
  readonly tags: number;
  readonly bytesMoved: number;
}

export interface RestoreReport extends RestoreCounts {
  /** What could not be brought back. */
  readonly faults: readonly Fault[];
  /** Tags of the target that name something else by now: they are left. */
  readonly tagsLeft: readonly { readonly repository: string; readonly tag: string }[];
}

const IMAGES_AT_ONCE = 4;

/**
 * Brings what a snapshot names back into a registry, byte for byte: blobs, children, indexes, referrers, and the tags of
 * a whole image last. What is there is not sent again, and no tag is moved. What is damaged in the vault is
 * told by its name, and keeps nothing else from coming back. Idempotent.
 */
export async function restoreSnapshot(
  ports: RestorePorts,
  snapshot: Snapshot,
  selection: RestoreSelection,
  options: { readonly signal?: AbortSignal } = {},
): Promise<RestoreReport> {
  const isWanted = compileGlobs(selection.repositories);
  const sum = { repositories: 0, images: 0, manifests: 0, tags: 0, bytesMoved: 0 };
  const faults: Fault[] = [];
  const tagsLeft: { repository: string; tag: string }[] = [];
  for (const repository of snapshot.repositories.filter(({ name }) => isWanted(name))) {
    const from = vaultRepository(snapshot.registry, repository.name);
    const content = await readOrFault(ports.vault, from, repository, faults);
    if (!content) continue;
    const roots = rootsOf(content, selection.reference);
    if (roots.length === 0) continue;
    const images = await mapLimit(roots, IMAGES_AT_ONCE, (digest) =>
      restoreImage(ports, { from, to: repository.name, content, digest }, options),
    );
    for (const image of images) {
      faults.push(...image.faults);
      tagsLeft.push(...image.tagsLeft.map((tag) => ({ repository: repository.name, tag })));
      sum.images += image.faults.length === 0 ? 1 : 0;
      sum.manifests += image.manifests;
      sum.tags += image.tags;
      sum.bytesMoved += image.bytesMoved;
    }
    sum.repositories++;
    ports.onProgress?.(repository.name);
  }
  return { ...sum, faults, tagsLeft };
}

export async function readOrFault(
  vault: RegistryReader,
  from: string,
  repository: RepositorySnapshot,
  faults: Fault[],
): Promise<RepositoryContent | undefined> {
  try {
    return await readIndex(vault, from, repository);
  } catch (error) {
    faults.push({ repository: repository.name, part: repository.index.digest, why: describeError(error) });
    return undefined;
  }
}

/** What stands for itself, or the one image that is asked for. */
function rootsOf({ tags, manifests }: RepositoryContent, reference: string | undefined): readonly Digest[] {
  if (reference !== undefined) {
    const digest = tags.get(reference) ?? (manifests.has(reference as Digest) ? (reference as Digest) : undefined);
    return digest === undefined ? [] : [digest];
  }
  return [...manifests].flatMap(([digest, { role }]) => (role === 'root' ? [digest] : []));
}

interface ImageRestored {
  readonly manifests: number;
  readonly tags: number;
  readonly bytesMoved: number;
  readonly tagsLeft: readonly string[];
  readonly faults: readonly Fault[];
}

async function restoreImage(
  { vault, target }: RestorePorts,
  of: { readonly from: string; readonly to: string; readonly content: RepositoryContent; readonly digest: Digest },
  options: { readonly signal?: AbortSignal },
): Promise<ImageRestored> {
  const failed = (part: string, why: string): ImageRestored => ({
    ...{ manifests: 0, tags: 0, bytesMoved: 0, tagsLeft: [] },
    faults: [{ repository: of.to, part, why }],
  });
  try {
    const at = { repository: of.from, digest: of.digest };
    const graph = await walkClosedGraph(vault, at, { ...options, referrerLimit: MOST_REFERRERS });
    if (!graph) return failed(of.digest, 'the backup does not hold it');
    const lost = graph.missing[0];
    if (lost) return failed(lost.digest, 'the backup does not hold it');
    const copy = await copyGraph({ source: vault, target, from: of.from, repository: of.to, ...options }, graph);
    if (copy.kind === 'source-incomplete') return failed(copy.missing.join(', '), 'the backup does not hold it');
    if (copy.kind !== 'copied') return failed(of.digest, `its copy ended with "${copy.kind}"`);
    const parts = new Map(graph.nodes.map((node) => [node.manifest.digest, node]));
    const faults = await lostParts(vault, of, parts);
    const tagsLeft: string[] = [];
    let tags = 0;
    // Those that say what they belong to first: whoever finds the image finds its signatures.
    const mine = [...of.content.tags].filter(([, digest]) => parts.has(digest)).sort(belongingFirst);
    for (const [tag, digest] of mine) {
      const now = await target.headManifest({ repository: of.to, reference: tag }, options);
      if (now && now.digest !== digest) tagsLeft.push(tag);
      const node = parts.get(digest);
      if (now || !node) continue;
      const { mediaType } = node.manifest;
      await target.putManifest({ repository: of.to, reference: tag, mediaType, bytes: node.bytes }, options);
      tags++;
    }
    return { manifests: graph.nodes.length, tags, bytesMoved: copy.bytesMoved, tagsLeft, faults };
  } catch (error) {
    options.signal?.throwIfAborted();
    return failed(of.digest, describeError(error));
  }
}

/** What should have come along and could not be read: a damaged signature is no reason to do without the image. */
async function lostParts(
  vault: RegistryReader,
  {
    from,
    to,
    content,
    digest,
  }: { readonly from: string; readonly to: string; readonly content: RepositoryContent; readonly digest: Digest },
  found: ReadonlyMap<Digest, unknown>,
): Promise<readonly Fault[]> {
  const lost = [...closureOf(content, digest)].filter((part) => !found.has(part));
  return Promise.all(
    lost.map(async (part) => {
      const fault = (why: string): Fault => ({ repository: to, part, why });
      try {
        const there = await vault.getManifest({ repository: from, reference: part });
        return fault(there ? 'the backup does not say what it belongs to' : 'the backup does not hold it');
      } catch (error) {
        return fault(describeError(error));
      }
    }),
  );
}

/** An image with everything that belongs to it. */
function closureOf({ manifests }: RepositoryContent, root: Digest): ReadonlySet<Digest> {
  const parts = new Map<Digest, Digest[]>();
  for (const [digest, { belongsTo }] of manifests) {
    if (belongsTo !== undefined) parts.set(belongsTo, [...(parts.get(belongsTo) ?? []), digest]);
  }
  const closure = new Set([root]);
  // A set is walked over in the order in which it grows.
  for (const digest of closure) for (const part of parts.get(digest) ?? []) closure.add(part);
  return closure;
}

const belongingFirst = ([a]: readonly [string, Digest], [b]: readonly [string, Digest]): number =>
  Number(subjectOfTag(b) !== undefined) - Number(subjectOfTag(a) !== undefined);
