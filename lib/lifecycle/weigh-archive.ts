import type { Digest } from '../core/digest.ts';
import type { CompactRepository } from '../inventory/index.ts';
import type { RetentionPolicy } from './config.ts';
import { eachBlob } from './freed-bytes.ts';
import type { ExpiringGraph } from './model.ts';
import { evaluatePolicy } from './policy/evaluate-policy.ts';
import type { RowUnit } from './policy/to-units.ts';

/** What keeping and archiving cost, in US dollars: a list of prices, as of a day. */
export interface ArchivePrices {
  readonly asOf: string;
  readonly bytesPerGb: number;
  readonly keepPerGbMonth: number;
  readonly bucket: ArchivePrice;
  readonly registry: ArchivePrice;
}

export interface ArchivePrice {
  readonly perGbMonth: number;
  /** Days that are billed in any case. */
  readonly minimumDays: number;
}

export interface Weighed {
  /** Bytes that are archived, shared ones as well: a copy of its own is made of them. */
  readonly bytes: number;
  readonly keepUsdPerMonth: number;
  readonly archiveUsdPerMonth: number;
  /** Of the minimum stay. */
  readonly leastUsd: number;
  readonly minimumDays: number;
  /** Why it is cheaper not to archive it, because it would expire within the minimum stay anyway. */
  readonly dearer?: string;
}

interface Archived {
  readonly plan: Pick<ExpiringGraph, 'root' | 'action'>;
  /** Of what goes. */
  readonly rows: readonly number[];
}

const DAY_MS = 24 * 3600 * 1000;
const DAYS_PER_MONTH = 365.25 / 12;
/** The minimum stay is looked at in so many steps. */
const STEPS = 3;

/**
 * What archiving costs against keeping. A copy in the archive is of all bytes, and spares in the registry only those that
 * nothing else holds; the minimum stay is billed whatever becomes of it. What the other rules would take before the minimum
 * stay ends costs nothing from then on if it is left: where that is cheaper, `dearer` says so.
 */
export function weighArchives(
  repository: CompactRepository,
  graphs: readonly Archived[],
  inputs: {
    readonly policy: RetentionPolicy;
    readonly units: readonly RowUnit[];
    readonly now: Date;
    readonly heldElsewhere: (blob: number) => boolean;
  },
  prices: ArchivePrices,
): ReadonlyMap<Digest, Weighed> {
  const archived = graphs.filter(({ plan: { action } }) => action === 'archive' || action === 'ecr-archive');
  const weighed = new Map<Digest, Weighed>();
  if (archived.length === 0) return weighed;
  const holders = countHolders(repository);
  const longest = Math.max(prices.bucket.minimumDays, prices.registry.minimumDays);
  const endOf = endings(inputs, longest);
  for (const { plan, rows } of archived) {
    const price = plan.action === 'archive' ? prices.bucket : prices.registry;
    const bytes = weigh(repository, rows, holders, inputs.heldElsewhere);
    const gb = (amount: number): number => amount / prices.bytesPerGb;
    // In the registry's own class a shared blob stays in the standard one, and is not stored twice.
    const moved = plan.action === 'archive' ? bytes.all : bytes.own;
    const keepUsdPerMonth = gb(bytes.own) * prices.keepPerGbMonth;
    const archiveUsdPerMonth = gb(moved) * price.perGbMonth;
    const leastUsd = (archiveUsdPerMonth * price.minimumDays) / DAYS_PER_MONTH;
    const days = endOf(rows[0] as number);
    const keepUsd = days === undefined ? undefined : (keepUsdPerMonth * days) / DAYS_PER_MONTH;
    const isDearer = days !== undefined && days <= price.minimumDays && keepUsd !== undefined && leastUsd > keepUsd;
    weighed.set(plan.root, {
      bytes: moved,
      ...{ keepUsdPerMonth, archiveUsdPerMonth, leastUsd, minimumDays: price.minimumDays },
      ...(isDearer
        ? {
            dearer: `it would expire within ${days} days: keeping it costs ${usd(keepUsd)} until then, archiving it ${usd(leastUsd)} for the ${price.minimumDays} days that are billed in any case (prices of ${prices.asOf})`,
          }
        : {}),
    });
  }
  return weighed;
}

/** A hundredth of a cent is the least that is told. */
export const usd = (amount: number): string => `${amount.toFixed(amount < 0.1 ? 4 : 2)} USD`;

export function describeWeighed({ keepUsdPerMonth, archiveUsdPerMonth, leastUsd, minimumDays }: Weighed): string {
  const costs = `archived ${usd(archiveUsdPerMonth)} a month, at least ${usd(leastUsd)} for ${minimumDays} days; kept ${usd(keepUsdPerMonth)} a month`;
  return archiveUsdPerMonth >= keepUsdPerMonth ? `${costs}: archiving costs no less than keeping` : costs;
}

function countHolders(repository: CompactRepository): Uint32Array {
  const holders = new Uint32Array(repository.digests.size);
  const note = (blob: number): void => {
    holders[blob] = (holders[blob] ?? 0) + 1;
  };
  for (let row = 0; row < repository.size; row++) eachBlob(repository, row, note);
  return holders;
}

/** All bytes of the rows, each blob once, and those that nothing else holds. */
function weigh(
  repository: CompactRepository,
  rows: readonly number[],
  holders: Uint32Array,
  heldElsewhere: (blob: number) => boolean,
): { readonly all: number; readonly own: number } {
  const blobs = new Map<number, { bytes: number; count: number }>();
  for (const row of rows) {
    eachBlob(repository, row, (blob, bytes) => {
      const known = blobs.get(blob);
      if (known) known.count++;
      else blobs.set(blob, { bytes, count: 1 });
    });
  }
  let [all, own] = [0, 0];
  for (const [blob, { bytes, count }] of blobs) {
    all += bytes;
    if (holders[blob] === count && !heldElsewhere(blob)) own += bytes;
  }
  return { all, own };
}

/** After how many days the rules that do not archive would let an image expire; undefined: not within the longest stay. */
function endings(
  { policy, units, now }: { readonly policy: RetentionPolicy; readonly units: readonly RowUnit[]; readonly now: Date },
  longest: number,
): (row: number) => number | undefined {
  const rules = policy.rules.filter(({ action }) => action !== 'archive');
  if (!rules.some(({ action }) => action === 'expire') && policy.otherwise === 'keep') return () => undefined;
  const ends = new Map<number, number>();
  const stays = new Set<number>();
  for (let step = 1; step <= STEPS; step++) {
    const days = Math.round((longest * step) / STEPS);
    stays.clear();
    const verdicts = evaluatePolicy({ ...policy, rules }, units, now.getTime() + days * DAY_MS);
    // Where an image has several tags, one that stays keeps it.
    for (const { unit, action } of verdicts) if (action !== 'expire') stays.add(unit.row);
    for (const { unit } of verdicts) if (!stays.has(unit.row) && !ends.has(unit.row)) ends.set(unit.row, days);
  }
  return (row) => ends.get(row);
}
