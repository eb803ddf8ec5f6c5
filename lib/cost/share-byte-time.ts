import { groupBy } from '../core/group-by.ts';
import type { Holding, Ledger, Share } from './model.ts';

/**
 * Divides what was stored over time among those who kept it stored. Exact: the fair shares add up to the total to the
 * byte-millisecond, whatever the number of owners, because what does not divide evenly goes to the first of them by
 * name, a byte-millisecond each.
 */
export function shareByteTime(holdings: readonly Holding[]): Ledger {
  const shares = new Map<string, { fair: bigint; alone: bigint; apart: bigint }>();
  const shareOf = (owner: string) => {
    const known = shares.get(owner) ?? { fair: 0n, alone: 0n, apart: 0n };
    shares.set(owner, known);
    return known;
  };
  let total = 0n;
  for (const { bytes, owners, from, until } of stretches(holdings)) {
    const amount = BigInt(bytes) * BigInt(until - from);
    total += amount;
    for (const [owner, part] of divide(amount, owners)) {
      const share = shareOf(owner);
      share.fair += part;
      share.apart += amount;
      if (owners.length === 1) share.alone += amount;
    }
  }
  return { shares: shares as ReadonlyMap<string, Share>, total };
}

/** One time between two cuts, with the fair share of each owner in it. */
export interface SeriesPart {
  readonly from: number;
  readonly until: number;
  readonly fair: ReadonlyMap<string, bigint>;
  readonly total: bigint;
}

/**
 * The same ledger, cut at moments: the parts of each owner add up to its share of the whole, but for byte-milliseconds
 * that a cut divides in another way.
 *
 * @param cuts in order; what is before the first and after the last is left out
 */
export function shareSeries(holdings: readonly Holding[], cuts: readonly number[]): readonly SeriesPart[] {
  const parts = cuts.slice(1).map((until, i) => ({
    from: cuts[i] ?? 0,
    until,
    fair: new Map<string, bigint>(),
    total: 0n,
  }));
  for (const { bytes, owners, from, until } of stretches(holdings)) {
    for (let i = Math.max(0, lastAtOrBefore(cuts, from)); i < parts.length; i++) {
      const part = parts[i];
      if (part === undefined || part.from >= until) break;
      const lasted = Math.min(until, part.until) - Math.max(from, part.from);
      if (lasted <= 0) continue;
      const amount = BigInt(bytes) * BigInt(lasted);
      part.total += amount;
      for (const [owner, share] of divide(amount, owners)) part.fair.set(owner, (part.fair.get(owner) ?? 0n) + share);
    }
  }
  return parts;
}

function lastAtOrBefore(cuts: readonly number[], time: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Evenly; what is left over goes to the first ones, one each. The parts add up to the amount. */
export function divide(amount: bigint, owners: readonly string[]): readonly (readonly [string, bigint])[] {
  const count = BigInt(owners.length);
  const rest = Number(amount % count);
  return owners.map((owner, i) => [owner, amount / count + (i < rest ? 1n : 0n)] as const);
}

interface Stretch {
  readonly bytes: number;
  readonly owners: readonly string[];
  readonly from: number;
  readonly until: number;
}

/** The stretches of time in which the same owners hold a blob, with the owners by name. */
function* stretches(holdings: readonly Holding[]): Generator<Stretch> {
  const blobs = groupBy(
    holdings.filter(({ from, until }) => until > from),
    ({ store, blob }) => `${store} ${blob}`,
    (holding) => holding,
  );
  for (const held of blobs.values()) {
    const changes = held
      .flatMap(({ owner, from, until }) => [
        { at: from, owner, by: 1 },
        { at: until, owner, by: -1 },
      ])
      .sort((a, b) => a.at - b.at);
    const holding = new Map<string, number>();
    const bytes = held[0]?.bytes ?? 0;
    let since = changes[0]?.at ?? 0;
    for (const { at, owner, by } of changes) {
      if (at > since && holding.size > 0) yield { bytes, owners: [...holding.keys()].sort(), from: since, until: at };
      since = at;
      const count = (holding.get(owner) ?? 0) + by;
      if (count === 0) holding.delete(owner);
      else holding.set(owner, count);
    }
  }
}
