import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import {
  draftEvent,
  type EventDraft,
  findingsChanged,
  gateDecided,
  imageReplicated,
  sbomCreated,
  scanCompleted,
} from '../../../lib/events/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { type CatalogEntry, stages } from '../../../lib/inventory/index.ts';
import { describeImage, findImage, listImages } from '../../../lib/overview/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';

const digest = digestOf('image');
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const subject = { registry: 'r.example', repository: 'app', digest, mediaType, tags: ['1'] };
const entry: CatalogEntry = {
  registry: 'r.example',
  repository: 'app',
  digest,
  mediaType,
  artifactClass: 'image',
  children: [],
  layers: [],
  sizeBytes: 1,
  labels: {},
  pushedAt: '2026-01-01T00:00:00.000Z',
  firstSeenAt: '2026-01-01T00:00:00.000Z',
};

const sbomOf = (packages: number): EventDraft =>
  draftEvent(sbomCreated, {
    subject,
    sbom: { key: 'k', digest, format: 'cyclonedx-json', generator: 'x', packages, outcome: 'complete' },
    layersRead: 1,
    layersReused: 0,
  });
const decided = (decision: 'allow' | 'deny'): EventDraft =>
  draftEvent(gateDecided, {
    subject,
    decision,
    reasons: [],
    warnings: [],
    policy: { name: 'default', digest },
    inputs: digest,
    scan: digest,
  });

function setup() {
  const clock = manualClock();
  const ledger = memoryLedger(clock);
  const catalog = memoryCatalog();
  const finish = async (stage: string, version: string, outcome: readonly EventDraft[] = []) => {
    clock.advance(1_000);
    const key = { subject: locationKey(entry), stage, version };
    await ledger.begin(key, 'owner', 1_000);
    await ledger.complete(key, 'owner', outcome);
  };
  return { ports: { catalog, ledger }, finish, ledger, catalog };
}

const states = (image: Awaited<ReturnType<typeof describeImage>>) =>
  Object.fromEntries(image.stages.map(({ stage, state }) => [stage, state]));

describe('the overview of an image', () => {
  it('shows what is done, under way and still to come', async () => {
    const { ports, finish, ledger } = setup();
    await finish('catalog', '1');
    await finish('sbom', '1', [sbomOf(7)]);
    await ledger.begin({ subject: locationKey(entry), stage: 'match', version: '1' }, 'owner', 1_000);
    const image = await describeImage(ports, entry, ['1'], true);
    expect(states(image)).toEqual({
      catalog: 'done',
      sbom: 'done',
      match: 'working',
      gate: 'waiting',
      sign: 'waiting',
      replicate: 'waiting',
      attest: 'waiting',
    });
    expect(image.settled).toBe(false);
    expect(image.sbom?.sbom.packages).toBe(7);
    expect(image.stages[1]?.completedAt).toBe('2026-01-01T00:00:02.000Z');
  });

  it('goes by the latest outcome of a stage, and expects no signature of what is denied', async () => {
    const { ports, finish } = setup();
    await finish('catalog', '1');
    await finish('sbom', '1', [sbomOf(1)]);
    await finish('sbom', '2', [sbomOf(2)]);
    await finish('match', '1');
    await finish('gate', 'a', [decided('allow')]);
    await finish('gate', 'b', [decided('deny')]);
    const image = await describeImage(ports, entry, [], true);
    expect(image.sbom?.sbom.packages).toBe(2);
    expect(image.verdict?.decision).toBe('deny');
    expect(image.settled).toBe(true);
    expect(states(image)).toMatchObject({ sign: 'not-needed', replicate: 'not-needed' });
  });

  it('shows the scan of the latest news, not of the push', async () => {
    const { ports, finish } = setup();
    const counts = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
    const scan = (snapshot: string, critical: number) => ({
      ...{ key: `scans/${snapshot}`, digest: digestOf(snapshot), matcher: 'test', snapshot },
      ...{ counts: { ...counts, critical }, fixable: 0, uncovered: 0, packages: 1, sbomOutcome: 'complete' as const },
    });
    await finish('match', '1', [draftEvent(scanCompleted, { subject, scan: scan('first', 0) })]);
    expect((await describeImage(ports, entry, [], true)).scan).toMatchObject({ snapshot: 'first' });
    const none = { appeared: [], fixed: [], withdrawn: [], severityChanged: [], knownExploited: [] };
    await finish('rematch', '2', [draftEvent(findingsChanged, { subject, scan: scan('second', 1), ...none })]);
    const { scan: latest } = await describeImage(ports, entry, [], true);
    expect(latest).toMatchObject({ snapshot: 'second', counts: { critical: 1 } });
  });

  it('stays when the image is gone, and begins anew when it comes again', async () => {
    const { ports, finish, ledger } = setup();
    for (const stage of ['catalog', 'sbom', 'match']) await finish(stage, '1');
    await finish('gate', '1', [decided('allow')]);
    await ledger.lapse(locationKey(entry), stages);
    const gone = await describeImage(ports, { ...entry, deletedAt: '2026-01-03T00:00:00.000Z' }, [], true);
    expect(gone).toMatchObject({ settled: true, verdict: { decision: 'allow' } });
    expect(Object.values(states(gone))).not.toContain('waiting');
    const again = await describeImage(ports, entry, [], true);
    expect({ settled: again.settled, verdict: again.verdict }).toEqual({ settled: false, verdict: undefined });
    expect(new Set(Object.values(states(again)))).toEqual(new Set(['waiting']));
  });

  it('has no replica where no rule copies it', async () => {
    const { ports, finish } = setup();
    await finish('replicate', '1');
    expect(states(await describeImage(ports, entry, [], false))).toMatchObject({ replicate: 'not-needed' });
  });

  it('names every replica', async () => {
    const { ports, finish } = setup();
    const replica = (registry: string) =>
      draftEvent(imageReplicated, {
        subject,
        target: { registry, repository: 'app' },
        bytesMoved: 1,
        blobsCopied: 1,
        blobsSkipped: 0,
        manifests: 1,
      });
    await finish('replicate', '1', [replica('a.example'), replica('b.example')]);
    expect((await describeImage(ports, entry, [], true)).replicas.map(({ target }) => target.registry)).toEqual([
      'a.example',
      'b.example',
    ]);
  });

  it('is listed newest first, without signatures and replicas', async () => {
    const { ports, catalog } = setup();
    const more = (name: string, given: Partial<CatalogEntry>): CatalogEntry => ({
      ...entry,
      digest: digestOf(name),
      ...given,
    });
    await catalog.enter(entry);
    await catalog.enter(more('newer', { pushedAt: '2026-01-02T00:00:00.000Z' }));
    await catalog.enter(more('signature', { artifactClass: 'signature', referrerOf: digest }));
    await catalog.enter(more('replica', { registry: 's.example', replicaOf: 'r.example' }));
    await catalog.bindTag({ registry: 'r.example', repository: 'app', tag: '1', digest, boundAt: entry.pushedAt });
    const images = await listImages(ports, { limit: 10, replicated: () => false });
    expect(images.map((image) => [image.entry.digest, image.tags])).toEqual([
      [digestOf('newer'), []],
      [digest, ['1']],
    ]);
  });

  it('is found by tag or digest, and what there is instead is named', async () => {
    const { catalog } = setup();
    await catalog.enter(entry);
    await catalog.bindTag({ registry: 'r.example', repository: 'app', tag: '1', digest, boundAt: entry.pushedAt });
    expect((await findImage(catalog, 'r.example/app:1')).digest).toBe(digest);
    expect((await findImage(catalog, `r.example/app@${digest}`)).digest).toBe(digest);
    await expect(findImage(catalog, 'r.example/app:2')).rejects.toMatchObject({
      code: 'image-unknown',
      hint: 'tags of app: 1',
    });
    await expect(findImage(catalog, 'r.example/none:2')).rejects.toMatchObject({
      hint: 'nothing was pushed to r.example/none yet',
    });
  });
});
