import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { saveJson } from '../../../lib/documents/index.ts';
import { memoryVerdictStore } from '../../../lib/policy/adapters/memory-verdict-store.ts';
import { decideGate, type PolicyConfig, parsePolicy, policyDigest, replayVerdict } from '../../../lib/policy/index.ts';
import type { ScanDocument } from '../../../lib/vulnerabilities/index.ts';
import { finding, policy, scan, subject } from './support.ts';

function gate() {
  const documents = memoryDocuments();
  const verdicts = memoryVerdictStore();
  const clock = manualClock('2026-06-01T00:00:00.000Z');
  return {
    documents,
    verdicts,
    clock,
    async decide(document: ScanDocument, settings: PolicyConfig, asOf = '2026-06-01T00:00:00.000Z') {
      const ref = await saveJson(documents, 'scans', document);
      return decideGate({ documents, verdicts, clock }, { subject, scan: ref, asOf }, settings);
    },
    standing: () => verdicts.standing(locationKey(subject)),
  };
}

describe('deciding', () => {
  it('tells the decision with the digests of all that it rests on, and keeps the verdict', async () => {
    const { decide, standing } = gate();
    const settings = policy({ name: 'strict' });
    const document = scan([finding('CVE-1', 'critical')]);
    const [event] = await decide(document, settings);
    expect(event).toMatchObject({
      detailType: 'Gate Decided',
      data: {
        decision: 'deny',
        reasons: [expect.stringContaining('CVE-1')],
        policy: { name: 'strict', digest: policyDigest(settings) },
        snapshot: document.snapshot,
      },
    });
    expect(await standing()).toMatchObject({ decision: 'deny', decidedAt: '2026-06-01T00:00:00.000Z' });
  });

  it('can be replayed from what was kept, long after', async () => {
    const { decide, standing, documents, clock } = gate();
    const settings = policy({ exceptions: [{ id: 'CVE-1', reason: 'r', until: '2026-06-02T00:00:00Z' }] });
    await decide(scan([finding('CVE-1', 'critical'), finding('CVE-2', 'high')]), settings);
    clock.advance(365 * 86_400_000);
    const verdict = await standing();
    if (!verdict) throw new Error('no verdict');
    expect(await replayVerdict(documents, verdict.inputs)).toMatchObject({
      decision: verdict.decision,
      reasons: verdict.reasons,
      warnings: verdict.warnings,
    });
    await documents.delete(verdict.inputs.key);
    await expect(replayVerdict(documents, verdict.inputs)).rejects.toMatchObject({ code: 'inputs-missing' });
  });

  it('tells the same again on a retry, at whatever time', async () => {
    const { decide, clock, verdicts } = gate();
    const document = scan([finding('CVE-1', 'critical')]);
    const first = await decide(document, policy());
    clock.advance(60_000);
    expect(await decide(document, policy())).toEqual(first);
    expect((await verdicts.standing(locationKey(subject)))?.decidedAt).toBe('2026-06-01T00:00:00.000Z');
  });

  it('ends an exception at its time, and says that it ended', async () => {
    const { decide, clock } = gate();
    const settings = policy({
      exceptions: [
        { id: 'CVE-1', reason: 'until the release', until: '2026-06-02T00:00:00Z' },
        { id: 'CVE-UNRELATED', reason: 'r', until: '2020-01-01T00:00:00Z' },
      ],
    });
    const document = scan([finding('CVE-1', 'critical')]);
    expect(await decide(document, settings)).toMatchObject([{ data: { decision: 'allow' } }]);
    clock.advance(86_400_000);
    expect(await decide(document, settings)).toMatchObject([
      { data: { decision: 'deny', warnings: ['the exception for CVE-1 ended on 2026-06-02T00:00:00Z'] } },
    ]);
  });

  it('lets the verdict on the latest scan stand, whatever order they are decided in', async () => {
    const { decide, standing } = gate();
    await decide(scan([finding('CVE-1', 'critical')]), policy(), '2026-06-01T10:00:00.000Z');
    await decide(scan([]), policy(), '2026-06-01T09:00:00.000Z');
    expect(await standing()).toMatchObject({ decision: 'deny' });
    await decide(scan([]), policy(), '2026-06-01T11:00:00.000Z');
    expect(await standing()).toMatchObject({ decision: 'allow' });
  });

  it('decides nothing without the scan', async () => {
    const { documents, verdicts, clock } = gate();
    const missing = { key: 'scans/none.zst', digest: subject.digest };
    await expect(
      decideGate(
        { documents, verdicts, clock },
        { subject, scan: missing, asOf: '2026-06-01T00:00:00.000Z' },
        policy(),
      ),
    ).rejects.toMatchObject({ code: 'scan-missing' });
  });
});

describe('parsePolicy', () => {
  it('takes nothing for the default policy', () => {
    expect(parsePolicy({})).toEqual({
      name: 'default',
      denyAt: 'critical',
      warnAt: 'high',
      onlyFixable: false,
      unrated: 'warn',
      incomplete: 'quarantine',
      uncovered: 'warn',
      vex: 'settle',
      vexIssuers: [],
      carryOver: true,
      votes: { count: ['lading'], rule: 'any', missing: 'warn' },
      exceptions: [],
    });
  });

  it.each([
    ['a severity that is none', { denyAt: 'severe' }, /denyAt/],
    ['a member that is none', { denyat: 'high' }, /denyat/],
    ['an exception without reason', { exceptions: [{ id: 'CVE-1', until: '2026-12-31T00:00:00Z' }] }, /reason/],
    ['an exception without end', { exceptions: [{ id: 'CVE-1', reason: 'r' }] }, /until/],
    ['an end that is no time', { exceptions: [{ id: 'CVE-1', reason: 'r', until: 'tomorrow' }] }, /until/],
    ['no object', 'strict', /expected object/],
  ])('refuses %s and names it', (_what, value, message) => {
    expect(() => parsePolicy(value)).toThrow(expect.objectContaining({ code: 'policy-invalid' }));
    expect(() => parsePolicy(value)).toThrow(message);
  });
});
