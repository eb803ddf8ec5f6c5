import { describe, expect, it } from 'vitest';
import { memoryAudit } from '../../../lib/audit/adapters/memory-audit.ts';
import {
  createAuditLog,
  inclusionProof,
  loadAnchors,
  loadSegment,
  recordEvents,
  sealSegments,
  verifyInclusion,
  verifyTrail,
} from '../../../lib/audit/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { canonicalJson } from '../../../lib/core/json.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { loadDocument } from '../../../lib/documents/index.ts';
import { envelope, eventsOf, range } from './support.ts';

function setup() {
  const clock = manualClock('2026-03-03T23:59:50.000Z');
  const rows = memoryAudit();
  const evidence = memoryDocuments();
  const log = createAuditLog({ ...rows, clock });
  return { clock, rows, evidence, log, ports: { log, evidence } };
}

describe('recording events', () => {
  it('keeps what an event says of itself', async () => {
    const { log, ports } = setup();
    const given = envelope(1);
    const [entry] = await recordEvents(ports, [given, given]);
    expect(entry).toMatchObject({
      seq: 1,
      eventId: 'event-1',
      time: '2026-03-03T11:59:59.000Z',
      recordedAt: '2026-03-03T23:59:50.000Z',
      source: 'lading.intake',
      detailType: 'Image Pushed',
      subject: `r.example/app@sha256:${'a'.repeat(64)}`,
      detail: given.detail,
    });
    expect(await recordEvents(ports, [given])).toEqual([]);
    expect(await log.list(0, 10)).toEqual([entry]);
  });

  it('records what is not in our form too, under the id of its delivery', async () => {
    const { ports } = setup();
    const odd = [envelope(1, null), envelope(2, 'text'), envelope(3, { metadata: { id: 7 } }), envelope(4, [[]])];
    expect(await recordEvents(ports, odd)).toMatchObject(
      odd.map(({ id, time, detail }) => ({ eventId: id, time, detail })),
    );
  });

  it('puts a large detail into the evidence store first, and names it', async () => {
    const { ports, evidence } = setup();
    const detail = {
      metadata: { id: 'big', occurredAt: '2026-01-01T00:00:00.000Z' },
      data: { text: 'ü'.repeat(20_000) },
    };
    const [entry] = await recordEvents(ports, [envelope('big', detail)]);
    const { document } = (entry?.detail ?? {}) as {
      document: { key: string; digest: `sha256:${string}`; bytes: number };
    };
    expect(entry?.eventId).toBe('big');
    const stored = await loadDocument(evidence, document.key, document.digest);
    expect(Buffer.from(stored ?? '').toString('utf8')).toBe(canonicalJson(detail));
    expect(stored).toHaveLength(document.bytes);
  });

  it('records the end of a day when the next one begins', async () => {
    const { ports, clock, evidence } = setup();
    const first = await recordEvents(ports, [envelope(1), envelope(2)]);
    clock.advance(5_000);
    await recordEvents(ports, [envelope(3)]);
    expect((await loadAnchors(evidence)).checkpoints).toEqual([]);
    clock.advance(10_000);
    await recordEvents(ports, [envelope(4), envelope(5)]);
    const { checkpoints } = await loadAnchors(evidence);
    expect(checkpoints).toMatchObject([{ seq: 3 }]);
    expect(checkpoints[0]?.hash).not.toBe(first[1]?.hash);
    await recordEvents(ports, [envelope(6)]);
    expect((await loadAnchors(evidence)).checkpoints).toHaveLength(1);
  });
});

describe('sealing', () => {
  it('seals whole segments, each once and as soon as it is full', async () => {
    const { ports, log, evidence } = setup();
    for (const n of range(0, 99))
      await recordEvents(
        ports,
        range(n * 25 + 1, n * 25 + 25).map((id) => envelope(id)),
      );
    const { segments } = await loadAnchors(evidence);
    expect(segments).toEqual([
      'audit/segments/000000000001-000000001000.json.zst',
      'audit/segments/000000001001-000000002000.json.zst',
    ]);
    const [one, two] = [await loadSegment(evidence, segments[0] ?? ''), await loadSegment(evidence, segments[1] ?? '')];
    expect(two.prevHash).toBe(one.lastHash);
    expect([...one.entries, ...two.entries]).toEqual(await log.list(0, 2000));
    const leaves = two.entries.map(({ hash }) => hash);
    const claim = { leaf: leaves[321] as (typeof leaves)[0], index: 321, size: 1000, root: two.merkleRoot };
    expect(verifyInclusion(claim, inclusionProof(leaves, 321))).toBe(true);
    expect(await sealSegments(log, evidence, await log.head())).toEqual([]);
    expect(await verifyTrail(log, evidence)).toMatchObject({ kind: 'intact', entries: 2500 });
  });

  it('catches up with what a crash left unsealed', async () => {
    const { ports, log, evidence } = setup();
    await log.append(eventsOf(1, 2999));
    expect((await loadAnchors(evidence)).segments).toEqual([]);
    await recordEvents(ports, [envelope(3000)]);
    expect((await loadAnchors(evidence)).segments).toHaveLength(3);
  });

  it('seals the same bytes, whoever does it and however often', async () => {
    const { log, evidence } = setup();
    await log.append(eventsOf(1, 1000));
    const head = await log.head();
    const others = memoryDocuments();
    await Promise.all([
      sealSegments(log, evidence, head),
      sealSegments(log, evidence, head),
      sealSegments(log, others, head),
    ]);
    const [key] = (await loadAnchors(evidence)).segments;
    expect(await evidence.get(key ?? '')).toEqual(await others.get(key ?? ''));
  });

  it('seals nothing over a trail that was tampered with', async () => {
    const { rows, log, evidence } = setup();
    await log.append(eventsOf(1, 1000));
    const block = rows.rows.get(26);
    Object.assign(block?.[3] ?? {}, { detail: 'changed' });
    await expect(sealSegments(log, evidence, await log.head())).rejects.toMatchObject({
      code: 'audit-tampered',
      message: 'the audit trail is altered at entry 29',
    });
    expect((await loadAnchors(evidence)).segments).toEqual([]);
  });
});

describe('verifying the trail against the evidence', () => {
  const sealed = async () => {
    const all = setup();
    await all.log.append(eventsOf(1, 999));
    await recordEvents(all.ports, [envelope(1000), envelope(1001)]);
    all.clock.advance(86_400_000);
    await recordEvents(all.ports, [envelope(1002)]);
    return all;
  };

  it('is intact when nobody touched it', async () => {
    const { log, evidence } = await sealed();
    expect(await verifyTrail(log, evidence)).toMatchObject({ kind: 'intact', entries: 1002 });
  });

  it('names a changed row', async () => {
    const { log, evidence, rows } = await sealed();
    Object.assign(rows.rows.get(501)?.[0] ?? {}, { subject: 'another' });
    expect(await verifyTrail(log, evidence)).toMatchObject({ faults: [{ kind: 'altered', seq: 501 }] });
  });

  it('names a deleted row, and an end that was cut off', async () => {
    const { log, evidence, rows } = await sealed();
    rows.rows.delete(501);
    expect(await verifyTrail(log, evidence)).toMatchObject({ faults: [{ kind: 'missing', seq: 501, to: 525 }] });
    const { log: cut, evidence: kept, rows: left } = await sealed();
    for (const first of [...left.rows.keys()]) if (first > 900) left.rows.delete(first);
    expect(await verifyTrail(cut, kept)).toMatchObject({ faults: [{ kind: 'truncated', seq: 901, to: 1001 }] });
  });

  it('sees a trail that was written anew, sound in itself', async () => {
    const { evidence } = await sealed();
    const forged = createAuditLog({ ...memoryAudit(), clock: manualClock('2026-03-03T23:59:50.000Z') });
    await forged.append(eventsOf(1, 2000).map((one) => ({ ...one, time: '2026-03-03T12:00:00.001Z' })));
    expect(await verifyTrail(forged, evidence)).toMatchObject({
      faults: [
        { kind: 'rewritten', seq: 1000 },
        { kind: 'rewritten', seq: 1001 },
      ],
    });
  });
});
