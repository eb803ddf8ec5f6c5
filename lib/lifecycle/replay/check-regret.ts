import { formatBytes } from '../../core/format-units.ts';
import type { RetentionConfig } from '../config.ts';
import type { Replay } from './model.ts';
import { type ReplayPorts, replayRetention } from './replay-retention.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Replays the policies that have a budget of regret, and says of each that may not act why: it is over its budget, or
 * nothing shows that it is within.
 */
export async function checkRegret(
  ports: ReplayPorts,
  registry: string,
  config: RetentionConfig,
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const withheld = new Map<string, string>();
  const replays = new Map<number, Replay>();
  for (const { name, regretBudget } of config.policies) {
    if (!regretBudget) continue;
    const { days } = regretBudget;
    const since = new Date(now.getTime() - days * DAY_MS);
    const replay = replays.get(days) ?? (await replayRetention(ports, registry, config, { since, until: now }));
    replays.set(days, replay);
    const why = overBudget(replay, name, regretBudget);
    if (why !== undefined) withheld.set(name, `the replay over ${days} days: ${why}`);
  }
  return withheld;
}

function overBudget(
  { policies, recordedSince, since, uses }: Replay,
  name: string,
  { images, bytes }: NonNullable<RetentionConfig['policies'][number]['regretBudget']>,
): string | undefined {
  if (recordedSince === undefined || recordedSince > since) {
    return `events are recorded only since ${recordedSince ?? 'now'}, so nothing shows what it would have cost`;
  }
  if (uses === 0) return 'no pull and no start was recorded, so nothing shows what is used';
  const outcome = policies.find(({ policy }) => policy === name);
  if (!outcome) return undefined;
  const { regrets, regretBytes } = outcome;
  if (regrets > images) return `${regrets} of what it would have deleted was used later, over the budget of ${images}`;
  if (bytes === undefined || regretBytes <= bytes) return undefined;
  return `${formatBytes(regretBytes)} of what it would have deleted was used later, over the budget of ${formatBytes(bytes)}`;
}
