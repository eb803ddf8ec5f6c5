import type { Digest } from '../../core/digest.ts';
import type { Leases } from './leases.ts';
import type { CacheMemory, FetchCost } from './model.ts';
import type { SharedContents } from './share-contents.ts';

/**
 * Which images go first where space is wanted: greedy dual size with frequency (Cherkasova, "Improving WWW Proxies
 * Performance with Greedy-Dual-Size-Frequency Caching Policy", HPL-98-69, 1998): priority = age + frequency × cost ÷ size,
 * and the age rises to the priority of whatever was dropped, so that what was wanted often but long ago goes, too.
 *
 * Size is the image's share of the bytes: a layer that five images have costs each a fifth, so images that share a base
 * are cheap to keep together. How often an image was wanted is remembered for a while after it has gone, and halved from
 * time to time: what is read once and never again (a scan, a backup) does not push out what is read daily.
 */
export interface CachePolicy {
  /** Somebody wanted the image, whether it is held or not. */
  touch(key: string): void;
  /**
   * The images to drop, in order, so that at least so many bytes are freed; `undefined` where that cannot be done
   * without one that is leased, or only by dropping what is worth more than the image that wants in.
   */
  choose(bytes: number, now: number, wanted?: string): readonly string[] | undefined;
  /** It is gone from the disk. */
  dropped(key: string): void;
  memory(): Pick<CacheMemory, 'age' | 'graphs'>;
}

export interface CachePolicyOptions {
  readonly shared: SharedContents;
  readonly leases: Leases;
  readonly cost: FetchCost;
  readonly memory?: Pick<CacheMemory, 'age' | 'graphs'>;
}

interface Use {
  frequency: number;
  priority: number;
}

/** Images that are not held and whose use is still remembered. */
const MAX_REMEMBERED = 4096;
/** After so many requests for each image that is held, frequencies are halved. */
const HALVE_AFTER = 16;
const MIN_WINDOW = 512;

export function createCachePolicy({ shared, leases, cost, memory }: CachePolicyOptions): CachePolicy {
  const uses = new Map<string, Use>(
    memory?.graphs.map(({ key, frequency, priority }) => [key, { frequency, priority }]),
  );
  let age = memory?.age ?? 0;
  let requests = 0;

  const worth = (key: string, frequency: number): number => {
    const bytes = Math.max(1, shared.fairBytes(key));
    return age + (frequency * cost(bytes)) / bytes;
  };
  const priorityOf = (key: string): number => uses.get(key)?.priority ?? age;
  const forget = (): void => {
    for (const key of uses.keys()) {
      if (uses.size <= shared.images + MAX_REMEMBERED) return;
      if (!shared.has(key)) uses.delete(key);
    }
  };
  const halve = (): void => {
    requests += 1;
    if (requests < Math.max(MIN_WINDOW, HALVE_AFTER * shared.images)) return;
    requests = 0;
    for (const use of uses.values()) use.frequency /= 2;
  };

  return {
    touch(key) {
      halve();
      const frequency = (uses.get(key)?.frequency ?? 0) + 1;
      uses.delete(key);
      uses.set(key, { frequency, priority: worth(key, frequency) });
      forget();
    },
    choose(bytes, now, wanted) {
      const candidates = [...shared.keys()]
        .filter((key) => key !== wanted && !leases.isLeased(key, now))
        .map((key) => ({ key, priority: priorityOf(key) }))
        .sort((a, b) => a.priority - b.priority || (a.key < b.key ? -1 : 1));
      const victims: string[] = [];
      const freed = createFreed(shared);
      for (const { key } of candidates) {
        if (freed.bytes() >= bytes) break;
        victims.push(key);
        freed.drop(key);
      }
      return freed.bytes() >= bytes ? victims : undefined;
    },
    dropped(key) {
      age = Math.max(age, priorityOf(key));
      const use = uses.get(key);
      if (use !== undefined) {
        // To the end of what is remembered.
        uses.delete(key);
        uses.set(key, use);
      }
    },
    memory: () => ({ age, graphs: [...uses].map(([key, use]) => ({ key, ...use })) }),
  };
}

/** The bytes that go with several images together: a content goes with the last that uses it. */
function createFreed(shared: SharedContents) {
  const left = new Map<Digest, number>();
  let bytes = 0;
  return {
    bytes: () => bytes,
    drop(key: string): void {
      for (const digest of shared.contentsOf(key)) {
        const users = (left.get(digest) ?? shared.users(digest).size) - 1;
        left.set(digest, users);
        if (users === 0) bytes += shared.bytesOf(digest);
      }
    },
  };
}
