import type { RetentionConfig } from './config.ts';
import type { CollectorLog } from './ports.ts';
import { awsCollectors } from './usage/collect-aws-usage.ts';

const HOUR_MS = 3600 * 1000;
const AWS_STALE_HOURS = 26;

/** Why nothing may be deleted now: one of those who report what runs is silent. Undefined where all have reported. */
export async function silentCollector(
  log: Pick<CollectorLog, 'lastReport'>,
  config: Pick<RetentionConfig, 'collectors' | 'aws'>,
  now: Date,
): Promise<string | undefined> {
  // Those of AWS are read before each plan, once a day at least.
  const read = awsCollectors(config).map(({ name }) => ({ name, staleAfterHours: AWS_STALE_HOURS }));
  for (const { name, staleAfterHours } of [...config.collectors, ...read]) {
    const at = await log.lastReport(name);
    if (at === undefined) return `the collector ${name} has never reported what runs`;
    const hours = (now.getTime() - Date.parse(at)) / HOUR_MS;
    if (hours > staleAfterHours)
      return `the collector ${name} has not reported what runs for ${Math.round(hours)} hours`;
  }
  return undefined;
}
