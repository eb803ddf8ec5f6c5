import { createGate, mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { groupBy } from '../core/group-by.ts';
import { type ClosedGraph, type GraphNode, MOST_REFERRERS, type Registry } from '../registry/index.ts';

export interface ManifestTarget {
  readonly target: Registry;
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
}

const QUESTIONS_AT_ONCE = 16;
const PUTS_AT_ONCE = 4;

/** What the target has of a manifest. `unlisted`: a referrer that is there and that its subject does not list. */
export type Held = 'there' | 'unlisted' | 'absent';

/** Asks for all manifests of a graph at once, but for one that was seen a moment ago. */
export async function heldManifests(
  to: ManifestTarget,
  graph: ClosedGraph,
  seen?: Digest,
): Promise<ReadonlyMap<Digest, Held>> {
  const ask = createGate(QUESTIONS_AT_ONCE);
  const { target, repository } = to;
  const call = callOf(to);
  const subjects = new Set(graph.nodes.flatMap(({ manifest: { subject } }) => (subject ? [subject.digest] : [])));
  const listed = new Map([...subjects].map((subject) => [subject, ask(() => referrersAt(to, subject))]));
  const asked = graph.nodes.map(async ({ manifest }): Promise<[Digest, Held]> => {
    const { digest, size, subject } = manifest;
    if (digest === seen && subject === undefined) return [digest, 'there'];
    const head = await ask(() => target.headManifest({ repository, reference: digest }, call));
    if (head?.size !== size) return [digest, 'absent'];
    const known = subject && (await listed.get(subject.digest));
    return [digest, known === undefined || known.has(digest) ? 'there' : 'unlisted'];
  });
  // Both at once: a question that fails while others are awaited must not be left without anybody to hear of it.
  const [held] = await Promise.all([Promise.all(asked), Promise.all(listed.values())]);
  return new Map(held);
}

async function referrersAt(to: ManifestTarget, subject: Digest): Promise<ReadonlySet<Digest>> {
  const of = { repository: to.repository, digest: subject };
  const { descriptors } = await to.target.listReferrers(of, { ...callOf(to), limit: MOST_REFERRERS });
  return new Set(descriptors.map((d) => d.digest));
}

/**
 * Puts the manifests that the target lacks, byte for byte: what others name before them, and else several at once. A
 * referrer that is there but not listed (an earlier run broke off) is attached again.
 *
 * @returns the nodes that were put and had not been there
 */
export async function copyManifests(
  to: ManifestTarget,
  graph: ClosedGraph,
  held: ReadonlyMap<Digest, Held>,
): Promise<readonly GraphNode[]> {
  const { target, repository } = to;
  const copied: GraphNode[] = [];
  for (const level of levelsOf(graph)) {
    const due = level.filter(({ manifest }) => held.get(manifest.digest) !== 'there');
    await mapLimit(due, PUTS_AT_ONCE, async (node) => {
      const { digest, mediaType, subject } = node.manifest;
      const content = { repository, mediaType, bytes: node.bytes };
      if (subject !== undefined) await target.attachReferrer(content, callOf(to));
      else await target.putManifest({ ...content, reference: digest }, callOf(to));
      if (held.get(digest) === 'absent') copied.push(node);
    });
  }
  return copied;
}

/** Manifests by how many steps what they name is away: those of one level do not name each other. */
function levelsOf({ nodes }: ClosedGraph): readonly (readonly GraphNode[])[] {
  const levels: GraphNode[][] = [];
  const levelOf = new Map<Digest, number>();
  // The order of a graph has what is named before what names it.
  for (const node of nodes) {
    const { manifest } = node;
    const named = manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [];
    if (manifest.subject) named.push(manifest.subject.digest);
    const level = Math.max(0, ...named.map((digest) => (levelOf.get(digest) ?? -1) + 1));
    levelOf.set(manifest.digest, level);
    const row = levels[level];
    if (row) row.push(node);
    else levels[level] = [node];
  }
  return levels;
}

/**
 * Asks the target for everything that was pushed, before any tag makes it visible.
 *
 * @throws LadingError `replica-incomplete` (retryable)
 */
export async function verifyArrival(
  to: ManifestTarget,
  manifests: readonly GraphNode[],
  blobs: readonly { readonly digest: Digest; readonly size: number }[],
): Promise<void> {
  const { target, repository } = to;
  const ask = createGate(QUESTIONS_AT_ONCE);
  await Promise.all([
    ...blobs.map(({ digest, size }) =>
      ask(async () => {
        const head = await target.headBlob({ repository, digest }, callOf(to));
        if (head?.size !== size) throw lost(`the blob ${digest}`, to);
      }),
    ),
    ...manifests.map(({ manifest }) =>
      ask(async () => {
        const head = await target.headManifest({ repository, reference: manifest.digest }, callOf(to));
        if (head?.digest !== manifest.digest || head.size !== manifest.size)
          throw lost(`the manifest ${manifest.digest}`, to);
      }),
    ),
    ...[...subjectsOf(manifests)].map(([subject, own]) =>
      ask(async () => {
        const listed = await referrersAt(to, subject);
        const unlisted = own.find((digest) => !listed.has(digest));
        if (unlisted) throw lost(`the referrer ${unlisted} of ${subject}`, to);
      }),
    ),
  ]);
}

const subjectsOf = (nodes: readonly GraphNode[]): ReadonlyMap<Digest, readonly Digest[]> =>
  groupBy(
    nodes,
    ({ manifest }) => manifest.subject?.digest,
    ({ manifest }) => manifest.digest,
  );

const lost = (what: string, to: ManifestTarget): LadingError =>
  new LadingError('replica-incomplete', `${what} was pushed to ${to.target.host}/${to.repository} and is not there`, {
    retryable: true,
  });

const callOf = ({ signal }: ManifestTarget) => (signal === undefined ? {} : { signal });
