import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import type { Holding } from '../../../lib/cost/model.ts';
import { shareByteTime } from '../../../lib/cost/share-byte-time.ts';

const holding = (owner: string, blob: string, from: number, until: number, more: Partial<Holding> = {}): Holding => ({
  owner,
  store: 'r.example',
  blob: digestOf(blob),
  bytes: 10,
  from,
  until,
  ...more,
});

describe('byte-time', () => {
  it('is divided evenly among those who hold a blob, for as long as they do', () => {
    const { shares, total } = shareByteTime([
      holding('a', 'base', 0, 100),
      holding('b', 'base', 50, 100),
      holding('a', 'own', 0, 10),
      // Twice by the same owner is once.
      holding('a', 'base', 20, 60),
    ]);
    expect(total).toBe(1_000n + 100n);
    expect(shares.get('a')).toEqual({ fair: 500n + 250n + 100n, alone: 500n + 100n, apart: 1_000n + 100n });
    expect(shares.get('b')).toEqual({ fair: 250n, alone: 0n, apart: 500n });
  });

  it('counts a blob for each store, and gives what does not divide to the first by name', () => {
    const { shares, total } = shareByteTime([
      holding('a', 'x', 0, 1),
      holding('b', 'x', 0, 1),
      holding('c', 'x', 0, 1),
      holding('a', 'x', 0, 1, { store: 'other.example' }),
    ]);
    expect(total).toBe(20n);
    expect([...shares].map(([owner, { fair }]) => [owner, fair])).toEqual([
      ['a', 14n],
      ['b', 3n],
      ['c', 3n],
    ]);
  });

  /** `LADING_COST_EVENTS=100000` for so many in one ledger. */
  const events = Number(process.env.LADING_COST_EVENTS ?? 2_000);

  it('adds up to the total to the byte-millisecond, and equals a count of every millisecond', () => {
    const some = fc.array(
      fc
        .tuple(
          fc.constantFrom('a', 'b', 'c', 'd'),
          fc.constantFrom('x', 'y', 'z'),
          fc.nat(30),
          fc.nat(30),
          fc.constantFrom('r', 's'),
        )
        .map(([owner, blob, from, lasts, store]) =>
          holding(owner, blob, from, from + lasts, { store, bytes: blob.charCodeAt(0) }),
        ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(some, (holdings) => {
        const { shares, total } = shareByteTime(holdings);
        let stored = 0;
        const apart = new Map<string, number>();
        const alone = new Map<string, number>();
        for (let ms = 0; ms < 60; ms++) {
          const now = holdings.filter(({ from, until }) => from <= ms && ms < until);
          for (const key of new Set(now.map(({ store, blob }) => `${store} ${blob}`))) {
            const these = now.filter(({ store, blob }) => `${store} ${blob}` === key);
            const bytes = these[0]?.bytes ?? 0;
            const owners = new Set(these.map(({ owner }) => owner));
            stored += bytes;
            for (const owner of owners) apart.set(owner, (apart.get(owner) ?? 0) + bytes);
            for (const owner of owners.size === 1 ? owners : []) alone.set(owner, (alone.get(owner) ?? 0) + bytes);
          }
        }
        expect(total).toBe(BigInt(stored));
        expect([...shares.values()].reduce((sum, { fair }) => sum + fair, 0n)).toBe(total);
        for (const [owner, share] of shares) {
          expect([share.apart, share.alone]).toEqual([BigInt(apart.get(owner) ?? 0), BigInt(alone.get(owner) ?? 0)]);
          expect(share.alone <= share.fair && share.fair <= share.apart).toBe(true);
        }
      }),
    );
  });

  it(`adds up over ${events} random pushes and deletions of months and terabytes`, () => {
    const [holdings] = fc.sample(
      fc.array(
        fc
          .record({ owner: fc.nat(50), blob: fc.nat(events / 10), from: fc.nat(1e10), lasts: fc.nat(1e9) })
          .map(({ owner, blob, from, lasts }) =>
            holding(`team ${owner}`, `blob ${blob}`, from, from + lasts, { bytes: 1 + ((blob * 7_919_993) % 1e11) }),
          ),
        { minLength: events, maxLength: events, size: 'max' },
      ),
      { numRuns: 1, seed: 1 },
    );
    const { shares, total } = shareByteTime(holdings ?? []);
    expect(total > 10n ** 20n).toBe(true);
    expect([...shares.values()].reduce((sum, { fair }) => sum + fair, 0n)).toBe(total);
  });
});
