import { createGate } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import { subjectOfTag } from '../registry/index.ts';
import type { ExpectedImage, ExpectedState } from './expected-state.ts';
import { bucketOf, differingBuckets, hashBucket, type MerkleTree, merkleTree, treeOf, withBucket } from './merkle.ts';
import type { ReplicaCheck, RepositoryAddress } from './model.ts';
import type { ReplicaState } from './replica-state.ts';

/** A look at the target. */
export interface TargetView {
  /** Tags of this moment. */
  readonly tags: ReadonlyMap<string, Digest>;
  has(digest: Digest): Promise<boolean>;
  /** Every digest that it holds, where it can list them: then nothing vanishes unseen. */
  readonly listed?: ReadonlySet<Digest> | undefined;
  /** Asks for every part of an image, its blobs and referrers included. */
  deep(image: ExpectedImage): Promise<ReplicaCheck>;
}

export interface CompareOptions {
  readonly now: Date;
  /** What should have been there for less than this is on its way and no divergence. Milliseconds. */
  readonly graceMs: number;
  /** Images of which every part is asked for in this run, at most. */
  readonly deepChecks: number;
}

export interface Difference {
  readonly kind: 'missing' | 'tag-moved' | 'incomplete' | 'corrupted';
  readonly image: ExpectedImage;
  /** The manifest that is missing. */
  readonly part?: Digest;
  readonly detail: string;
}

export interface Comparison {
  readonly state: ReplicaState;
  /** One for each image, the gravest. What is still on its way is not among them. */
  readonly differences: readonly Difference[];
  /** Tags that no rule wants there. */
  readonly extra: readonly { readonly tag: string; readonly digest: Digest }[];
  /** Buckets that were looked into; the others are as they were found before. */
  readonly looked: number;
}

const AT_ONCE = 8;
/** A round of asking for everything takes at least so many runs. */
const RUNS_A_ROUND = 16;

const tagKey = (tag: string): string => `tag ${tag}`;
const manifestKey = (digest: Digest): string => `manifest ${digest}`;

/** The leaves of what should be there: the same for a target, an edge or a backup that hold the same. */
export function leavesOf({ tags, manifests }: Pick<ExpectedState, 'tags' | 'manifests'>): ReadonlyMap<string, string> {
  return new Map([
    ...[...tags].map(([tag, { digest }]): [string, string] => [tagKey(tag), digest]),
    ...[...manifests.keys()].map((digest): [string, string] => [manifestKey(digest), digest]),
  ]);
}

/**
 * Compares what a target should hold with what it holds. Tags are compared each time, as anyone can move them. Manifests
 * are asked for only in branches of the tree that differ from what was found before, and in those whose turn it is to be
 * looked through to the last blob. What is found becomes the tree that the next comparison starts from.
 */
export async function compareReplica(
  source: RepositoryAddress,
  expected: ExpectedState,
  target: TargetView,
  before: ReplicaState | undefined,
  options: CompareOptions,
): Promise<Comparison> {
  const wanted = merkleTree(leavesOf(expected));
  const known = treeOf(new Map(Object.entries(before?.buckets ?? {}).map(([n, hash]) => [Number(n), hash])));
  const look = lookAt(expected, target);
  const scrub = scrubOf(expected, before, options.deepChecks);
  const suspects = new Set([
    ...differingBuckets(wanted, known),
    ...look.tagBuckets,
    ...look.vanished,
    ...scrub.buckets,
  ]);
  const found = await look.into(suspects);
  const deep = await look.through(scrub.images.filter(({ root }) => !found.lacking.has(root)));
  let held: MerkleTree = treeOf(new Map([...known.buckets].filter(([bucket]) => wanted.buckets.has(bucket))));
  for (const bucket of suspects) held = withBucket(held, bucket, found.hashes.get(bucket));
  const all = [...found.differences, ...deep];
  const due = gravest(all).filter(({ image }) => age(image, options.now) > options.graceMs);
  const lacking = all.filter(({ kind }) => kind === 'missing' || kind === 'tag-moved');
  const isEqual = held.root === wanted.root && all.length === 0;
  const count = (kinds: readonly Difference['kind'][]): number => all.filter(({ kind }) => kinds.includes(kind)).length;
  const extra = [...target.tags]
    .filter(([tag]) => !expected.tags.has(tag) && subjectOfTag(tag) === undefined)
    .map(([tag, digest]) => ({ tag, digest }));
  const provenEqualAt = isEqual ? options.now.toISOString() : before?.provenEqualAt;
  const scrubbedAt = scrub.ends && deep.length === 0 ? options.now.toISOString() : before?.scrubbedAt;
  return {
    differences: due,
    extra,
    looked: suspects.size,
    state: {
      source: { registry: source.registry, repository: source.repository },
      target: expected.target,
      rules: [...expected.rules],
      lookedAt: options.now.toISOString(),
      expectedRoot: wanted.root,
      heldRoot: held.root,
      tags: expected.tags.size,
      manifests: expected.manifests.size,
      missing: count(['missing']),
      moved: count(['tag-moved']),
      corrupted: count(['corrupted', 'incomplete']),
      extra: extra.length,
      lagMs: Math.max(0, ...lacking.map(({ image }) => age(image, options.now))),
      ...(provenEqualAt ? { provenEqualAt } : {}),
      ...(scrubbedAt ? { scrubbedAt } : {}),
      scrubNext: scrub.next,
      buckets: Object.fromEntries([...held.buckets].map(([bucket, hash]) => [String(bucket), hash])),
    },
  };
}

const age = ({ since }: ExpectedImage, now: Date): number => Math.max(0, now.getTime() - Date.parse(since));

const GRAVITY: Readonly<Record<Difference['kind'], number>> = {
  missing: 0,
  corrupted: 1,
  incomplete: 2,
  'tag-moved': 3,
};

function gravest(differences: readonly Difference[]): readonly Difference[] {
  const byImage = new Map<Digest, Difference>();
  for (const one of differences) {
    const known = byImage.get(one.image.root);
    if (known === undefined || GRAVITY[one.kind] < GRAVITY[known.kind]) byImage.set(one.image.root, one);
  }
  return [...byImage.values()];
}

interface Found {
  readonly differences: readonly Difference[];
  /** Roots of images of which a manifest is missing. */
  readonly lacking: ReadonlySet<Digest>;
  /** Of what was found, by bucket. */
  readonly hashes: ReadonlyMap<number, string>;
}

function lookAt(expected: ExpectedState, target: TargetView) {
  const ask = createGate(AT_ONCE);
  const wrongTags = [...expected.tags].filter(([tag, { digest }]) => target.tags.get(tag) !== digest);
  const byBucket = groupBy(
    expected.manifests,
    ([digest]) => bucketOf(manifestKey(digest)),
    (one) => one,
  );
  const tagsByBucket = groupBy(
    expected.tags,
    ([tag]) => bucketOf(tagKey(tag)),
    (one) => one,
  );
  return {
    tagBuckets: wrongTags.map(([tag]) => bucketOf(tagKey(tag))),
    vanished: [...expected.manifests.keys()]
      .filter((digest) => target.listed?.has(digest) === false)
      .map((digest) => bucketOf(manifestKey(digest))),
    async into(buckets: ReadonlySet<number>): Promise<Found> {
      const differences: Difference[] = wrongTags.map(([tag, { digest, image }]) => ({
        kind: 'tag-moved',
        image,
        detail: `the tag ${tag} is on ${target.tags.get(tag) ?? 'nothing'}, not on ${digest}`,
      }));
      const lacking = new Set<Digest>();
      const hashes = new Map<number, string>();
      await Promise.all(
        [...buckets].map(async (bucket) => {
          const manifests = byBucket.get(bucket) ?? [];
          const there = await Promise.all(manifests.map(([digest]) => ask(() => target.has(digest))));
          const leaves: [string, string][] = [];
          manifests.forEach(([digest, image], i) => {
            if (there[i]) leaves.push([manifestKey(digest), digest]);
            else {
              lacking.add(image.root);
              differences.push({ kind: 'missing', image, part: digest, detail: `the manifest ${digest} is not there` });
            }
          });
          for (const [tag, { digest }] of tagsByBucket.get(bucket) ?? []) {
            if (target.tags.get(tag) === digest) leaves.push([tagKey(tag), digest]);
          }
          if (leaves.length > 0) hashes.set(bucket, hashBucket(leaves));
        }),
      );
      return { differences, lacking, hashes };
    },
    async through(images: readonly ExpectedImage[]): Promise<readonly Difference[]> {
      const checks = await Promise.all(
        images.map((image) => ask(async () => ({ image, check: await target.deep(image) }))),
      );
      return checks.flatMap(({ image, check }): Difference[] => {
        if (check.kind === 'missing') return [{ kind: 'missing', image, detail: check.detail }];
        if (check.kind !== 'diverged' || check.difference === 'extra') return [];
        return [{ kind: check.difference, image, detail: check.detail }];
      });
    },
  };
}

/** The images whose turn it is: those whose digest falls into the next buckets of the round, as many as are allowed. */
function scrubOf(expected: ExpectedState, before: ReplicaState | undefined, deepChecks: number) {
  const roots = new Map([...expected.manifests.values()].map((image) => [image.root, image]));
  const byBucket = groupBy(
    roots.values(),
    ({ root }) => bucketOf(manifestKey(root)),
    (image) => image,
  );
  const images: ExpectedImage[] = [];
  const buckets: number[] = [];
  let next = before?.scrubNext ?? 0;
  let ends = false;
  for (let i = 0; i < 256 / RUNS_A_ROUND && deepChecks > 0 && !ends; i++) {
    const own = byBucket.get(next) ?? [];
    if (images.length > 0 && images.length + own.length > deepChecks) break;
    images.push(...own);
    buckets.push(next);
    next = (next + 1) % 256;
    ends = next === 0;
  }
  return { images, buckets, next, ends };
}
