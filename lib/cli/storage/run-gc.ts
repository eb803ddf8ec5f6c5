import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { openDistributionFolder } from '../../storage/adapters/distribution-folder.ts';
import { collectDistribution, type DistributionReport, UPLOAD_TTL_MS } from '../../storage/index.ts';
import { connect, fromCaller } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { garbageAnswer } from './shapes.ts';

export interface GcWish {
  readonly data?: string | undefined;
  readonly distribution?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly deleteUntagged?: boolean | undefined;
  readonly grace: number;
  readonly settle: number;
  readonly output: 'table' | 'json';
}

/** Collects the garbage of a distribution registry's folder, or of the local stack's registries. */
export async function runGc(wish: GcWish): Promise<void> {
  if (wish.distribution !== undefined) return collectFolder(wish.distribution, wish);
  if (wish.deleteUntagged) throw new LadingError('options-conflict', '--delete-untagged goes with --distribution');
  const { local } = connect({ data: wish.data, onlyLocal: true });
  const reports = await Promise.all(
    (local?.registries ?? []).map(async ({ host, url }) => {
      const query = new URLSearchParams({ graceMinutes: String(wish.grace), dryRun: String(wish.dryRun ?? false) });
      const response = await fetch(`${url}/_lading/garbage?${query}`, { method: 'POST' });
      if (!response.ok) throw new LadingError('gc-refused', `${host} answered ${response.status}`);
      return { registry: host, ...garbageAnswer.parse(await response.json()) };
    }),
  );
  if (wish.output === 'json') return printJson({ registries: reports });
  printTable(
    ['REGISTRY', wish.dryRun ? 'WOULD FREE' : 'FREED', 'BYTES', 'BLOBS', 'UPLOADS'],
    reports.map((one) => [
      ...[one.registry, formatBytes(one.freedBytes), String(one.freedBytes), String(one.blobs), String(one.uploads)],
    ]),
  );
}

async function collectFolder(folder: string, wish: GcWish): Promise<void> {
  const storage = await openDistributionFolder(fromCaller(folder));
  const report = await collectDistribution(storage, {
    dryRun: wish.dryRun ?? false,
    graceMs: wish.grace * 60_000,
    deleteUntagged: wish.deleteUntagged ?? false,
    uploadTtlMs: UPLOAD_TTL_MS,
    settle: async () => void (await setTimeout(wish.settle * 1000)),
    clock: systemClock,
  });
  if (report.missing.length > 0) answerNo();
  if (wish.output === 'json') printJson(report);
  else printReport(report);
}

function printReport(report: DistributionReport): void {
  printTable(
    ['', 'CONTENTS', 'BYTES', 'SIZE'],
    (
      [
        ['kept', report.kept],
        [report.dryRun ? 'would be freed' : 'freed', report.freed],
        ['too young', report.young],
        ['uploads given up', report.uploads],
      ] as const
    ).map(([what, { count, bytes }]) => [what, String(count), String(bytes), formatBytes(bytes)]),
  );
  say(
    `${plural(report.repositories, 'repository', 'repositories')}, ${plural(report.manifests, 'manifest')}, ${plural(report.tags, 'tag')}; ` +
      `${plural(report.untagged.length, 'untagged manifest')} and ${plural(report.layerLinks, 'link')} to blobs ${report.dryRun ? 'would go' : 'went'}`,
  );
  for (const digest of report.reprieved) say(`kept at the last moment, because something came to need it: ${digest}`);
  for (const { repository, digest } of report.missing)
    say(`damaged before: ${repository} needs ${digest}, which is not there`);
}
