import type { OwnerBy } from '../storage/index.ts';
import { ecrPlace } from '../storage/index.ts';
import { type Forecast, forecastSum } from './forecast.ts';
import { type ChargePorts, gatherCharges } from './gather-charges.ts';
import { NO_REGION } from './model.ts';
import { changePrices, listPrices, msOfMonth, pricesOf } from './prices.ts';
import { type CostReport, type CostSettings, priceCharges } from './report-cost.ts';
import { gatherHoldings } from './report-storage.ts';
import { shareSeries } from './share-byte-time.ts';

const DAY = 86_400_000;
const MOST_DAYS = 120;

export interface CostForecast {
  /** The calendar month, `2026-03`. */
  readonly month: string;
  readonly owner: string | undefined;
  /** US dollars until now; all kinds. */
  readonly soFarUsd: number;
  /** Of the whole month. */
  readonly expectedUsd: number;
  readonly lowUsd: number;
  readonly highUsd: number;
  readonly confidence: number;
  readonly method: string;
  /** Storage of each of the last days, in US dollars, oldest first. */
  readonly daily: readonly { readonly day: string; readonly usd: number }[];
  /** Why there is no forecast but what was used until now, taken on at the same pace. */
  readonly short?: string;
}

/**
 * What the present month will cost: what it cost until now, storage by its trend, and everything else at the pace of the
 * month until now.
 *
 * @param owner one owner as reports name it; all without it
 */
export async function forecastCost(
  ports: ChargePorts,
  now: Date,
  by: OwnerBy,
  settings: CostSettings,
  owner?: string,
): Promise<CostForecast> {
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const end = start + msOfMonth(now.getTime());
  const until = Math.max(start + 1, now.getTime());
  const gathered = await gatherCharges(ports, { from: start, until }, by, settings);
  const report = priceCharges(gathered, { from: start, until }, settings.cost);
  const daily = await dailyStorage(ports, until, by, settings, owner);
  return forecastMonth({ report, daily, start, end, until, owner });
}

/** The same out of numbers alone. */
export function forecastMonth(known: {
  readonly report: CostReport;
  readonly daily: readonly { readonly day: string; readonly usd: number }[];
  readonly start: number;
  readonly end: number;
  readonly until: number;
  readonly owner: string | undefined;
}): CostForecast {
  const { report, daily, start, end, until, owner } = known;
  const parts =
    owner === undefined ? report.total.parts : (report.lines.find((line) => line.owner === owner)?.parts ?? []);
  const soFar = parts.reduce((sum, { microUsd }) => sum + microUsd, 0) / 1e6;
  const stored = parts.reduce((sum, { kind, microUsd }) => sum + (kind === 'storage' ? microUsd : 0), 0) / 1e6;
  const passed = (until - start) / (end - start);
  const others = passed > 0 ? (soFar - stored) / passed : 0;
  const left = (end - until) / DAY;
  const common = { month: new Date(start).toISOString().slice(0, 7), owner, soFarUsd: soFar, daily };
  const ahead = Math.ceil(left);
  const forecast: Forecast | undefined =
    ahead < 1
      ? undefined
      : forecastSum(
          daily.map(({ usd }) => usd),
          ahead,
        );
  if (forecast === undefined) {
    const expected = passed > 0 ? soFar / passed : soFar;
    return {
      ...{ ...common, expectedUsd: expected, lowUsd: expected, highUsd: expected, confidence: 0 },
      method: 'at the pace of the month until now',
      short: ahead < 1 ? 'the month is over' : 'there are less than three whole days to learn from',
    };
  }
  // The last day ahead is not a whole one.
  const scale = left / ahead;
  const base = stored + others;
  return {
    ...common,
    expectedUsd: base + forecast.expected * scale,
    lowUsd: Math.max(soFar, base + forecast.low * scale),
    highUsd: base + forecast.high * scale,
    confidence: forecast.confidence,
    method: `storage: ${forecast.method}; all else at the pace of the month until now`,
  };
}

/** What storage cost on each whole day, the last ones until now, by today's prices. */
async function dailyStorage(
  { catalog }: ChargePorts,
  until: number,
  by: OwnerBy,
  { cost, storage }: CostSettings,
  owner: string | undefined,
): Promise<readonly { readonly day: string; readonly usd: number }[]> {
  const last = Math.floor(until / DAY) * DAY;
  const from = last - MOST_DAYS * DAY;
  const prices = changePrices(listPrices, cost.prices);
  const holdings = await gatherHoldings(catalog, { from, until: last }, by, storage);
  const cuts = Array.from({ length: MOST_DAYS + 1 }, (_, i) => from + i * DAY);
  const usd = new Array<number>(MOST_DAYS).fill(0);
  const byRegion = Map.groupBy(holdings, ({ store }) => ecrPlace(store.split('/')[0] ?? '')?.region ?? NO_REGION);
  for (const [region, held] of byRegion) {
    for (const [i, part] of shareSeries(held, cuts).entries()) {
      const amount = Number(owner === undefined ? part.total : (part.fair.get(owner) ?? 0n));
      const months = amount / prices.bytesPerGb / msOfMonth(part.from);
      usd[i] = (usd[i] ?? 0) + months * pricesOf(prices, region).storagePerGbMonth;
    }
  }
  const days = usd.map((value, i) => ({ day: new Date(from + i * DAY).toISOString().slice(0, 10), usd: value }));
  const first = days.findIndex((one) => one.usd > 0);
  return first < 0 ? [] : days.slice(first);
}
