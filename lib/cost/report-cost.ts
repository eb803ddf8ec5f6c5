import { unreachable } from '../core/errors.ts';
import type { OwnerBy, StorageConfig } from '../storage/index.ts';
import { apportion } from './apportion.ts';
import { type CarbonModel, changeCarbonModel, gridOf, usualCarbonModel } from './carbon.ts';
import type { CostConfig } from './config.ts';
import { type ChargePorts, type Gathered, gatherCharges } from './gather-charges.ts';
import { type Charge, type CostKind, costKinds } from './model.ts';
import { changePrices, listPrices, msOfMonth, type Prices, pricesOf } from './prices.ts';
import type { Period } from './to-holdings.ts';

/** Millionths of a dollar, and micrograms of CO₂ equivalent: whole numbers, which add up. */
export interface Money {
  readonly microUsd: number;
  readonly micrograms: number;
}

export interface CostPart extends Money {
  readonly kind: CostKind;
  readonly region: string;
  /** A whole number in the unit of its kind (see `costKinds`), as text: it may be larger than numbers are exact. */
  readonly amount: string;
  /** The part of it that would not be there without the owner. */
  readonly marginal: string;
}

export interface CostLine extends Money {
  readonly owner: string;
  /** What would not have been paid without this owner: shared layers stay, whoever goes. */
  readonly marginalMicroUsd: number;
  readonly parts: readonly CostPart[];
}

export interface CostReport {
  readonly from: string;
  readonly until: string;
  readonly currency: 'USD';
  /** The dearest first. The lines add up to the total, to the millionth of a dollar. */
  readonly lines: readonly CostLine[];
  readonly total: Money & { readonly parts: readonly CostPart[] };
  readonly prices: { readonly asOf: string; readonly sources: readonly string[] };
  readonly carbon: { readonly asOf: string; readonly sources: readonly string[] };
  /** Events of the trail that were counted; `cut` where there were too many for one report, so that some are missing. */
  readonly events: number;
  readonly cut: boolean;
  /** What is a model and no measurement. */
  readonly assumptions: readonly string[];
}

export interface CostSettings {
  readonly cost: CostConfig;
  readonly storage: StorageConfig;
}

/** What images cost in a period, and whom, in money and carbon. */
export async function reportCost(
  ports: ChargePorts,
  period: Period,
  by: OwnerBy,
  settings: CostSettings,
): Promise<CostReport> {
  const gathered = await gatherCharges(ports, period, by, settings);
  return priceCharges(gathered, period, settings.cost);
}

/** The same out of what was gathered: with other prices, nothing need be gathered again. */
export function priceCharges(gathered: Gathered, period: Period, cost: CostConfig): CostReport {
  const prices = changePrices(listPrices, cost.prices);
  const model = changeCarbonModel(usualCarbonModel, cost.carbon);
  const lines = new Map<string, { parts: CostPart[]; marginal: bigint }>();
  const totals: CostPart[] = [];
  const groups = Map.groupBy(gathered.charges, ({ kind, region }) => `${kind} ${region}`);
  for (const charges of groups.values()) {
    const [first] = charges;
    if (first === undefined) continue;
    const { kind, region } = first;
    const perOwner = addUp(charges);
    const amounts = [...perOwner.values()].map(({ amount }) => amount);
    const amount = amounts.reduce((a, b) => a + b, 0n);
    const usd = costOf(kind, region, amount, prices, period);
    const grams = gramsOf(kind, region, amount, model);
    const [micro, carbon] = [BigInt(Math.round(usd * 1e6)), BigInt(Math.round(grams * 1e6))];
    const microParts = apportion(micro, amounts);
    const carbonParts = apportion(carbon, amounts);
    totals.push({
      ...{ kind, region, amount: String(amount), marginal: String(addUpMarginal(perOwner)) },
      ...{ microUsd: Number(micro), micrograms: Number(carbon) },
    });
    for (const [i, [owner, sum]] of [...perOwner].entries()) {
      const line = lines.get(owner) ?? { parts: [], marginal: 0n };
      lines.set(owner, line);
      const part = microParts[i] ?? 0n;
      line.parts.push({
        ...{ kind, region, amount: String(sum.amount), marginal: String(sum.marginal), microUsd: Number(part) },
        micrograms: Number(carbonParts[i] ?? 0n),
      });
      line.marginal += sum.amount === 0n ? 0n : (part * sum.marginal) / sum.amount;
    }
  }
  return {
    from: new Date(period.from).toISOString(),
    until: new Date(period.until).toISOString(),
    currency: 'USD',
    lines: [...lines]
      .map(([owner, { parts, marginal }]) => ({
        ...{ owner, ...sumOf(parts), marginalMicroUsd: Number(marginal), parts: parts.toSorted(byKind) },
      }))
      .sort((a, b) => b.microUsd - a.microUsd || (a.owner < b.owner ? -1 : 1)),
    total: { ...sumOf(totals), parts: totals.toSorted(byKind) },
    prices: { asOf: prices.asOf, sources: prices.sources },
    carbon: { asOf: model.asOf, sources: model.sources },
    events: gathered.events,
    cut: gathered.cut,
    assumptions: assumptionsOf(cost, model),
  };
}

const byKind = (a: CostPart, b: CostPart): number =>
  costKinds.indexOf(a.kind) - costKinds.indexOf(b.kind) || (a.region < b.region ? -1 : 1);

function addUp(
  charges: readonly Charge[],
): ReadonlyMap<string, { readonly amount: bigint; readonly marginal: bigint }> {
  const sums = new Map<string, { amount: bigint; marginal: bigint }>();
  for (const { owner, amount, marginal } of charges) {
    const sum = sums.get(owner) ?? { amount: 0n, marginal: 0n };
    sums.set(owner, { amount: sum.amount + amount, marginal: sum.marginal + marginal });
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const addUpMarginal = (perOwner: ReadonlyMap<string, { readonly marginal: bigint }>): bigint =>
  [...perOwner.values()].reduce((sum, { marginal }) => sum + marginal, 0n);

/** The charges that a report was made of, to price them in another way. */
export const chargesOf = ({ lines }: Pick<CostReport, 'lines'>): readonly Charge[] =>
  lines.flatMap(({ owner, parts }) =>
    parts.map(({ kind, region, amount, marginal }) => ({
      ...{ owner, kind, region, amount: BigInt(amount), marginal: BigInt(marginal) },
    })),
  );

const sumOf = (parts: readonly CostPart[]): Money => ({
  microUsd: parts.reduce((sum, { microUsd }) => sum + microUsd, 0),
  micrograms: parts.reduce((sum, { micrograms }) => sum + micrograms, 0),
});

/** US dollars. Byte-milliseconds become gigabyte-months by the hours of the calendar month that the period begins in. */
function costOf(kind: CostKind, region: string, amount: bigint, table: Prices, period: Period): number {
  const prices = pricesOf(table, region);
  const gb = (): number => Number(amount) / table.bytesPerGb;
  const months = (): number => Number(amount / BigInt(table.bytesPerGb >> 10)) / 1024 / msOfMonth(period.from);
  switch (kind) {
    case 'storage':
      return months() * prices.storagePerGbMonth;
    case 'archive':
      return months() * prices.archivePerGbMonth;
    case 'replication':
      return gb() * prices.transferPerGb;
    case 'restore':
      return gb() * prices.restorePerGb;
    case 'transfer':
      return gb() * prices.internetPerGb;
    case 'scan':
      return Number(amount) * prices.scanPerImage;
    case 'compute':
      return (Number(amount) / 1024 / 1000) * prices.lambdaPerGbSecond;
    case 'requests':
      return (Number(amount) / 1e6) * prices.lambdaPerMillionRequests;
    default:
      return unreachable(kind);
  }
}

/** Grams of CO₂ equivalent. */
function gramsOf(kind: CostKind, region: string, amount: bigint, model: CarbonModel): number {
  const kwh = kwhOf(kind, Number(amount), model);
  return kwh * model.pue * gridOf(model, region);
}

function kwhOf(kind: CostKind, amount: number, model: CarbonModel): number {
  switch (kind) {
    case 'storage':
    case 'archive': {
      const terabyteHours = amount / 1e12 / 3_600_000;
      return (terabyteHours * model.storageWhPerTbHour * model.replicas) / 1000;
    }
    case 'replication':
    case 'transfer':
    case 'restore':
      return (amount / 1e9) * model.transferKwhPerGb;
    case 'compute':
      // MB-milliseconds to hours of a virtual CPU, of which 1,769 MB have one.
      return (amount / 1769 / 3_600_000) * (model.wattsPerVcpu / 1000);
    case 'scan':
    case 'requests':
      return 0;
    default:
      return unreachable(kind);
  }
}

function assumptionsOf(cost: CostConfig, model: CarbonModel): readonly string[] {
  return [
    'prices are list prices without discounts, free tiers and taxes',
    'what functions use is a usual time of work for each event, not measured',
    ...(cost.pulls === 'same-region'
      ? ['pulls come from the registry’s own region and cost nothing']
      : ['a pull moves all of the image']),
    `energy: ${model.storageWhPerTbHour} Wh for a terabyte-hour on ${model.replicas} copies, ${model.transferKwhPerGb} kWh for a gigabyte moved, ${model.wattsPerVcpu} W for a virtual CPU, PUE ${model.pue}; making the machines is not counted`,
  ];
}
