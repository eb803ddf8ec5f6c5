import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { type DocumentStore, loadJson, saveDocument, saveJson } from '../documents/index.ts';
import type { Signer } from '../signing/index.ts';
import type { EdgeConfig } from './config.ts';
import { heldRoot } from './held-root.ts';
import { type DesiredImage, type DesiredState, type EdgeSite, MOST_IMAGES } from './model.ts';
import { filesOf } from './placement/load.ts';
import { type Candidate, candidateKey, type Placed, type Placement } from './placement/model.ts';
import { placeImages } from './placement/place-images.ts';
import type { DesiredRecord, DesiredStore, ReportStore } from './ports.ts';
import { sealDesiredState } from './signed-documents.ts';
import { siteView } from './site-view.ts';

export interface PlanPorts {
  readonly desired: DesiredStore;
  readonly reports: Pick<ReportStore, 'last'>;
  readonly documents: DocumentStore;
  readonly clock: Clock;
}

const DAY_MS = 24 * 3_600_000;
/** Generations whose roots are remembered: a report on one of them is late, and not wrong. */
const ROOTS_KEPT = 20;
const MOST_FAULTS = 100;

/** What would be placed at the site now. Nothing is written. */
export async function planSite(
  ports: Pick<PlanPorts, 'desired' | 'reports' | 'documents' | 'clock'>,
  site: EdgeSite,
  candidates: readonly Candidate[],
  config: EdgeConfig,
): Promise<Placement> {
  const now = ports.clock.now();
  const [last, report] = await Promise.all([ports.desired.current(site.name), ports.reports.last(site.name)]);
  const before = last === undefined ? new Set<string>() : await imagesOf(ports.documents, last);
  const view = await siteView(ports.documents, site, report, before, now);
  return placeImages(site, candidates, view, { weights: config.weights, now });
}

export type StateOutcome =
  | { readonly kind: 'unchanged'; readonly record: DesiredRecord }
  /** Another process made this generation. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'made'; readonly record: DesiredRecord; readonly state: DesiredState };

/**
 * Makes the next desired state of a site where it differs from the last one, or that one is past the middle of its
 * life: signed, and written down under its number before anyone sees it.
 *
 * @throws LadingError `signer-unavailable`
 */
export async function makeDesiredState(
  ports: PlanPorts & { readonly signer: Signer },
  site: EdgeSite,
  placement: Placement,
  config: EdgeConfig,
): Promise<StateOutcome> {
  const { desired, documents, clock, signer } = ports;
  const now = clock.now();
  const last = await desired.current(site.name);
  const images = desiredImages(placement, now, config);
  const content = contentOf(site, images);
  if (last !== undefined && last.content === content && isYoung(last, now)) return { kind: 'unchanged', record: last };
  const generation = (last?.generation ?? 0) + 1;
  const expiresAt = new Date(now.getTime() + config.stateDays * DAY_MS).toISOString();
  const state: DesiredState = {
    ...{ site: site.name, generation, createdAt: now.toISOString(), expiresAt },
    ...{ budgetBytes: site.budgetBytes, images },
  };
  const envelope = await sealDesiredState(signer, state);
  const { key } = await saveDocument(documents, `edge/${site.name}/states`, envelope);
  const names = await saveJson(documents, `edge/${site.name}/names`, images.map(candidateKey));
  const roots = [...(last?.roots ?? []), { generation, root: heldRoot(images), key }];
  const record: DesiredRecord = {
    ...{ generation, content, createdAt: state.createdAt, expiresAt, published: false },
    ...{ key, namesKey: names.key },
    ...{ roots: roots.slice(-ROOTS_KEPT), images: images.length, bytes: placement.bytes },
    faults: placement.faults.slice(0, MOST_FAULTS).map(({ wish, detail }) => `${wish.slice(0, 200)}: ${detail}`),
  };
  // What another process wrote under the same number stands; its own document is not this one.
  if (!(await desired.advance(site.name, record))) return { kind: 'overtaken' };
  for (const old of roots.slice(0, -ROOTS_KEPT)) await documents.delete(old.key);
  return { kind: 'made', record, state };
}

const isYoung = ({ createdAt, expiresAt }: DesiredRecord, now: Date): boolean =>
  now.getTime() < (Date.parse(createdAt) + Date.parse(expiresAt)) / 2;

/** In one order; where there are more than a state holds, those of the least worth are left out. */
function desiredImages({ placed }: Placement, now: Date, config: EdgeConfig): DesiredImage[] {
  const rank = ({ reason }: Placed): number => (reason === 'placed' ? 1 : 0);
  const kept = placed.toSorted((a, b) => rank(a) - rank(b) || b.score - a.score).slice(0, MOST_IMAGES);
  const leasedUntil = new Date(now.getTime() + config.leaseDays * DAY_MS).toISOString();
  return kept
    .toSorted((a, b) => (candidateKey(a.candidate) < candidateKey(b.candidate) ? -1 : 1))
    .map(({ candidate, reason, score, terms }) => ({
      ...{ repository: candidate.repository, tags: [...candidate.tags], digest: candidate.digest },
      bytes: [...filesOf(candidate).values()].reduce((sum, size) => sum + size, 0),
      ...{ manifests: [...candidate.manifests], blobs: [...candidate.blobs], reason, score, terms: [...terms] },
      ...(reason === 'in-use' ? { leasedUntil } : {}),
      ...(candidate.verdict === undefined ? {} : { verdict: candidate.verdict }),
    }));
}

/** Scores move with every hour; what a site should do moves when this does. */
const contentOf = ({ budgetBytes }: EdgeSite, images: readonly DesiredImage[]): Digest =>
  digestOf(
    canonicalJson({
      budgetBytes,
      images: images.map(({ repository, tags, digest, reason, verdict, manifests }) => ({
        ...{ repository, tags, digest, verdict, inUse: reason === 'in-use' },
        manifests: manifests.map((manifest) => manifest.digest),
      })),
    }),
  );

const namesSchema = z.array(z.string());

/** Which images the last state names: it only tells which of two equals was there first. */
async function imagesOf(documents: DocumentStore, { namesKey }: DesiredRecord): Promise<ReadonlySet<string>> {
  return new Set(await loadJson(documents, namesKey, namesSchema));
}
