import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import type { EventDraft, ImageSubject } from '../events/index.ts';
import { compareSboms, type ListedSbom, listSbom, readSbom, type Sbom } from '../sbom/index.ts';
import type { TrustMaterial } from '../signing/index.ts';
import { compareWithOwn, isOurs, sbomReceivedDraft } from './compare-with-own.ts';
import { discoverSboms } from './discover-sboms.ts';
import type { ExternalSbom, FoundSbom, UnusableSbom } from './model.ts';
import type { BesideReader, ExternalSbomStore, OwnSboms } from './ports.ts';
import { takeInSbom } from './take-in-sbom.ts';

export interface ReviewPorts {
  readonly registry: BesideReader;
  readonly externals: ExternalSbomStore;
  readonly own: OwnSboms;
  readonly trust: TrustMaterial;
  readonly clock: Clock;
}

export interface Review {
  readonly events: readonly EventDraft[];
  readonly unusable: readonly UnusableSbom[];
}

/** What a review is made for: the event that led to it, by its id, and when that happened. */
export interface Occasion {
  readonly cause: string;
  readonly occurredAt: string;
}

/**
 * Finds the SBOMs that others made of an image and compares each with our own, those included that were given to us
 * before. Where ours is not there yet, they are kept, and the news of ours leads here again. What was told on another
 * occasion is not told again.
 */
export async function reviewSboms(ports: ReviewPorts, subject: ImageSubject, occasion: Occasion): Promise<Review> {
  const { externals, own } = ports;
  const { found, unusable, mediaType } = await discoverSboms(ports.registry, subject, ports.trust, ports.clock.now());
  const at = { ...subject, mediaType: mediaType ?? subject.mediaType };
  const events: EventDraft[] = [];
  const failed = [...unusable];
  const seen = new Set<Digest>();
  for (const one of found) {
    const about = one.child ? { ...withoutPlatform(at), ...one.child, digest: one.image, tags: [] } : at;
    const ours = await own.get(one.image);
    const taken = await takeInUnlessOurs(externals, one, { ours, receivedAt: occasion.occurredAt });
    if (taken === 'ours') continue;
    if (typeof taken === 'string') failed.push({ manifest: one.manifest ?? one.image, why: taken });
    else if (!seen.has(taken.sbom.document.digest)) {
      seen.add(taken.sbom.document.digest);
      events.push(...(await tellOf(externals, taken.sbom, { subject: about, ours, listed: taken.listed, occasion })));
    }
  }
  events.push(...(await tellOfKept(ports, at, seen, occasion)));
  return { events, unusable: failed };
}

/** The index itself has none; an image of it has its own. */
const withoutPlatform = ({ platform: _platform, ...rest }: ImageSubject): ImageSubject => rest;

type Kept = Extract<Awaited<ReturnType<typeof takeInSbom>>, { kind: 'kept' }>;

async function takeInUnlessOurs(
  externals: ExternalSbomStore,
  found: FoundSbom,
  { ours, receivedAt }: { readonly ours: Sbom | undefined; readonly receivedAt: string },
): Promise<Kept | 'ours' | string> {
  let listed: ListedSbom | undefined;
  try {
    listed = readSbom(found.content);
  } catch {
    // Taking it in says why.
  }
  if (ours && listed && isOurs(compareSboms(listSbom(ours), listed), listed)) return 'ours';
  const taken = await takeInSbom(externals, found, receivedAt);
  return taken.kind === 'kept' ? taken : taken.why;
}

interface News {
  readonly subject: ImageSubject;
  readonly ours: Sbom | undefined;
  readonly listed: ListedSbom;
  readonly occasion: Occasion;
}

/** That it came, and how it compares, each unless it was told on another occasion. */
async function tellOf(
  externals: Pick<ExternalSbomStore, 'tell'>,
  sbom: ExternalSbom,
  { subject, ours, listed, occasion: { cause } }: News,
): Promise<readonly EventDraft[]> {
  const { told } = sbom;
  const standing = sbom.standing.kind;
  const came = told === undefined || told.standing !== standing || told.cause === cause;
  const generator = ours?.generator.version;
  const before = told?.standing === standing && told.compared?.with === generator ? told.compared?.cause : undefined;
  const compares = ours !== undefined && (before === undefined || before === cause);
  if (!came && !compares) return [];
  const compared = compares && generator !== undefined ? { with: generator, cause } : told?.compared;
  await externals.tell(sbom, {
    cause: came ? cause : (told?.cause ?? cause),
    standing,
    ...(compared ? { compared } : {}),
  });
  return [
    ...(came && sbom.origin !== 'upload' && sbom.origin !== 'task' ? [sbomReceivedDraft(subject, sbom)] : []),
    ...(compares ? compareWithOwn(subject, ours, sbom, listed) : []),
  ];
}

/** Those that were kept from before, uploads above all, with the SBOM that we have now. */
async function tellOfKept(
  { externals, own }: Pick<ReviewPorts, 'externals' | 'own'>,
  subject: ImageSubject,
  done: ReadonlySet<Digest>,
  occasion: Occasion,
): Promise<readonly EventDraft[]> {
  const ours = await own.get(subject.digest);
  if (!ours) return [];
  const events: EventDraft[] = [];
  for (const other of await externals.list(subject.digest)) {
    if (done.has(other.document.digest)) continue;
    const content = await externals.content(other);
    if (content)
      events.push(...(await tellOf(externals, other, { subject, ours, listed: readSbom(content), occasion })));
  }
  return events;
}

/** Compares what was just given to us; nothing where ours is not there yet: the news of ours will lead to it. */
export const reviewUpload = (
  ports: Pick<ReviewPorts, 'externals' | 'own'>,
  subject: ImageSubject,
  occasion: Occasion,
): Promise<readonly EventDraft[]> => tellOfKept(ports, subject, new Set(), occasion);
