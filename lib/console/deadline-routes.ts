import type { Hono } from 'hono';
import { z } from 'zod';
import { mapLimit } from '../core/concurrency.ts';
import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { loadJson } from '../documents/index.ts';
import { type DeadlineDays, deadlineOf, defaultDeadlineDays } from '../policy/index.ts';
import { type ScanRecord, scanDocumentSchema } from '../vulnerabilities/index.ts';
import type { ConsolePorts } from './ports.ts';

/** Scans that are looked through, within the time that a request has. */
const EXAMINED = 5_000;
const NAMED = 1_000;

const days = z.coerce.number().int().min(1).max(3650).optional();
const querySchema = z.object({
  repository: z.string().max(500).optional(),
  state: z.enum(['running', 'paused', 'overdue']).optional(),
  ...{ critical: days, high: days, medium: days, low: days },
});

export const deadlinesAnswer = z.object({
  days: z.object({ critical: z.number(), high: z.number(), medium: z.number(), low: z.number() }),
  deadlines: z.array(
    z.object({
      image: z.string(),
      id: z.string(),
      package: z.string(),
      version: z.string(),
      severity: z.string(),
      fixedVersions: z.array(z.string()),
      fixableSince: z.string().describe('when a version that mends it became known'),
      dueAt: z.string(),
      state: z.enum(['running', 'paused', 'overdue']),
    }),
  ),
  /** Of all, however many are named. */
  overdue: z.int().nonnegative(),
  examined: z.int().nonnegative(),
  complete: z.boolean(),
});
export type DeadlinesAnswer = z.infer<typeof deadlinesAnswer>;

/** When findings are to be mended; a waiver in force stops their clocks. */
export function addDeadlineApi(app: Hono, ports: ConsolePorts): void {
  app.get('/api/deadlines', async (context) => {
    const asked = querySchema.safeParse(context.req.query());
    if (!asked.success) throw new LadingError('request-invalid', z.prettifyError(asked.error));
    return context.json(await deadlinesOf(ports, asked.data));
  });
}

async function deadlinesOf(ports: ConsolePorts, query: z.infer<typeof querySchema>): Promise<DeadlinesAnswer> {
  const { scans, waivers, documents, clock } = ports.security;
  const given = await waivers.list();
  const limits = {
    critical: query.critical ?? defaultDeadlineDays.critical ?? 0,
    high: query.high ?? defaultDeadlineDays.high ?? 0,
    medium: query.medium ?? defaultDeadlineDays.medium ?? 0,
    low: query.low ?? defaultDeadlineDays.low ?? 0,
  } satisfies DeadlineDays;
  const records: ScanRecord[] = [];
  let complete = true;
  for await (const record of scans.all()) {
    const { registry, repository } = record.subject;
    if (query.repository !== undefined && query.repository !== `${registry}/${repository}`) continue;
    if (records.length === EXAMINED) {
      complete = false;
      break;
    }
    records.push(record);
  }
  const now = clock.now();
  const rows = await mapLimit(records, 16, async ({ subject, scan }) => {
    if ((await ports.catalog.find(subject))?.deletedAt !== undefined) return [];
    const document = await loadJson(documents, scan.key, scanDocumentSchema);
    return (document?.findings ?? []).flatMap((finding) => {
      const deadline = deadlineOf(finding, subject, given, limits, now);
      if (!deadline || finding.fixableSince === undefined) return [];
      const { id, package: pkg, severity, fixedVersions, fixableSince } = finding;
      return {
        ...{ image: locationKey(subject), id, package: pkg.name, version: pkg.version, severity },
        ...{ fixedVersions, fixableSince, ...deadline },
      };
    });
  });
  const all = rows.flat();
  const wanted = all
    .filter(({ state }) => query.state === undefined || state === query.state)
    .toSorted((a, b) => (a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : a.image < b.image ? -1 : 1));
  return {
    days: limits,
    deadlines: wanted.slice(0, NAMED),
    overdue: all.filter(({ state }) => state === 'overdue').length,
    examined: records.length,
    complete: complete && wanted.length <= NAMED,
  };
}
