import type { z } from 'zod';
import type { Digest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import { type ImageLocation, locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type imageDeleted, sbomsRemoved } from '../events/index.ts';
import { type CatalogReader, whereaboutsOf } from '../inventory/index.ts';
import type { Registry } from '../registry/index.ts';
import type { WorkLedger } from '../work/index.ts';

/** Everything that is kept of an image's SBOMs: our own of all versions, those of others, and how they were judged. */
export interface SbomRemover {
  /** Removes what is there, what leads to it first, and says how many documents went. Repeating it is harmless. */
  removeAll(image: Digest): Promise<number>;
}

export interface ForgetPorts {
  readonly registry: Pick<Registry, 'headManifest' | 'deleteManifest'>;
  readonly catalog: Pick<CatalogReader, 'find' | 'placesOf'>;
  readonly sboms: SbomRemover;
  /** Manifests of the SBOM statements that we attached to the image. */
  readonly attached: (image: ImageLocation) => Promise<readonly Digest[]>;
  readonly ledger: Pick<WorkLedger, 'lapse'>;
}

/** As the event `Image Deleted` tells of it. */
export type Deleted = z.infer<typeof imageDeleted.data>;

export type Forgotten =
  | { readonly kind: 'removed'; readonly events: readonly EventDraft[] }
  /** `returned`: it was pushed again just then; its SBOM is made anew by the next sweep, if not before. */
  | { readonly kind: 'kept'; readonly why: 'evidence' | 'present' | 'archived' | 'elsewhere' }
  | { readonly kind: 'returned' };

/**
 * Lets the SBOMs of a deleted image go with it: stored documents, and our statements that some registries leave behind.
 * Registries announce deletions late, twice, and for tags, so what counts is what is true now: an image that is still or
 * again there, in the archive or in another repository keeps them, and so does one whose SBOMs are evidence.
 *
 * Documents are removed after the last look, so a push may come in between. A second look finds it, and lets the work
 * count as not done; the stages of the push itself do the same, and both can be repeated.
 *
 * @param evidence globs over `registry/repository` of images whose SBOMs outlive them
 */
export async function forgetSboms(
  ports: ForgetPorts,
  { subject, deletedAt }: Pick<Deleted, 'subject' | 'deletedAt'>,
  { evidence }: { readonly evidence: readonly string[] },
): Promise<Forgotten> {
  if (compileGlobs(evidence)(`${subject.registry}/${subject.repository}`)) return { kind: 'kept', why: 'evidence' };
  const why = await whatNeeds(ports, subject);
  if (why !== undefined) return { kind: 'kept', why };
  // Statements first: without documents nothing would lead to them any more.
  const referrers = await ports.attached(subject);
  for (const digest of referrers) await ports.registry.deleteManifest({ repository: subject.repository, digest });
  const documents = await ports.sboms.removeAll(subject.digest);
  if ((await whatNeeds(ports, subject)) !== undefined) {
    for (const place of [subject, ...(await ports.catalog.placesOf(subject.digest))]) {
      await ports.ledger.lapse(locationKey(place), ['sbom', 'attest']);
    }
    return { kind: 'returned' };
  }
  if (documents === 0 && referrers.length === 0) return { kind: 'removed', events: [] };
  return {
    kind: 'removed',
    events: [draftEvent(sbomsRemoved, { subject, deletedAt, documents, referrers: [...referrers] })],
  };
}

async function whatNeeds(
  { registry, catalog }: Pick<ForgetPorts, 'registry' | 'catalog'>,
  { registry: host, repository, digest }: ImageLocation,
): Promise<'present' | 'archived' | 'elsewhere' | undefined> {
  if (await registry.headManifest({ repository, reference: digest })) return 'present';
  const isHere = (place: ImageLocation): boolean => place.registry === host && place.repository === repository;
  const places = await catalog.placesOf(digest);
  for (const place of [{ registry: host, repository, digest }, ...places.filter((one) => !isHere(one))]) {
    const entry = await catalog.find(place);
    const whereabouts = entry && whereaboutsOf(entry);
    // That it is gone from here was just seen, whether or not the catalogue has heard of it.
    if (entry?.archivedAt !== undefined) return 'archived';
    if (whereabouts === 'present' && !isHere(place)) return 'elsewhere';
  }
  return undefined;
}
