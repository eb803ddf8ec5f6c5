import type { Clock } from '../../core/clock.ts';
import { createGate } from '../../core/concurrency.ts';
import type { Digest } from '../../core/digest.ts';
import { type CachePolicy, createCachePolicy } from './choose-victims.ts';
import { createLeases, type Leases } from './leases.ts';
import type { CacheLease, CacheMemory, CacheStatus, FetchCost } from './model.ts';
import { createSharedContents, type SharedContents } from './share-contents.ts';

/** Where what is held lies. */
export interface CacheDisk {
  /** Bytes on the disk now: everything, except what is covered by a reservation that is still open. */
  usedBytes(): Promise<number>;
  /** Removes the image and these contents of it, which no other uses. They are off the disk when it resolves. */
  drop(key: string, contents: readonly Digest[]): Promise<void>;
}

/** Space that is kept free for something on its way. */
export interface Reservation {
  readonly bytes: number;
  /** What came is counted by the disk now, or it will not come. */
  settle(): void;
}

/**
 * Keeps a disk within its budget at every step: nothing is written that was not reserved before, and what is reserved
 * counts as used. Where there is no room, images go that nobody needs; where those are not enough, nothing goes and the
 * reservation is refused.
 */
export interface CacheBudget {
  reserve(bytes: number, wanted?: string): Promise<Reservation | undefined>;
  /** What of the image is on the disk. */
  held(key: string, contents: ReadonlyMap<Digest, number>): void;
  /** Gone for another reason than a lack of space. */
  gone(key: string): void;
  touch(key: string): void;
  pin(key: string): () => void;
  lease(lease: CacheLease): void;
  release(key: string, holder: string): void;
  /** Makes the holder's leases exactly these: until when, by image; `undefined` is until further notice. */
  replaceLeases(holder: string, leases: ReadonlyMap<string, number | undefined>): void;
  leases(): readonly CacheLease[];
  has(key: string): boolean;
  keys(): readonly string[];
  status(): Promise<CacheStatus>;
  memory(): CacheMemory;
}

export interface CacheBudgetOptions {
  readonly budgetBytes: number;
  readonly disk: CacheDisk;
  readonly clock: Clock;
  readonly cost?: FetchCost;
  readonly memory?: CacheMemory | undefined;
  /** The way of choosing; others are for comparison. @default greedy dual size with frequency */
  readonly policy?: (parts: { readonly shared: SharedContents; readonly leases: Leases }) => CachePolicy;
}

/** Between what each pull costs and what each byte costs: neither a crowd of small images nor a few huge ones win. */
export const balancedCost: FetchCost = (bytes) => Math.sqrt(bytes);

export function createCacheBudget(options: CacheBudgetOptions): CacheBudget {
  const { budgetBytes, disk, clock, cost = balancedCost, memory } = options;
  const shared = createSharedContents();
  const leases = createLeases(memory?.leases);
  const policy = (options.policy ?? ((parts) => createCachePolicy({ ...parts, cost, ...(memory ? { memory } : {}) })))({
    shared,
    leases,
  });
  const oneAtATime = createGate(1);
  const now = (): number => clock.now().getTime();
  let reserved = 0;
  const told = { evictedImages: 0, evictedBytes: 0, notStored: 0 };

  const evict = async (key: string): Promise<void> => {
    told.evictedImages += 1;
    told.evictedBytes += shared.ownBytes(key);
    const contents = shared.remove(key);
    policy.dropped(key);
    await disk.drop(key, contents);
  };
  const grant = (bytes: number): Reservation => {
    reserved += bytes;
    let open = true;
    return {
      bytes,
      settle() {
        if (open) reserved -= bytes;
        open = false;
      },
    };
  };
  /** Bytes that are over the budget if so many come. */
  const excess = async (bytes: number): Promise<number> => (await disk.usedBytes()) + reserved + bytes - budgetBytes;
  const makeRoom = async (bytes: number, wanted: string | undefined): Promise<boolean> => {
    for (;;) {
      const over = await excess(bytes);
      if (over <= 0) return true;
      if (bytes > budgetBytes) return false;
      const [victim] = policy.choose(over, now(), wanted) ?? [];
      if (victim === undefined) return false;
      // One after another, chosen anew: while one is removed, another may have been asked for.
      await evict(victim);
    }
  };

  return {
    reserve: (bytes, wanted) =>
      oneAtATime(async () => {
        if (await makeRoom(bytes, wanted)) return grant(bytes);
        told.notStored += 1;
        return undefined;
      }),
    held: (key, contents) => shared.set(key, contents),
    gone: (key) => {
      shared.remove(key);
    },
    touch: (key) => policy.touch(key),
    pin: (key) => leases.pin(key),
    lease: (lease) => leases.grant(lease),
    release: (key, holder) => leases.release(key, holder),
    replaceLeases: (holder, wanted) => leases.replace(holder, wanted),
    leases: () => leases.list(now()),
    has: (key) => shared.has(key),
    keys: () => [...shared.keys()],
    async status() {
      const at = now();
      return {
        budgetBytes,
        usedBytes: await disk.usedBytes(),
        reservedBytes: reserved,
        images: shared.images,
        leasedImages: [...shared.keys()].filter((key) => leases.isLeased(key, at)).length,
        ...told,
      };
    },
    memory: () => ({ ...policy.memory(), leases: leases.list(now()) }),
  };
}
