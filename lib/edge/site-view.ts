import { z } from 'zod';
import { type DocumentStore, loadDocument, loadJson } from '../documents/index.ts';
import { parseVerificationKey } from '../signing/index.ts';
import type { EdgeSite, SiteReport } from './model.ts';
import type { SiteView } from './placement/model.ts';
import type { ReportRecord } from './ports.ts';
import { openSiteReport } from './signed-documents.ts';

const DAY_MS = 24 * 3_600_000;
const HALF_LIFE_DAYS = 7;
/** Images whose pulls are remembered, the most pulled ones. */
const MOST_REMEMBERED = 5_000;

/** How often what is pulled at a site: counts, of which half is forgotten in a week. */
export const siteUsageSchema = z.object({ at: z.iso.datetime(), counts: z.array(z.tuple([z.string(), z.number()])) });
export type SiteUsage = Readonly<z.infer<typeof siteUsageSchema>>;

/** With what a report tells of pulls since the one before. */
export function addPulls(before: SiteUsage | undefined, pulls: SiteReport['pulls'], now: Date): SiteUsage {
  const counts = new Map<string, number>();
  const kept = before === undefined ? 0 : decay(before.at, now);
  for (const [image, count] of before?.counts ?? []) counts.set(image, count * kept);
  for (const { repository, digest, count } of pulls) {
    const image = `${repository}@${digest}`;
    counts.set(image, (counts.get(image) ?? 0) + count);
  }
  const most = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, MOST_REMEMBERED);
  return { at: now.toISOString(), counts: most.filter(([, count]) => count > 1e-6) };
}

const decay = (at: string, now: Date): number =>
  0.5 ** (Math.max(0, now.getTime() - Date.parse(at)) / DAY_MS / HALF_LIFE_DAYS);

/** Pulls a day: what a steady stream of them comes to in the counts, the other way round. */
export const pullsPerDay = (usage: SiteUsage, now: Date): ReadonlyMap<string, number> =>
  new Map(
    usage.counts.map(([image, count]) => [image, (count * decay(usage.at, now) * Math.LN2) / HALF_LIFE_DAYS] as const),
  );

/** What is known of a site by its last report. */
export async function siteView(
  documents: DocumentStore,
  site: EdgeSite,
  record: ReportRecord | undefined,
  before: ReadonlySet<string>,
  now: Date,
): Promise<SiteView> {
  if (record === undefined) return { held: new Set(), inUse: new Set(), pullsPerDay: new Map(), before };
  const [report, usage] = await Promise.all([
    lastReport(documents, site, record),
    loadJson(documents, record.usageKey, siteUsageSchema),
  ]);
  return {
    held: new Set(report?.held),
    inUse: new Set(report?.inUse),
    pullsPerDay: usage === undefined ? new Map() : pullsPerDay(usage, now),
    before,
  };
}

/** The report itself; `undefined` where another one is under its key, or the site has another key since. */
export async function lastReport(
  documents: DocumentStore,
  site: EdgeSite,
  record: ReportRecord,
): Promise<SiteReport | undefined> {
  const envelope = await loadDocument(documents, record.key);
  if (envelope === undefined) return undefined;
  try {
    const report = openSiteReport(envelope, [parseVerificationKey(site.publicKeyPem)]);
    return report.sequence === record.sequence ? report : undefined;
  } catch {
    return undefined;
  }
}
