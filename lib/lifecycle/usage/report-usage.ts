import { parseWorkloadImage } from '../../admission/index.ts';
import type { Clock } from '../../core/clock.ts';
import { mapLimit } from '../../core/concurrency.ts';
import { type Digest, isDigest } from '../../core/digest.ts';
import { draftEvent, type EventDraft, imageInUse } from '../../events/index.ts';
import type { CatalogReader, RepositoryName } from '../../inventory/index.ts';
import type { CollectorLog } from '../ports.ts';
import { disturb, type UsagePorts } from '../record-usage.ts';
import type { UsageReport, UsedImage } from './model.ts';

export interface ReportPorts extends UsagePorts {
  readonly collectors: Pick<CollectorLog, 'reported'>;
  readonly catalog: Pick<CatalogReader, 'tag' | 'tags' | 'find'>;
  readonly clock: Clock;
}

export interface ReportResult {
  readonly events: readonly EventDraft[];
  /** Digests that are held now. */
  readonly held: number;
  /** Images of registries or repositories that the catalogue does not know: nothing of ours. */
  readonly unknown: number;
  /** Those whose deletion was under way: too late. */
  readonly condemned: readonly string[];
}

const HOUR_MS = 3600 * 1000;
const AT_ONCE = 16;
/** A collector's clock may be ahead by so much. Milliseconds. */
const MAX_AHEAD_MS = 5 * 60 * 1000;

/**
 * Takes in what a collector sees. Each image is held by the digest that runs and, where it is named by a tag, by the
 * digest that the tag names as well: it is by the tag that it is started again. The collector counts as heard only after
 * all of that is written. Idempotent.
 */
export async function reportUsage(ports: ReportPorts, report: UsageReport): Promise<ReportResult> {
  const now = ports.clock.now().getTime();
  const observed = Math.min(Date.parse(report.observedAt), now + MAX_AHEAD_MS);
  const observedAt = new Date(observed).toISOString();
  const leaseUntil = new Date(observed + report.leaseHours * HOUR_MS).toISOString();
  const results = await mapLimit(unique(report.images), AT_ONCE, async (used) => {
    const found = await resolve(ports.catalog, used);
    const events: EventDraft[] = [];
    const condemned: string[] = [];
    for (const { of, digest } of found) {
      const { kind, name } = used.workload;
      await ports.usage.used(of, { digest, usedAt: observedAt });
      const reason = `${kind} ${name}`.slice(0, 300);
      if ((await ports.leases.hold(of, { digest, reason, until: leaseUntil })) === 'condemned') {
        condemned.push(`${of.registry}/${of.repository}@${digest}`);
        continue;
      }
      const subject = { ...of, digest, tags: [] };
      events.push(draftEvent(imageInUse, { subject, workload: { kind, name }, observedAt, leaseUntil }));
      events.push(...(await disturb(ports, { ...of, digest }, leaseUntil, `in use by ${reason}`)));
    }
    return { events, condemned, held: found.length - condemned.length, unknown: found.length === 0 };
  });
  if (report.complete) await ports.collectors.reported(report.collector, observedAt);
  return {
    events: results.flatMap(({ events }) => events),
    held: results.reduce((sum, { held }) => sum + held, 0),
    unknown: results.filter(({ unknown }) => unknown).length,
    condemned: results.flatMap(({ condemned }) => condemned),
  };
}

function unique(images: readonly UsedImage[]): readonly UsedImage[] {
  const seen = new Map(images.map((one) => [JSON.stringify([one.image, one.digest, one.workload]), one]));
  return [...seen.values()];
}

async function resolve(
  catalog: ReportPorts['catalog'],
  { image, digest: running }: UsedImage,
): Promise<readonly { readonly of: RepositoryName; readonly digest: Digest }[]> {
  const reference = parseWorkloadImage(image);
  if (!reference) return [];
  const { registry, repository, tag, digest } = reference;
  const of = { registry, repository };
  const named = tag === undefined ? undefined : (await catalog.tag(of, tag))?.digest;
  const candidates = new Set([running, digest, named].filter(isDigest));
  const found: { readonly of: RepositoryName; readonly digest: Digest }[] = [];
  for (const candidate of candidates) {
    const entry = await catalog.find({ ...of, digest: candidate });
    if (entry && entry.deletedAt === undefined) found.push({ of, digest: candidate });
  }
  return found;
}
