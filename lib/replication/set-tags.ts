import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { isLadingError, LadingError } from '../core/errors.ts';
import type { ClosedGraph, GraphNode, Registry, RegistryReader } from '../registry/index.ts';
import { decideTag } from './decide-tag.ts';
import type { ReplicationRequest, RepositoryAddress, TagLeft } from './model.ts';
import type { SetTag, TagLedger } from './ports.ts';

export interface TagPorts {
  readonly source: Pick<RegistryReader, 'headManifest'>;
  readonly target: Registry;
  /** What was set where; without it every tag is simply brought to where the source has it. */
  readonly tags?: TagLedger | undefined;
  /** When a registry had a tag moved to where it is. */
  readonly movedAt?: ((of: RepositoryAddress, tag: string) => Promise<string | undefined>) | undefined;
  readonly clock: Clock;
}

export interface TagsSet {
  readonly tags: readonly string[];
  readonly tagsLeft: readonly { readonly tag: string; readonly why: TagLeft }[];
}

interface Wanted {
  readonly tag: string;
  readonly digest: Digest;
  /** Somebody chose the name, so that the source is not asked for it. */
  readonly chosen: boolean;
}

const AT_ONCE = 4;

/**
 * Sets tags at the target, on what has arrived whole: cosign's first, then those of the image. A tag that has moved on at
 * the source is left: the event of its new digest brings it, and this one, being late, must not take it back.
 *
 * @throws LadingError `tag-contested` (retryable) where another worker moves the same tag now
 */
export async function setTags(
  ports: TagPorts,
  request: ReplicationRequest,
  graph: ClosedGraph,
  options: {
    readonly signal?: AbortSignal;
    /** A tag that was just seen to be right: nothing is asked of it again, as nothing is to be written. */
    readonly right?: string | undefined;
  },
): Promise<TagsSet> {
  const of = (tags: readonly string[], chosen: boolean) =>
    tags.map((tag): Wanted => ({ tag, digest: graph.root, chosen }));
  const rounds: readonly (readonly Wanted[])[] = [
    graph.tags.map((one) => ({ ...one, chosen: false })),
    [...of(request.tags, false), ...of(request.names ?? [], true)],
  ];
  const done: string[] = [];
  const left: { readonly tag: string; readonly why: TagLeft }[] = [];
  for (const round of rounds) {
    const outcomes = await mapLimit(round, AT_ONCE, (wanted) => setTag(ports, request, graph, wanted, options));
    outcomes.forEach((outcome, i) => {
      const { tag } = round[i] as Wanted;
      if (outcome === 'set') done.push(tag);
      else left.push({ tag, why: outcome });
    });
  }
  return { tags: done, tagsLeft: left };
}

async function setTag(
  ports: TagPorts,
  { source: from, target: to, conflict = 'source' }: ReplicationRequest,
  graph: ClosedGraph,
  { tag, digest, chosen }: Wanted,
  { signal, right }: Parameters<typeof setTags>[3],
): Promise<'set' | TagLeft> {
  const { source, target, tags, movedAt } = ports;
  const call = signal === undefined ? {} : { signal };
  const { repository } = to;
  if (tag === right && digest === graph.root) {
    await noteRight(ports, to, tag, digest, await tags?.find(to, tag));
    return 'set';
  }
  const node = graph.nodes.find(({ manifest }) => manifest.digest === digest);
  const [here, there, known] = await Promise.all([
    chosen ? { digest } : source.headManifest({ repository: from.repository, reference: tag }, call),
    target.headManifest({ repository, reference: tag }, call),
    tags?.find(to, tag),
  ]);
  if (here?.digest !== digest || node === undefined) return 'moved-at-source';
  // A move that broke off has left the tag where it was: that is where both sides agreed.
  const brokeOff = known?.movingFrom !== undefined && known.movingFrom === (there?.digest ?? 'none');
  const sides = { wanted: digest, there: there?.digest, agreed: brokeOff ? there?.digest : known?.digest };
  const times =
    conflict === 'newest' && there && there.digest !== digest && movedAt
      ? { sourceMovedAt: await movedAt(from, tag), targetMovedAt: await movedAt(to, tag) }
      : {};
  const decision = decideTag({ ...sides, ...times }, chosen ? 'source' : conflict);
  switch (decision.kind) {
    case 'keep':
      return 'kept-by-rule';
    case 'conflict':
      return 'conflict';
    case 'there':
      await noteRight(ports, to, tag, digest, known);
      return 'set';
    case 'set':
      return moveTag(ports, to, tag, { node, before: known?.digest }, call);
    default:
      return decision satisfies never;
  }
}

/** The tag is where it should be, whoever put it there. */
async function noteRight(
  { tags, clock }: TagPorts,
  to: RepositoryAddress,
  tag: string,
  digest: Digest,
  known: SetTag | undefined,
): Promise<void> {
  if (known?.digest !== digest) await tags?.swap(to, tag, known?.digest, digest, clock.now().toISOString());
  if (known?.digest !== digest || known.movingFrom !== undefined) await tags?.settle(to, tag, digest);
}

/** The ledger is moved first, under a condition: of two workers that move one tag, one goes on. */
async function moveTag(
  { target, tags, clock }: TagPorts,
  to: RepositoryAddress,
  tag: string,
  { node, before }: { readonly node: GraphNode; readonly before: Digest | undefined },
  call: { readonly signal?: AbortSignal },
): Promise<'set' | TagLeft> {
  const { digest, mediaType } = node.manifest;
  if (tags && !(await tags.swap(to, tag, before, digest, clock.now().toISOString()))) throw contested(to, tag);
  try {
    await target.putManifest({ repository: to.repository, reference: tag, mediaType, bytes: node.bytes }, call);
  } catch (error) {
    if (isLadingError(error, 'tag-immutable')) return 'immutable-at-target';
    throw error;
  }
  // A worker that was overtaken while it stood still has just taken the tag back: then the one that overtook it is right.
  const now = await tags?.find(to, tag);
  if (now && now.digest !== digest) {
    const winner = isDigest(now.digest)
      ? await target.getManifest({ repository: to.repository, reference: now.digest }, call)
      : undefined;
    if (winner) await target.putManifest({ repository: to.repository, reference: tag, ...winner }, call);
    throw contested(to, tag);
  }
  await tags?.settle(to, tag, digest);
  return 'set';
}

const contested = ({ registry, repository }: RepositoryAddress, tag: string): LadingError =>
  new LadingError('tag-contested', `another worker moves the tag ${tag} of ${registry}/${repository}`, {
    retryable: true,
  });
