import type { Clock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import { type MarkedRepository, type Marks, markContents } from './mark-contents.ts';
import type { DistributionStorage, Link, StoredContent } from './ports.ts';

export interface CollectOptions {
  readonly dryRun: boolean;
  /** How long what was written is safe from being collected, in ms: longer than the longest push takes. */
  readonly graceMs: number;
  /** Also manifests that no tag leads to go; without it they stay, with all that they need. */
  readonly deleteUntagged: boolean;
  /** Uploads at which nothing was written for so long are removed, in ms. */
  readonly uploadTtlMs: number;
  /** Waits between taking contents out of sight and removing them: what a push relied on at that moment shows itself. */
  readonly settle: () => Promise<void>;
  readonly clock: Clock;
}

export interface DistributionReport {
  readonly dryRun: boolean;
  readonly repositories: number;
  readonly manifests: number;
  readonly tags: number;
  readonly kept: Amount;
  /** What was freed, or would be: exactly the bytes of the files. */
  readonly freed: Amount & { readonly contents: readonly StoredContent[] };
  /** What nothing needs and is too young to go. */
  readonly young: Amount;
  readonly untagged: readonly { readonly repository: string; readonly digest: Digest }[];
  readonly layerLinks: number;
  readonly uploads: Amount;
  /** Contents that were about to go when something came to need them. */
  readonly reprieved: readonly Digest[];
  /** What a manifest that stays needs and the storage has not: it was damaged before. At most a hundred. */
  readonly missing: readonly { readonly repository: string; readonly digest: Digest }[];
}

/** `twice`: bytes of hidden contents that were pushed again meanwhile, of which the new one stays. */
type Report = (
  freed: readonly StoredContent[],
  reprieved: readonly Digest[],
  last: Marks,
  twice?: number,
) => DistributionReport;

type RemovedLink = Link & { readonly repository: string };

interface Amount {
  readonly count: number;
  readonly bytes: number;
}

/** As distribution's own purging of uploads does by default. */
export const UPLOAD_TTL_MS = 7 * 86_400_000;
/** An upload at which nothing moves for so long holds nothing back. */
const IDLE_MS = 86_400_000;
const MOST_MISSING = 100;

/**
 * Collects what nothing needs from the storage of a CNCF distribution registry, also while it serves. A push under way is
 * safe in three ways: what is young stays, and so does everything pushed since the oldest upload in progress began; a
 * content is first taken out of sight and then, after a while, all manifests are looked at again before it is removed; and
 * what came to need it meanwhile has it put back.
 *
 * @throws LadingError `manifest-unreadable`: nothing is collected, since it may need anything
 */
export async function collectDistribution(
  storage: DistributionStorage,
  options: CollectOptions,
): Promise<DistributionReport> {
  // An earlier run that broke off hid contents that may be needed since.
  if (!options.dryRun) for await (const digest of storage.condemned()) await storage.reprieve(digest);
  const now = options.clock.now().getTime();
  const first = await markContents(storage, { ...options, writtenSince: now - options.graceMs });
  const writtenSince = oldestPush(first, now) - options.graceMs;
  const marks =
    writtenSince < now - options.graceMs ? await markContents(storage, { ...options, writtenSince }) : first;
  const contents = await Array.fromAsync(storage.contents());
  const unneeded = contents.filter(({ digest }) => !marks.needed.has(digest));
  const isOld = ({ digest, writtenAt }: StoredContent): boolean => writtenAt < writtenSince && !marks.young.has(digest);
  const old = unneeded.filter(isOld);
  const links = marks.repositories.flatMap((repository) => uselessLinks(repository, writtenSince));
  const stale = marks.repositories.flatMap(({ name, uploads }) =>
    uploads.filter((one) => one.writtenAt < now - options.uploadTtlMs).map((one) => ({ repository: name, ...one })),
  );
  const report: Report = (freed, reprieved, last, twice = 0) => ({
    dryRun: options.dryRun,
    repositories: last.repositories.length,
    manifests: last.repositories.reduce((sum, { revisions }) => sum + revisions.size, 0),
    tags: last.repositories.reduce((sum, { tags }) => sum + tags, 0),
    kept: amountOf(contents.filter(({ digest }) => marks.needed.has(digest) || reprieved.includes(digest))),
    freed: { count: freed.length, bytes: amountOf(freed).bytes + twice, contents: freed },
    young: amountOf(unneeded.filter((one) => !isOld(one))),
    untagged: links.filter(({ kind }) => kind === 'revision').map(({ repository, digest }) => ({ repository, digest })),
    layerLinks: links.filter(({ kind }) => kind === 'layer').length,
    uploads: amountOf(stale),
    reprieved,
    missing: missingOf(last, contents),
  });
  if (options.dryRun) return report(old, [], marks);
  for (const { repository, id } of stale) await storage.removeUpload(repository, id);
  for (const { repository, ...link } of links) await storage.removeLink(repository, link);
  const condemned: StoredContent[] = [];
  for (const one of old) if (await storage.condemn(one.digest)) condemned.push(one);
  if (condemned.length > 0 || links.length > 0) await options.settle();
  const revisions = (name: string) => marks.repositories.find((one) => one.name === name)?.revisions;
  return removeCondemned(storage, { condemned, links, revisions, writtenSince, options, report });
}

async function removeCondemned(
  storage: DistributionStorage,
  run: {
    readonly condemned: readonly StoredContent[];
    readonly links: readonly RemovedLink[];
    readonly revisions: (repository: string) => MarkedRepository['revisions'] | undefined;
    readonly writtenSince: number;
    readonly options: CollectOptions;
    readonly report: Report;
  },
): Promise<DistributionReport> {
  let marks: Marks;
  try {
    marks = await restoreLinks(storage, run.links, run.revisions, () =>
      markContents(storage, { ...run.options, deleteUntagged: false, writtenSince: run.writtenSince }),
    );
  } catch (error) {
    for (const { digest } of run.condemned) await storage.reprieve(digest);
    throw error;
  }
  const reprieved: Digest[] = [];
  const freed: StoredContent[] = [];
  let twice = 0;
  for (const one of run.condemned) {
    if (marks.needed.has(one.digest) || marks.young.has(one.digest)) {
      twice += await storage.reprieve(one.digest);
      reprieved.push(one.digest);
    } else freed.push({ ...one, bytes: await storage.execute(one.digest) });
  }
  return run.report(freed, reprieved, marks, twice);
}

/**
 * Puts back links that something came to need: a tag its manifest, an index its children, a manifest its blobs, and what
 * refers to a manifest that came back. Answers with the marks once nothing more is needed.
 */
async function restoreLinks(
  storage: DistributionStorage,
  removed: readonly RemovedLink[],
  revisions: (repository: string) => MarkedRepository['revisions'] | undefined,
  mark: () => Promise<Marks>,
): Promise<Marks> {
  const back = new Set<RemovedLink>();
  const isBack = (repository: string, digest: Digest): boolean =>
    [...back].some((one) => one.kind === 'revision' && one.repository === repository && one.digest === digest);
  for (;;) {
    const marks = await mark();
    const tagged = new Map<string, ReadonlySet<Digest>>();
    for (const name of new Set(removed.map(({ repository }) => repository))) {
      tagged.set(name, new Set((await Array.fromAsync(storage.tags(name))).map(({ digest }) => digest)));
    }
    const wanted = removed.filter((one) => {
      if (back.has(one)) return false;
      const { repository, digest, kind } = one;
      if (marks.repositories.find(({ name }) => name === repository)?.needs.has(digest)) return true;
      const subject = revisions(repository)?.get(digest)?.subject;
      return (
        kind === 'revision' &&
        (tagged.get(repository)?.has(digest) || (subject !== undefined && isBack(repository, subject)))
      );
    });
    if (wanted.length === 0) return marks;
    for (const one of wanted) {
      await storage.putLink(one.repository, one);
      back.add(one);
    }
  }
}

/** When the oldest push that is under way began; now where there is none. */
function oldestPush({ repositories }: Marks, now: number): number {
  const moving = repositories.flatMap(({ uploads }) => uploads.filter(({ writtenAt }) => writtenAt >= now - IDLE_MS));
  return Math.min(now, ...moving.map(({ startedAt }) => startedAt));
}

function uselessLinks(
  { name, links, kept, needs }: Marks['repositories'][number],
  writtenSince: number,
): readonly RemovedLink[] {
  return links
    .filter(({ writtenAt }) => writtenAt < writtenSince)
    .filter(({ kind, digest }) => (kind === 'revision' ? !kept.has(digest) : !needs.has(digest)))
    .map((link) => ({ ...link, repository: name }));
}

const amountOf = (all: readonly { readonly bytes: number }[]): Amount => ({
  count: all.length,
  bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
});

function missingOf(marks: Marks, contents: readonly StoredContent[]): DistributionReport['missing'] {
  const there = new Set(contents.map(({ digest }) => digest));
  const missing = marks.repositories.flatMap(({ name, needs }) =>
    [...needs].filter((digest) => !there.has(digest)).map((digest) => ({ repository: name, digest })),
  );
  return [...marks.lost, ...missing].slice(0, MOST_MISSING);
}
