import type { Clock } from '../core/clock.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { type DocumentStore, loadDocument, loadJson, saveDocument, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, edgeSiteAcknowledged, edgeSiteDiverged } from '../events/index.ts';
import { parseVerificationKey, type VerificationKey } from '../signing/index.ts';
import { heldRoot } from './held-root.ts';
import type { DesiredState, EdgeSite, SiteReport } from './model.ts';
import type { DesiredRecord, DesiredStore, ReportRecord, ReportStore } from './ports.ts';
import { openDesiredState, openSiteReport } from './signed-documents.ts';
import { addPulls, siteUsageSchema } from './site-view.ts';

export interface ReportPorts {
  readonly desired: Pick<DesiredStore, 'current'>;
  readonly reports: ReportStore;
  readonly documents: DocumentStore;
  readonly clock: Clock;
  /** Keys that states may be signed with. */
  trustedKeys(): Promise<readonly VerificationKey[]>;
}

export type ReportRefusal =
  /** Not signed by the key of the site, or no report. */
  | 'unproven'
  | 'site-revoked'
  | 'other-site'
  /** An older one, or another one under the number of the last. */
  | 'replayed'
  /** It tells of a state that was never made. */
  | 'generation-unknown'
  /** The root that it names is not that of the images that it names. */
  | 'root-contradicts';

export type ReportOutcome =
  | { readonly kind: 'accepted'; readonly record: ReportRecord; readonly event: EventDraft }
  | { readonly kind: 'refused'; readonly reason: ReportRefusal; readonly detail: string };

const MOST_EXAMPLES = 100;

/**
 * Takes in what a site says that it holds. What it is believed for is signed by its key, is newer than what it said
 * before, and agrees with itself; whether it holds what it should is the event.
 *
 * The very same report again is a retry: it is answered as before.
 */
export async function acceptReport(ports: ReportPorts, site: EdgeSite, envelope: Uint8Array): Promise<ReportOutcome> {
  const no = (reason: ReportRefusal, detail: string): ReportOutcome => ({ kind: 'refused', reason, detail });
  if (site.revokedAt !== undefined) return no('site-revoked', `${site.name} was revoked`);
  const report = readReport(envelope, site);
  if ('reason' in report) return no('unproven', report.reason);
  if (report.site !== site.name) return no('other-site', 'it is the report of another site');
  const [last, current] = await Promise.all([ports.reports.last(site.name), ports.desired.current(site.name)]);
  const hash = digestOf(envelope);
  const isRetry = last?.sequence === report.sequence && last.envelope === hash;
  if (last !== undefined && report.sequence <= last.sequence && !isRetry) {
    return no('replayed', `the last report was number ${last.sequence}`);
  }
  if (report.generation > (current?.generation ?? 0)) {
    return no('generation-unknown', `there is no state ${report.generation}`);
  }
  if (heldRoot(report.images) !== report.merkleRoot)
    return no('root-contradicts', 'its root is not that of its images');
  const state = current && (await expectedState(ports, current));
  const found = compare(report, current, state);
  const record = isRetry && last ? last : await keep(ports, report, envelope, last, found);
  if (!isRetry && !(await ports.reports.accept(site.name, record))) {
    return no('replayed', 'another report was taken in at the same moment');
  }
  if (last !== undefined && !isRetry) for (const key of [last.key, last.usageKey]) await ports.documents.delete(key);
  return { kind: 'accepted', record, event: eventOf(report, found) };
}

function readReport(envelope: Uint8Array, site: EdgeSite): SiteReport | { readonly reason: string } {
  try {
    return openSiteReport(envelope, [parseVerificationKey(site.publicKeyPem)]);
  } catch (error) {
    if (isLadingError(error)) return { reason: error.message };
    throw error;
  }
}

async function expectedState(ports: ReportPorts, { key }: DesiredRecord): Promise<DesiredState | undefined> {
  const envelope = await loadDocument(ports.documents, key);
  return envelope && openDesiredState(envelope, await ports.trustedKeys());
}

interface Found {
  readonly standing: ReportRecord['standing'];
  readonly expectedRoot: Digest | undefined;
  readonly missing: readonly Held[];
  readonly extra: readonly Held[];
}

interface Held {
  readonly repository: string;
  readonly digest: Digest;
}

/** What the site holds beside what the state in force says. */
function compare(report: SiteReport, current: DesiredRecord | undefined, state: DesiredState | undefined): Found {
  const roots = new Map(current?.roots.map(({ generation, root }) => [generation, root]));
  const expectedRoot = current && roots.get(current.generation);
  const difference = (a: readonly Named[], b: readonly Named[]): readonly Held[] => {
    const known = new Set(b.map(nameOf));
    return a.filter((image) => !known.has(nameOf(image))).map(({ repository, digest }) => ({ repository, digest }));
  };
  const wanted = state?.images ?? [];
  const missing = difference(wanted, report.images);
  const extra = difference(report.images, wanted);
  const isWhole = report.merkleRoot === (expectedRoot ?? heldRoot([])) && report.bytes <= report.budgetBytes;
  if (isWhole) return { standing: 'acknowledged', expectedRoot, missing, extra };
  // One that has the state before whole, and has not met the next one yet, is on its way.
  const isBehind = roots.get(report.generation) === report.merkleRoot && report.generation < (current?.generation ?? 0);
  return { standing: isBehind ? 'behind' : 'diverged', expectedRoot, missing, extra };
}

interface Named extends Held {
  readonly tags: readonly string[];
}

const nameOf = ({ repository, digest, tags }: Named): string => `${repository}@${digest} ${[...tags].sort().join(' ')}`;

/** Documents first: a record names nothing that is not there. */
async function keep(
  { documents, clock }: ReportPorts,
  report: SiteReport,
  envelope: Uint8Array,
  last: ReportRecord | undefined,
  { standing, missing, extra }: Found,
): Promise<ReportRecord> {
  const now = clock.now();
  const before = last && (await loadJson(documents, last.usageKey, siteUsageSchema));
  const { key } = await saveDocument(documents, `edge/${report.site}/reports`, envelope);
  const usage = await saveJson(documents, `edge/${report.site}/usage`, addPulls(before, report.pulls, now));
  const { sequence, at, generation, merkleRoot, bytes, budgetBytes } = report;
  const receivedAt = now.toISOString();
  const provenEqualAt = standing === 'acknowledged' ? receivedAt : last?.provenEqualAt;
  return {
    ...{ sequence, at, receivedAt, generation, merkleRoot, envelope: digestOf(envelope), standing },
    ...{ missing: missing.length, extra: extra.length, bytes, budgetBytes, key, usageKey: usage.key },
    ...(provenEqualAt === undefined ? {} : { provenEqualAt }),
  };
}

function eventOf(report: SiteReport, { standing, expectedRoot, missing, extra }: Found): EventDraft {
  const { site, generation, sequence, merkleRoot, bytes, budgetBytes } = report;
  const told = { site, generation, sequence, merkleRoot };
  if (standing !== 'diverged') {
    return draftEvent(edgeSiteAcknowledged, { ...told, images: report.images.length, bytes, budgetBytes });
  }
  return draftEvent(edgeSiteDiverged, {
    ...told,
    ...(expectedRoot === undefined ? {} : { expectedRoot }),
    ...{ missing: missing.length, extra: extra.length },
    examples: { missing: missing.slice(0, MOST_EXAMPLES), extra: extra.slice(0, MOST_EXAMPLES) },
    overBudget: Math.max(0, bytes - budgetBytes),
  });
}
