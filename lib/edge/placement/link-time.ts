import { isOpen } from '../../selection/index.ts';
import type { SiteLink } from '../model.ts';

const STEP_MS = 15 * 60 * 1000;
/** Further ahead, as much of the time is taken as of these days. */
const HORIZON_MS = 14 * 24 * 3_600_000;

/** Seconds in which the link is up from now until then, to a quarter of an hour where it has windows. */
export function linkSeconds({ windows, connected }: Pick<SiteLink, 'windows' | 'connected'>, now: Date, by: Date) {
  const span = by.getTime() - now.getTime();
  if (!connected || span <= 0) return 0;
  if (windows === undefined) return span / 1000;
  const looked = Math.min(span, HORIZON_MS);
  const steps = Math.max(1, Math.ceil(looked / STEP_MS));
  let open = 0;
  for (let i = 0; i < steps; i++) if (isOpen(windows, new Date(now.getTime() + i * STEP_MS))) open++;
  return ((open / steps) * span) / 1000;
}
