import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { saveJson } from '../../../lib/documents/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { imageKnowledge, planFor, showVulnerability } from '../../../lib/remediation/index.ts';
import { memoryScanStore } from '../../../lib/vulnerabilities/adapters/memory-scan-store.ts';
import type { Finding } from '../../../lib/vulnerabilities/index.ts';
import { scan } from '../policy/support.ts';
import { found } from './support.ts';

const registry = 'registry.example';
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

function setUp() {
  const clock = manualClock('2026-06-01T00:00:00.000Z');
  const catalog = memoryCatalog();
  const scans = memoryScanStore();
  const documents = memoryDocuments();
  const leases = memoryRetention(clock);

  /** Puts an image with its scan and SBOM, as the stages would leave them; later ones were pushed later. */
  async function put(
    repository: string,
    layers: readonly string[],
    findings: readonly Finding[],
    packages: readonly string[],
  ) {
    clock.advance(60_000);
    const digest = digestOf(`${repository} ${layers.join()}`);
    const at = { registry, repository, digest };
    const now = clock.now().toISOString();
    await catalog.enter({
      ...{ ...at, mediaType, artifactClass: 'image', platform: 'linux/amd64', children: [], sizeBytes: 1 },
      layers: layers.map((layer) => ({ digest: digestOf(layer), mediaType: 'l', size: 1 })),
      ...{
        labels: { 'org.opencontainers.image.base.name': 'docker.io/library/debian:12' },
        pushedAt: now,
        firstSeenAt: now,
      },
    });
    const components = packages.map((name) => ({
      type: 'library',
      name,
      version: '1',
      purl: `pkg:deb/debian/${name}@1`,
    }));
    const sbom = await saveJson(documents, 'sboms', {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      metadata: { component: { type: 'container', name: digest } },
      components,
    });
    const ref = await saveJson(documents, 'scans', scan(findings, { image: digest }));
    const counts = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
    await scans.put({
      subject: { ...at, mediaType, tags: ['v1'] },
      sbom: { ...sbom, outcome: 'complete' },
      snapshot: { sequence: 1 },
      scan: { ...ref, matcher: 'test/1', counts, fixable: 0, uncovered: 0, packages: 1, sbomOutcome: 'complete' },
      scannedAt: now,
    });
    return at;
  }
  const ports = { catalog, scans, documents, leases, clock };
  return { ...ports, put, knowledge: imageKnowledge(ports), ports };
}

const ssl = (layer: string) => found('CVE-1', 'critical', digestOf(layer), { type: 'deb', name: 'libssl3' }, ['3.0.2']);

describe('what is known for a plan', () => {
  it('is the base by its layers, newer images of it, and what runs', async () => {
    const { put, knowledge, leases } = setUp();
    await put('base', ['a'], [ssl('a')], ['libssl3', 'tar']);
    const newer = await put('base', ['a2'], [], ['libssl3', 'tar', 'more']);
    await put('base-of-others', ['z'], [], []);
    const app = await put('app', ['a', 'b'], [ssl('a')], ['libssl3', 'tar', 'app']);
    await leases.hold(app, { digest: app.digest, reason: 'ecs team/app', until: '2026-06-02T00:00:00.000Z' });
    await leases.hold(app, { digest: app.digest, reason: 'ecs team/gone', until: '2026-05-01T00:00:00.000Z' });
    const known = await knowledge.around(app);
    expect(known.map(({ repository, running }) => [repository, running])).toEqual([
      ['app', 1],
      ['base', 0],
      ['base', 0],
    ]);
    expect(await planFor(knowledge, app, { minimumWorth: 0 })).toMatchObject({
      changes: [{ kind: 'newer-base', to: newer.digest, name: 'docker.io/library/debian:12' }],
      cleared: ['CVE-1 libssl3'],
    });
    expect(await knowledge.all(10)).toHaveLength(4);
  });

  it('tells that a newer base holds the same packages, though no two SBOMs are equal', async () => {
    const { put, knowledge } = setUp();
    await put('base', ['a'], [ssl('a')], ['tar', 'libssl3']);
    await put('base', ['a2'], [], ['libssl3', 'tar']);
    const app = await put('app', ['a', 'b'], [ssl('a')], ['libssl3']);
    expect(await planFor(knowledge, app, { minimumWorth: 0 })).toBeUndefined();
  });

  it('is nothing of an image that is gone', async () => {
    const { put, knowledge, catalog } = setUp();
    const app = await put('app', ['a'], [ssl('a')], []);
    expect(await planFor(knowledge, app, { minimumWorth: 0 })).toMatchObject({ changes: [{ kind: 'rebuild' }] });
    await catalog.markDeleted(app, '2026-06-01T00:00:00.000Z');
    expect(await planFor(knowledge, app, { minimumWorth: 0 })).toBeUndefined();
    expect(await planFor(knowledge, { ...app, repository: 'never' }, { minimumWorth: 0 })).toBeUndefined();
  });
});

describe('who has a vulnerability', () => {
  it('is told by any of its names, those that run first, and whether the list is whole', async () => {
    const { put, ports, leases } = setUp();
    await put('app-1', ['a'], [{ ...ssl('a'), aliases: ['GHSA-1'] }], []);
    const second = await put('app-2', ['b'], [ssl('b')], []);
    await put('clean', ['c'], [], []);
    await leases.hold(second, { digest: second.digest, reason: 'eks web', until: '2026-07-01T00:00:00.000Z' });
    const { images, examined, complete } = await showVulnerability(ports, 'cve-1', 10);
    expect(images.map(({ image, runs }) => [image.split('@')[0], runs])).toEqual([
      ['registry.example/app-2', ['eks web']],
      ['registry.example/app-1', []],
    ]);
    expect({ examined, complete }).toEqual({ examined: 3, complete: true });
    expect((await showVulnerability(ports, 'GHSA-1', 10)).images).toHaveLength(1);
    expect(await showVulnerability(ports, 'CVE-1', 2)).toMatchObject({ examined: 2, complete: false });
  });

  it('names archived images as such, and no deleted ones', async () => {
    const { put, ports, catalog } = setUp();
    const gone = await put('gone', ['a'], [ssl('a')], []);
    const kept = await put('kept', ['b'], [ssl('b')], []);
    await put('here', ['c'], [ssl('c')], []);
    for (const one of [gone, kept]) await catalog.markDeleted(one, '2026-06-01T00:00:00.000Z');
    await catalog.markArchived(kept, '2026-06-01T00:00:00.000Z');
    const { images } = await showVulnerability(ports, 'CVE-1', 10);
    expect(images.map(({ image, archived }) => [image.split('@')[0], archived])).toEqual([
      ['registry.example/here', undefined],
      ['registry.example/kept', true],
    ]);
  });
});
