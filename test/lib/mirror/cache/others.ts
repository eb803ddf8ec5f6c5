import type { CachePolicy } from '../../../../lib/mirror/cache/choose-victims.ts';
import type { Leases } from '../../../../lib/mirror/cache/leases.ts';
import type { SharedContents } from '../../../../lib/mirror/cache/share-contents.ts';

/** The ways of choosing that others use, to compare with: the image that was not used for longest, or used least often. */
export function otherPolicy(kind: 'lru' | 'lfu') {
  return ({ shared, leases }: { readonly shared: SharedContents; readonly leases: Leases }): CachePolicy => {
    const uses = new Map<string, { count: number; last: number }>();
    let time = 0;
    const rank = (key: string): readonly [number, number] => {
      const { count, last } = uses.get(key) ?? { count: 0, last: 0 };
      return kind === 'lru' ? [last, 0] : [count, last];
    };
    return {
      touch: (key) => void uses.set(key, { count: (uses.get(key)?.count ?? 0) + 1, last: ++time }),
      choose(bytes, now, wanted) {
        const order = [...shared.keys()]
          .filter((key) => key !== wanted && !leases.isLeased(key, now))
          .map((key) => ({ key, rank: rank(key) }))
          .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1]);
        const left = new Map<string, number>();
        const victims: string[] = [];
        let freed = 0;
        for (const { key } of order) {
          if (freed >= bytes) break;
          victims.push(key);
          for (const digest of shared.contentsOf(key)) {
            const users = (left.get(digest) ?? shared.users(digest).size) - 1;
            left.set(digest, users);
            if (users === 0) freed += shared.bytesOf(digest);
          }
        }
        return freed >= bytes ? victims : undefined;
      },
      dropped: (key) => void uses.delete(key),
      memory: () => ({ age: 0, graphs: [] }),
    };
  };
}
