import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { saveJson } from '../../../lib/documents/index.ts';
import type { LadingEvent } from '../../../lib/events/index.ts';
import { memoryVerdictStore } from '../../../lib/policy/adapters/memory-verdict-store.ts';
import { memoryWaiverStore } from '../../../lib/policy/adapters/memory-waiver-store.ts';
import {
  addWaiver,
  decideGate,
  recheckImages,
  removeWaiver,
  replayVerdict,
  reviewWaivers,
  type Testimony,
  waiverRequestSchema,
} from '../../../lib/policy/index.ts';
import { memoryVoteStore } from '../../../lib/scanners/adapters/memory-vote-store.ts';
import { memoryScanStore } from '../../../lib/vulnerabilities/adapters/memory-scan-store.ts';
import { finding, policy, scan, subject } from './support.ts';

const DAY_MS = 86_400_000;

function desk() {
  const clock = manualClock('2026-06-01T00:00:00.000Z');
  const waivers = memoryWaiverStore();
  const published: LadingEvent[] = [];
  const publisher = { publish: async (events: readonly LadingEvent[]) => void published.push(...events) };
  const request = (more: object = {}) =>
    waiverRequestSchema.parse({
      vulnerability: 'CVE-2026-1',
      image: 'registry.example/apps/*',
      reason: 'not reachable',
      author: 'ops',
      until: '2026-06-11T00:00:00Z',
      ...more,
    });
  return { ports: { waivers, publisher, clock }, clock, waivers, published, request };
}

describe('giving and taking back a waiver', () => {
  it('keeps and tells it; asking twice makes one', async () => {
    const { ports, request, waivers, published } = desk();
    const first = await addWaiver(ports, request(), 'arn:aws:iam::1:role/ops');
    expect(first).toMatchObject({ author: 'ops', recordedBy: 'arn:aws:iam::1:role/ops' });
    expect((await addWaiver(ports, request())).id).toBe(first.id);
    expect(await waivers.list()).toHaveLength(1);
    expect(published).toMatchObject([
      { detailType: 'Waiver Changed', detail: { data: { change: 'added', waiver: { id: first.id } } } },
      { detailType: 'Waiver Changed' },
    ]);
  });

  it('can be given again after it was taken back', async () => {
    const { ports, request, waivers, clock } = desk();
    const { id } = await addWaiver(ports, request());
    clock.advance(1000);
    expect(await removeWaiver(ports, id, 'ops')).toMatchObject({ removed: { by: 'ops' } });
    await addWaiver(ports, request());
    expect((await waivers.find(id))?.removed).toBeUndefined();
    await expect(removeWaiver(ports, `w-${'f'.repeat(16)}`, 'ops')).rejects.toMatchObject({ code: 'waiver-unknown' });
  });

  it.each([
    ['has ended', '2026-05-31T00:00:00Z'],
    ['lasts for ever', '2036-01-01T00:00:00Z'],
  ])('refuses one that %s', async (_what, until) => {
    const { ports, request } = desk();
    await expect(addWaiver(ports, request({ until }))).rejects.toMatchObject({ code: 'waiver-invalid' });
  });

  it('needs a reason, an author and an end', () => {
    for (const missing of ['reason', 'author', 'until', 'vulnerability']) {
      const whole = {
        vulnerability: 'CVE-1',
        reason: 'r',
        author: 'a',
        until: '2026-06-11T00:00:00Z',
        [missing]: undefined,
      };
      expect(waiverRequestSchema.safeParse(whole).success, missing).toBe(false);
    }
    expect(
      waiverRequestSchema.safeParse({
        vulnerability: 'CVE-1',
        reason: '  ',
        author: 'a',
        until: '2026-06-11T00:00:00Z',
      }).success,
    ).toBe(false);
  });
});

describe('the gate under waivers', () => {
  it('is open until the waiver ends, shut after it, and each decision can be replayed', async () => {
    const { ports, request, waivers, clock } = desk();
    const documents = memoryDocuments();
    const verdicts = memoryVerdictStore();
    const testimony = {
      testimonyOn: async (): Promise<Testimony> => ({ waivers: await waivers.list(), statements: [], votes: [] }),
    };
    const ref = await saveJson(documents, 'scans', scan([finding('CVE-2026-1', 'critical')]));
    const decide = async () => {
      const asOf = clock.now().toISOString();
      await decideGate({ documents, verdicts, clock, testimony }, { subject, scan: ref, asOf }, policy());
      const verdict = await verdicts.standing(`${subject.registry}/${subject.repository}@${subject.digest}`);
      if (!verdict) throw new Error('no verdict');
      const again = await replayVerdict(documents, verdict.inputs);
      expect({ ...again, inputs: undefined }).toEqual({
        decision: verdict.decision,
        reasons: verdict.reasons,
        warnings: verdict.warnings,
      });
      return verdict;
    };
    expect((await decide()).decision).toBe('deny');
    await addWaiver(ports, request());
    clock.advance(1000);
    expect((await decide()).decision).toBe('allow');
    clock.advance(10 * DAY_MS);
    const after = await decide();
    expect(after.decision).toBe('deny');
    expect(after.warnings).toEqual([
      expect.stringMatching(/^the waiver w-[0-9a-f]{16} for CVE-2026-1 ended on 2026-06-11/),
    ]);
  });

  it('does not heed one for other images', async () => {
    const { ports, request, waivers, clock } = desk();
    await addWaiver(ports, request({ image: 'registry.example/other/**' }));
    const documents = memoryDocuments();
    const testimony = {
      testimonyOn: async (): Promise<Testimony> => ({ waivers: await waivers.list(), statements: [], votes: [] }),
    };
    const ref = await saveJson(documents, 'scans', scan([finding('CVE-2026-1', 'critical')]));
    const [event] = await decideGate(
      { documents, verdicts: memoryVerdictStore(), clock, testimony },
      { subject, scan: ref, asOf: '2026-06-01T00:00:00.000Z' },
      policy(),
    );
    expect(event?.data).toMatchObject({ decision: 'deny' });
  });
});

describe('reviewing what ended', () => {
  it('tells every end exactly once, however the looks fall', async () => {
    const ends = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
    const looks = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(ends, looks, async (hours, steps) => {
        const { ports, request, waivers, clock } = desk();
        const start = clock.now().getTime();
        for (const [i, hour] of hours.entries()) {
          const until = new Date(start + hour * 3_600_000).toISOString();
          await addWaiver(ports, request({ vulnerability: `CVE-${i}`, until }));
        }
        const told: string[] = [];
        for (const step of steps) {
          clock.advance(step * 3_600_000);
          const review = await reviewWaivers({ waivers, clock }, policy());
          await waivers.markReviewed(review.until);
          told.push(
            ...review.drafts.map(({ data }) => (data as { waiver: { vulnerability: string } }).waiver.vulnerability),
          );
        }
        const passed = steps.reduce((sum, step) => sum + step, 0);
        // A first look goes back a week, and no step is longer than that.
        expect(told.sort()).toEqual(hours.flatMap((hour, i) => (hour <= passed ? [`CVE-${i}`] : [])).sort());
      }),
    );
  });

  it('tells of exceptions of the policy, too, and not of what was taken back', async () => {
    const { ports, request, waivers, clock } = desk();
    const { id } = await addWaiver(ports, request({ until: '2026-06-02T00:00:00Z' }));
    await removeWaiver(ports, id, 'ops');
    clock.advance(2 * DAY_MS);
    const settings = policy({ exceptions: [{ id: 'CVE-9', reason: 'r', until: '2026-06-02T12:00:00Z' }] });
    const { drafts } = await reviewWaivers({ waivers, clock }, settings);
    expect(drafts).toMatchObject([
      { data: { change: 'ended', waiver: { id: 'policy', vulnerability: 'CVE-9', image: '**' } } },
    ]);
  });
});

describe('finding the images that a waiver is about', () => {
  it('names those of its repositories that have the vulnerability, by Lading or by another scanner', async () => {
    const documents = memoryDocuments();
    const [scans, votes] = [memoryScanStore(), memoryVoteStore()];
    const put = async (repository: string, ids: readonly string[]) => {
      const at = { ...subject, repository, digest: digestOf(repository) };
      const ref = await saveJson(
        documents,
        'scans',
        scan(
          ids.map((one) => finding(one, 'high')),
          { image: at.digest },
        ),
      );
      const counts = { critical: 0, high: ids.length, medium: 0, low: 0, negligible: 0, unknown: 0 };
      await scans.put({
        subject: at,
        sbom: { key: 'sboms/x', digest: digestOf('sbom'), outcome: 'complete' },
        snapshot: { sequence: 1 },
        scan: { ...ref, matcher: 'test/1', counts, fixable: 0, uncovered: 0, packages: 1, sbomOutcome: 'complete' },
        scannedAt: '2026-06-01T00:00:00.000Z',
      });
      return `${at.registry}/${at.repository}@${at.digest}`;
    };
    await put('apps/shop', ['CVE-2026-1']);
    await put('apps/clean', ['CVE-2026-2']);
    await put('tools/cli', ['CVE-2026-1']);
    const voted = await put('apps/voted', []);
    const { sources: _sources, ...said } = finding('CVE-2026-1', 'high');
    await votes.put(voted, {
      voter: 'trivy',
      via: 'file',
      receivedAt: '2026-06-01T00:00:00.000Z',
      report: {
        schemaVersion: 1,
        scanner: { name: 'trivy', label: 'Trivy' },
        image: {},
        covers: 'all',
        findings: [said],
      },
    });
    const waiver = {
      id: 'w-1',
      vulnerability: 'CVE-2026-1',
      image: 'registry.example/apps/**',
      reason: 'r',
      until: '2026-07-01T00:00:00Z',
    };
    const told: unknown[] = [];
    for await (const draft of recheckImages({ scans, documents, votes }, { waiver, change: 'ended' }))
      told.push(draft.data);
    expect(told.map((data) => (data as { subject: { repository: string } }).subject.repository).sort()).toEqual([
      'apps/shop',
      'apps/voted',
    ]);
    expect(told[0]).toMatchObject({ cause: 'waiver', detail: 'waiver w-1 for CVE-2026-1 ended' });
  });
});
