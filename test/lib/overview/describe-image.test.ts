import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { draftEvent, type EventDraft, findingsChanged, gateDecided, scanCompleted } from '../../../lib/events/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { type CatalogEntry, stages } from '../../../lib/inventory/index.ts';
import { describeImage } from '../../../lib/overview/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';

const at = { registry: 'r.example', repository: 'app', digest: digestOf('a') };
const entry: CatalogEntry = {
  ...at,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  artifactClass: 'image',
  children: [],
  layers: [],
  sizeBytes: 1,
  labels: {},
  pushedAt: '2026-01-01T00:00:00.000Z',
  firstSeenAt: '2026-01-01T00:00:00.000Z',
};
const subject = { ...at, mediaType: entry.mediaType, tags: [] };
const noFindings = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
const scan = (name: string, critical: number) => ({
  key: `scans/${name}`,
  digest: digestOf(name),
  matcher: 'test',
  snapshot: name,
  counts: { ...noFindings, critical },
  fixable: 0,
  uncovered: 0,
  packages: 1,
  sbomOutcome: 'complete' as const,
});
const verdict = (decision: 'allow' | 'deny') =>
  draftEvent(gateDecided, {
    subject,
    decision,
    reasons: [],
    warnings: [],
    policy: { name: 'p', digest: digestOf('p') },
    inputs: digestOf(decision),
    scan: digestOf('scan'),
  });

function setup() {
  const clock = manualClock('2026-01-02T00:00:00.000Z');
  const ledger = memoryLedger(clock);
  const done = async (stage: string, version = '1', outcome: readonly EventDraft[] = []) => {
    const key = { subject: locationKey(at), stage, version };
    await ledger.begin(key, 'test', 1_000);
    await ledger.complete(key, 'test', outcome);
    clock.advance(1_000);
  };
  const describeNow = (of = entry) => describeImage({ catalog: memoryCatalog(), ledger }, of, ['1'], true);
  return { ledger, done, describeNow };
}

describe('what is told of an image', () => {
  it('is the scan and the verdict of the latest news, not of the push', async () => {
    const { done, describeNow } = setup();
    await done('catalog');
    await done('match', '1', [draftEvent(scanCompleted, { subject, scan: scan('first', 0) })]);
    await done('gate', '1', [verdict('allow')]);
    expect(await describeNow()).toMatchObject({ scan: { snapshot: 'first' }, verdict: { decision: 'allow' } });
    const none = { appeared: [], fixed: [], withdrawn: [], severityChanged: [], knownExploited: [] };
    await done('rematch', '2', [draftEvent(findingsChanged, { subject, scan: scan('second', 1), ...none })]);
    await done('gate', '2', [verdict('deny')]);
    expect(await describeNow()).toMatchObject({ scan: { snapshot: 'second' }, verdict: { decision: 'deny' } });
  });

  it('stays told when the image is gone, and begins anew when it comes again', async () => {
    const { ledger, done, describeNow } = setup();
    for (const stage of ['catalog', 'sbom', 'match']) await done(stage);
    await done('gate', '1', [verdict('allow')]);
    await ledger.lapse(locationKey(at), stages);
    const gone = await describeNow({ ...entry, deletedAt: '2026-01-03T00:00:00.000Z' });
    expect(gone).toMatchObject({ settled: true, verdict: { decision: 'allow' } });
    expect(gone.stages.filter(({ state }) => state === 'waiting')).toEqual([]);
    const again = await describeNow();
    expect(again.settled).toBe(false);
    expect(again.verdict).toBeUndefined();
    expect(new Set(again.stages.map(({ state }) => state))).toEqual(new Set(['waiting']));
  });
});
