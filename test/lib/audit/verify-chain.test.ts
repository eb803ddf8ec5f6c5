import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extendChain, hashOfEntry } from '../../../lib/audit/chain.ts';
import { type AuditEntry, type ChainReport, GENESIS, verifyChain } from '../../../lib/audit/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { chainOf, event, eventsOf, lengths } from './support.ts';

const firstFault = (report: ChainReport) => (report.kind === 'broken' ? report.faults[0] : undefined);
/** A trail and one place in it. */
const chainAndPlace = lengths.chain((length) =>
  fc.tuple(fc.constant(chainOf(length)), fc.integer({ min: 1, max: length })),
);

const tampering: Record<string, (entry: AuditEntry) => AuditEntry> = {
  'the id': (entry) => ({ ...entry, eventId: 'other' }),
  'the time': (entry) => ({ ...entry, time: '2026-03-03T12:00:00.001Z' }),
  'the time of recording': (entry) => ({ ...entry, recordedAt: '2020-01-01T00:00:00.000Z' }),
  'the source': (entry) => ({ ...entry, source: 'lading.other' }),
  'the type': (entry) => ({ ...entry, detailType: 'Image Deleted' }),
  'the subject': ({ subject: _gone, ...entry }) => entry,
  'the detail': (entry) => ({ ...entry, detail: { data: { n: -1 } } }),
  'a new member of the detail': (entry) => ({ ...entry, detail: { ...(entry.detail as object), extra: null } }),
  'the link': (entry) => ({ ...entry, prevHash: `sha256:${'f'.repeat(64)}` }),
  'the hash': (entry) => ({ ...entry, hash: `sha256:${'f'.repeat(64)}` }),
};
const rehash = (entry: AuditEntry): AuditEntry => ({ ...entry, hash: hashOfEntry(entry) });

describe('verifying a trail', () => {
  it('accepts what was appended, from the start or from a checkpoint', async () => {
    const chain = chainOf(30);
    const head = { seq: 30, hash: chain[29]?.hash };
    expect(await verifyChain(chain)).toEqual({ kind: 'intact', entries: 30, head });
    const middle = { seq: 10, hash: chain[9]?.hash ?? GENESIS.hash };
    expect(await verifyChain(chain.slice(10), { start: middle })).toMatchObject({ kind: 'intact', entries: 20 });
    expect(await verifyChain([])).toEqual({ kind: 'intact', entries: 0, head: GENESIS });
    expect(await verifyChain(chain, { anchors: [middle] })).toMatchObject({ kind: 'intact' });
  });

  it.each(Object.entries(tampering))('locates an entry with %s changed', async (_what, tamper) => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, async ([chain, place]) => {
        const changed = chain.map((entry) => (entry.seq === place ? tamper(entry) : entry));
        const fault = firstFault(await verifyChain(changed));
        expect(fault?.seq).toBe(place);
        expect(['altered', 'unlinked']).toContain(fault?.kind);
      }),
      { numRuns: 40 },
    );
  });

  it.each(Object.entries(tampering).filter(([what]) => what !== 'the hash'))(
    'locates an entry with %s changed and its hash made to fit',
    async (_what, tamper) => {
      await fc.assert(
        fc.asyncProperty(chainAndPlace, async ([chain, place]) => {
          const last = chain.at(-1) as AuditEntry;
          const changed = chain.map((entry) => (entry.seq === place ? rehash(tamper(entry)) : entry));
          const fault = firstFault(await verifyChain(changed, { anchors: [{ seq: last.seq, hash: last.hash }] }));
          // The entry that follows no longer does; at the end of the trail only the recorded head tells.
          expect(fault?.kind).toBe(
            fault?.seq === place && place === last.seq && _what !== 'the link' ? 'rewritten' : 'unlinked',
          );
          expect([place, place + 1]).toContain(fault?.seq);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('locates deleted entries', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, fc.integer({ min: 1, max: 5 }), async ([chain, place], count) => {
        const last = chain.at(-1) as AuditEntry;
        const left = chain.filter(({ seq }) => seq < place || seq >= place + count);
        const fault = firstFault(await verifyChain(left, { anchors: [{ seq: last.seq, hash: last.hash }] }));
        const atEnd = place + count > last.seq;
        expect(fault).toEqual(
          atEnd
            ? { kind: 'truncated', seq: place, to: last.seq }
            : { kind: 'missing', seq: place, to: place + count - 1 },
        );
      }),
    );
  });

  it('locates entries that changed places', async () => {
    const two = fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(two, fc.boolean(), async ([a, b], renumbered) => {
        const swapped = [...chainOf(20)];
        const [one, other] = [swapped[a as number] as AuditEntry, swapped[b as number] as AuditEntry];
        swapped[a as number] = renumbered ? { ...other, seq: one.seq } : other;
        swapped[b as number] = renumbered ? { ...one, seq: other.seq } : one;
        const fault = firstFault(await verifyChain(swapped));
        expect(fault?.seq).toBe(Math.min(a as number, b as number) + 1);
      }),
    );
  });

  it('locates an entry that was put in, or in twice', async () => {
    const chain = chainOf(10);
    const inserted = [...chain.slice(0, 5), chain[2] as AuditEntry, ...chain.slice(5)];
    expect(firstFault(await verifyChain(inserted))).toEqual({ kind: 'out-of-order', seq: 3 });
    const forged = extendChain({ seq: 5, hash: GENESIS.hash }, [event('forged')], new Date(0));
    const replaced = [...chain.slice(0, 5), ...forged, ...chain.slice(6)];
    expect(firstFault(await verifyChain(replaced))).toEqual({ kind: 'unlinked', seq: 6 });
  });

  it('sees a trail that was rewritten whole, by what was recorded elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, fc.nat(), async ([chain, place], anchor) => {
        const before = place === 1 ? GENESIS : { seq: place - 1, hash: (chain[place - 2] as AuditEntry).hash };
        const again = extendChain(before, [event('forged'), ...eventsOf(place + 1, chain.length)], manualClock().now());
        const forged = [...chain.slice(0, place - 1), ...again];
        expect(await verifyChain(forged)).toMatchObject({ kind: 'intact' });
        const at = chain[anchor % chain.length] as AuditEntry;
        const report = await verifyChain(forged, { anchors: [{ seq: at.seq, hash: at.hash }] });
        expect(firstFault(report)).toEqual(at.seq < place ? undefined : { kind: 'rewritten', seq: at.seq });
      }),
    );
  });

  it('lists no more than a hundred faults', async () => {
    const ruined = chainOf(300).map((entry) => ({ ...entry, detail: 'x' }));
    const report = await verifyChain(ruined);
    expect(report.kind === 'broken' && report.faults).toHaveLength(100);
  });
});
