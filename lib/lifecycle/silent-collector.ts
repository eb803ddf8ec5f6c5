import type { RetentionConfig } from './config.ts';
import type { CollectorLog } from './ports.ts';

const HOUR_MS = 3600 * 1000;

/** Why nothing may be deleted now: one of those who report what runs is silent. Undefined where all have reported. */
export async function silentCollector(
  log: Pick<CollectorLog, 'lastReport'>,
  { collectors }: Pick<RetentionConfig, 'collectors'>,
  now: Date,
): Promise<string | undefined> {
  for (const { name, staleAfterHours } of collectors) {
    const at = await log.lastReport(name);
    if (at === undefined) return `the collector ${name} has never reported what runs`;
    const hours = (now.getTime() - Date.parse(at)) / HOUR_MS;
    if (hours > staleAfterHours)
      return `the collector ${name} has not reported what runs for ${Math.round(hours)} hours`;
  }
  return undefined;
}
