import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import type { EventDraft, ImageSubject } from '../events/index.ts';
import { compareSboms, listSbom, readSbom, type Sbom } from '../sbom/index.ts';
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

/**
 * Finds the SBOMs that others made of an image and compares each with our own, those included that were given to us
 * before. Where ours is not there yet, they are kept, and the news of ours leads here again.
 */
export async function reviewSboms(ports: ReviewPorts, subject: ImageSubject, receivedAt: string): Promise<Review> {
  const { found, unusable } = await discoverSboms(ports.registry, subject, ports.trust, ports.clock.now());
  const events: EventDraft[] = [];
  const failed = [...unusable];
  const seen = new Set<Digest>();
  for (const one of found) {
    const about = one.child ? { ...withoutPlatform(subject), ...one.child, digest: one.image, tags: [] } : subject;
    const own = await ports.own.get(one.image);
    const taken = await takeInUnlessOurs(ports.externals, one, { own, receivedAt });
    if (taken === 'ours') continue;
    if (typeof taken === 'string') failed.push({ manifest: one.manifest ?? one.image, why: taken });
    else {
      seen.add(taken.sbom.document.digest);
      events.push(sbomReceivedDraft(about, taken.sbom));
      if (own) events.push(...compareWithOwn(about, own, taken.sbom, taken.listed));
    }
  }
  events.push(...(await compareKept(ports, subject, seen)));
  return { events: firstOfEach(events), unusable: failed };
}

/** The index itself has none; an image of it has its own. */
const withoutPlatform = ({ platform: _platform, ...rest }: ImageSubject): ImageSubject => rest;

type Kept = Extract<Awaited<ReturnType<typeof takeInSbom>>, { kind: 'kept' }>;

async function takeInUnlessOurs(
  externals: ExternalSbomStore,
  found: FoundSbom,
  { own, receivedAt }: { readonly own: Sbom | undefined; readonly receivedAt: string },
): Promise<Kept | 'ours' | string> {
  let listed: ReturnType<typeof readSbom> | undefined;
  try {
    listed = readSbom(found.content);
  } catch {
    // Taking it in says why.
  }
  if (own && listed && isOurs(compareSboms(listSbom(own), listed), listed)) return 'ours';
  const taken = await takeInSbom(externals, found, receivedAt);
  return taken.kind === 'kept' ? taken : taken.why;
}

/** Compares what was kept from before, uploads above all, with the SBOM that we have now. */
async function compareKept(
  ports: Pick<ReviewPorts, 'externals' | 'own'>,
  subject: ImageSubject,
  done: ReadonlySet<Digest>,
): Promise<readonly EventDraft[]> {
  const own = await ports.own.get(subject.digest);
  if (!own) return [];
  const events: EventDraft[] = [];
  for (const other of await ports.externals.list(subject.digest)) {
    if (!done.has(other.document.digest)) events.push(...(await compareOne(ports.externals, own, other, subject)));
  }
  return events;
}

async function compareOne(
  externals: Pick<ExternalSbomStore, 'content'>,
  own: Sbom,
  other: ExternalSbom,
  subject: ImageSubject,
): Promise<readonly EventDraft[]> {
  const content = await externals.content(other);
  return content ? compareWithOwn(subject, own, other, readSbom(content)) : [];
}

/** Compares one that was just given to us; nothing where ours is not there yet: the news of ours will lead to it. */
export async function reviewUpload(
  ports: Pick<ReviewPorts, 'externals' | 'own'>,
  subject: ImageSubject,
  document: Digest,
): Promise<readonly EventDraft[]> {
  const own = await ports.own.get(subject.digest);
  const other = (await ports.externals.list(subject.digest)).find((one) => one.document.digest === document);
  return own && other ? compareOne(ports.externals, own, other, subject) : [];
}

/** A document that lies in two places is one piece of news. */
function firstOfEach(events: readonly EventDraft[]): readonly EventDraft[] {
  return [...new Map(events.map((one) => [`${one.detailType} ${one.discriminator}`, one])).values()];
}
