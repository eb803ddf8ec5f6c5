import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, imageDeleted, imagePushed } from '../events/index.ts';
import type { WorkLedger } from '../work/index.ts';
import { isOutdated, missingStage, undecidedNews, untoldStatements } from './missing-work.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from './model.ts';
import type { CatalogReader } from './ports.ts';

/** What a registry itself says is in a repository: the truth that the sweep compares with. */
export interface RegistryListing {
  /** Tags of this moment, by name. */
  readonly tags: ReadonlyMap<string, Digest>;
  /** Digests that have no tag, where the registry can list them. */
  readonly untagged: readonly Digest[];
  /** Asks for one digest: what a listing does not name may still be there. */
  has(digest: Digest): Promise<boolean>;
  /** When the registry was asked, from before the first answer: what a tag was moved to since is not in it. */
  readonly listedAt: Date;
}

export interface ReconcilePorts {
  readonly catalog: CatalogReader;
  readonly ledger: Pick<WorkLedger, 'list'>;
  readonly clock: Clock;
}

export interface ReconcileSettings {
  /** Work that began less than this ago is still on its way and is left alone. Milliseconds. */
  readonly graceMs: number;
  /** Whether a rule copies the repository, so that a missing replica is missing work. */
  readonly replicated: boolean;
  /** Of the catalogers: images whose SBOM another one made are told again, some of them in each sweep. */
  readonly sbomVersion?: string;
  /** Whether what the catalogue does not know is told. Not for a registry that is polled, which tells it itself. */
  readonly announces?: boolean;
}

export interface ReconcileResult {
  readonly events: readonly EventDraft[];
  readonly unknown: number;
  readonly stopped: number;
  readonly gone: number;
  readonly moved: number;
}

/**
 * Compares a repository with the catalogue and the work ledger, and says which events nobody sent: pushes that were
 * missed, images whose stages stopped, tags that moved, images that are gone. The events carry the sweep's mark, so a
 * stage that is done publishes its outcome again and the chain goes on at the first stage that is not.
 */
export async function reconcileRepository(
  ports: ReconcilePorts,
  of: RepositoryName,
  listing: RegistryListing,
  settings: ReconcileSettings,
): Promise<ReconcileResult> {
  const { listedAt } = listing;
  const entries = new Map<Digest, CatalogEntry>();
  for await (const entry of ports.catalog.entries(of)) entries.set(entry.digest, entry);
  const bindings = new Map<string, TagBinding>();
  for await (const binding of ports.catalog.tags(of)) bindings.set(binding.tag, binding);

  const tagsOf = groupTags(listing.tags);
  const { announces = true } = settings;
  const moved = [...listing.tags].filter(([tag, digest]) => announces && bindings.get(tag)?.digest !== digest);
  const present = new Set<Digest>([...listing.tags.values(), ...listing.untagged]);
  const push = (digest: Digest, tags: readonly string[]): EventDraft =>
    draftEvent(imagePushed, {
      subject: { ...of, digest, tags: [...tags] },
      origin: 'reconcile',
      pushedAt: listedAt.toISOString(),
    });

  const events: EventDraft[] = [];
  const unknown = [...present].filter((digest) => announces && !entries.has(digest));
  for (const digest of unknown) events.push(push(digest, tagsOf.get(digest) ?? []));
  const { stopped, news } = await findUnfinished(ports, entries, settings);
  const announced = new Set<Digest>([...unknown, ...stopped]);
  for (const digest of stopped) events.push(push(digest, tagsOf.get(digest) ?? []));
  for (const [tag, digest] of moved) if (!announced.has(digest)) events.push(push(digest, [tag]));

  events.push(...news);

  const gone = await findGone(entries, present, listing);
  for (const digest of gone) events.push(deletion(of, digest, [], listedAt));
  for (const [tag, binding] of bindings) {
    // A tag listing is complete even where digests are not; a tag that is not in it is gone.
    if (!binding.digest || listing.tags.has(tag)) continue;
    // In an archival class it keeps its tags, and is in no list.
    const entry = entries.get(binding.digest) ?? (await ports.catalog.find({ ...of, digest: binding.digest }));
    if (entry?.archivedIn === 'registry' && entry.deletedAt !== undefined) continue;
    events.push(deletion(of, binding.digest, [tag], listedAt));
  }
  return { events, unknown: unknown.length, stopped: stopped.length, gone: gone.length, moved: moved.length };
}

const deletion = (of: RepositoryName, digest: Digest, tags: string[], now: Date): EventDraft =>
  draftEvent(imageDeleted, { subject: { ...of, digest, tags }, origin: 'reconcile', deletedAt: now.toISOString() });

function groupTags(tags: ReadonlyMap<string, Digest>): Map<Digest, string[]> {
  const grouped = new Map<Digest, string[]>();
  for (const [tag, digest] of tags) grouped.set(digest, [...(grouped.get(digest) ?? []), tag]);
  return grouped;
}

/** SBOMs of one repository that one sweep has made again: a new version must not keep new images waiting. */
const MAX_OUTDATED = 200;

/** Questions that are asked at once. */
const AT_ONCE = 8;

/** Images whose stages stopped, and what was told of images and led nowhere. */
async function findUnfinished(
  ports: ReconcilePorts,
  entries: ReadonlyMap<Digest, CatalogEntry>,
  settings: ReconcileSettings,
): Promise<{ readonly stopped: readonly Digest[]; readonly news: readonly EventDraft[] }> {
  const before = new Date(ports.clock.now().getTime() - settings.graceMs).toISOString();
  const found = await mapLimit([...entries.values()], AT_ONCE, async (entry) => {
    const records = await ports.ledger.list(locationKey(entry));
    const last = records.reduce<string>(
      (latest, record) => (record.updatedAt > latest ? record.updatedAt : latest),
      entry.firstSeenAt,
    );
    if (last > before) return { stopped: [], news: [] };
    const isStopped = missingStage(entry, records, settings.replicated) !== undefined;
    if (isStopped) return { stopped: [entry.digest], news: [] };
    const outdated = isOutdated(records, settings.sbomVersion) ? [entry.digest] : [];
    const news = [...undecidedNews(records), ...untoldStatements(records, settings.replicated)];
    return { stopped: [], outdated, news };
  });
  const outdated = found.flatMap((one) => one.outdated ?? []).slice(0, MAX_OUTDATED);
  return { stopped: [...found.flatMap((one) => one.stopped), ...outdated], news: found.flatMap((one) => one.news) };
}

async function findGone(
  entries: ReadonlyMap<Digest, CatalogEntry>,
  present: ReadonlySet<Digest>,
  listing: RegistryListing,
): Promise<readonly Digest[]> {
  const unlisted = [...entries.keys()].filter((digest) => !present.has(digest));
  // A sweep never concludes from missing data: what the listing does not name is asked for by its digest.
  const found = await mapLimit(unlisted, AT_ONCE, async (digest) => ((await listing.has(digest)) ? [] : [digest]));
  return found.flat();
}
