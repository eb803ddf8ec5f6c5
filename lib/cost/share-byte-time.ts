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
  const blobs = groupBy(
    holdings.filter(({ from, until }) => until > from),
    ({ store, blob }) => `${store} ${blob}`,
    (holding) => holding,
  );
  for (const held of blobs.values()) {
    const bytes = BigInt(held[0]?.bytes ?? 0);
    for (const { owners, lasted } of segments(held)) {
      const amount = bytes * BigInt(lasted);
      total += amount;
      const count = BigInt(owners.length);
      const rest = Number(amount % count);
      for (const [i, owner] of owners.entries()) {
        const share = shareOf(owner);
        share.fair += amount / count + (i < rest ? 1n : 0n);
        share.apart += amount;
        if (owners.length === 1) share.alone += amount;
      }
    }
  }
  return { shares: shares as ReadonlyMap<string, Share>, total };
}

/** The stretches of time in which the same owners hold a blob, with the owners by name. */
function segments(held: readonly Holding[]): { readonly owners: readonly string[]; readonly lasted: number }[] {
  const changes = held
    .flatMap(({ owner, from, until }) => [
      { at: from, owner, by: 1 },
      { at: until, owner, by: -1 },
    ])
    .sort((a, b) => a.at - b.at);
  const holding = new Map<string, number>();
  const found: { owners: readonly string[]; lasted: number }[] = [];
  let since = changes[0]?.at ?? 0;
  for (const { at, owner, by } of changes) {
    if (at > since && holding.size > 0) found.push({ owners: [...holding.keys()].sort(), lasted: at - since });
    since = at;
    const count = (holding.get(owner) ?? 0) + by;
    if (count === 0) holding.delete(owner);
    else holding.set(owner, count);
  }
  return found;
}
