import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditEntry } from '../../lib/audit/index.ts';
import { pushImage } from '../../lib/cli/push-image.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { loadDocument } from '../../lib/documents/index.ts';
import { metadataSchema } from '../../lib/events/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../lib/formats/sigstore-bundle/index.ts';
import { checkReplica } from '../../lib/replication/check-replica.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { readSbomPackages } from '../../lib/sbom/index.ts';
import { COSIGN_SIGN_PREDICATE, verifyImage } from '../../lib/signing/index.ts';
import { buildImage } from '../lib/sbom/image-builder.ts';
import { putAdvisory } from '../support/advisories.ts';
import { pushBuilt } from '../support/push-images.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { unusedRights } from '../support/unused-rights.ts';
import { sendWebhook } from '../support/webhook.ts';
import { lostImage, type Pushed, pushAll } from './pipeline-inputs.ts';

const ALL_STAGES = ['catalog', 'sbom', 'match', 'gate', 'sign', 'replicate', 'attest'];
const EVENTS_OF_AN_IMAGE = [
  'Gate Decided',
  'Image Attested',
  'Image Cataloged',
  'Image Pushed',
  'Image Replicated',
  'Image Replicated',
  'Image Signed',
  'SBOM Created',
  'Scan Completed',
];

/** Rights that are needed and that this file gives no reason to use, and what they are for. */
const EXPLAINED: readonly (readonly [RegExp, why: string])[] = [
  [/: ecr:updateimagestorageclass$/, 'to the archival class and back: test/e2e/retention.test.ts'],
  [
    /^plan-retention: ecr:/,
    'deletes what was in the archival class of its registry for long enough: test/lib/lifecycle/archive-in-place.test.ts',
  ],
  [/^api: s3:(?:getobject|listbucket) archive/, 'a pull of what is archived: test/e2e/retention.test.ts'],
  [/: ecr:batchchecklayeravailability$/, 'ECR asks for it where a client asks if a blob is there: part of pulling'],
  [/: ecr:getdownloadurlforlayer$/, 'part of pulling, which some functions do of manifests alone'],
  [/^reconcile: read table audit$/, 'what was spent of budgets, and none is configured: test/lib/cost'],
  [
    /^api: s3:getobject documents\/(?:contents|layers)\//,
    'advice on layers and what is twice in them: test/lib/console/storage.test.ts',
  ],
  [/^reconcile: (?:read|write) table deliveries$/, 'where polling stands: test/e2e/polling.test.ts'],
  [/: ecr:createrepository$/, 'the registry of this machine makes a repository at the first push, ECR does not'],
  [
    /^(?:attest-image|renew-verdicts|sign-image): kms:/,
    'the post-quantum key, which no rule asks for here; test/e2e/trust.test.ts does',
  ],
  [
    /^(?:admit-workloads|discover-provenance|manage-trust|receive-provenance|record-provenance|respond-to-tasks): /,
    'what clusters, tasks, people and campaigns ask for: test/e2e/trust.test.ts',
  ],
  [
    /^(?:intake-scans|keep-appointments|plan-remediation|recheck-images): /,
    'what people and other scanners say, and what is done about findings: test/e2e/waivers.test.ts',
  ],
  [
    /^(?:api: (?:events:putevents|.* table (?:verdicts|scans)|dynamodb:query scans)|decide-gate: read table scans$)/,
    'waivers, VEX and reports: test/e2e/waivers.test.ts',
  ],
  [
    /^(?:restore-images: |expire-images: s3:(?:get|put)object archive\/)/,
    'archive and restore: test/e2e/retention.test.ts',
  ],
  [
    /^expire-images: (?:ecr:(?:completelayerupload|initiatelayerupload|putimage|uploadlayerpart)|s3:deleteobject archive\/)/,
    'setting aside, and packing what was archived: test/e2e/retention.test.ts',
  ],
  [
    /^plan-retention: (?:read table (?:audit|work)|write table catalog|s3:(?:delete|get|put)object archive\/)/,
    'replays, rules by verdict, and what an archive drops: the tests of lib/lifecycle and lib/registry',
  ],
  [
    /^(?:api|plan-retention): s3:(?:get|put)object documents\/inventory/,
    'snapshots of repositories with thousands of images: test/lib/inventory/snapshot.test.ts',
  ],
  [/^api: write table retention$/, 'holds, leases and reports of what runs, which nobody sends here'],
  [
    /^(?:probe-registries|resolve-images): /,
    'how registries are, and where images are near: test/e2e/availability.test.ts',
  ],
  [/^backup-registries: /, 'backups: test/e2e/recovery.test.ts'],
  [/^record-usage: /, 'what registries tell of pulls, and clusters of what runs: test/e2e/webhook.test.ts'],
  [/^compare-sboms: events:putevents/, 'SBOMs of others, and none is attached here'],
  [
    /^compare-sboms: (?:s3:deleteobject|ecr:(?:batchdeleteimage|listimages)|read table (?:catalog|signatures))/,
    'SBOMs go with their image: test/lib/external-sboms/forget-sboms.test.ts',
  ],
  [
    /^(?:attest-image|renew-verdicts|replicate-image): ecr:listimages$/,
    'comes with the right to delete: whoever deletes by rule looks at everything first, these know what they delete',
  ],
  [/^renew-verdicts: read table catalog$/, 'asks for signatures of another key: test/e2e/trust.test.ts'],
  [/^create-large-sbom: /, 'does the work of create-sbom for images over 2 GiB, and no image here is'],
  [/^api: read table replicas$/, 'what is told of copies: test/e2e/replication.test.ts'],
  [/^replicate-large-image: /, 'does the work of replicate-image for images over 4 GiB, and no image here is'],
  [/^replicate-image: (?:read|write) table retention$/, 'no rule here takes copies away'],
  [/^notify: .* (?:notifications|integrations)$/i, 'proves notifications to channels, and none is configured'],
  [/^record-audit: s3:/, 'segments of a thousand entries, details over 16 KiB, the checkpoint of another day'],
  [
    /^(?:attest-image|renew-verdicts): s3:getobject documents\/attestations/,
    'a retry reads what was recorded before it',
  ],
  [/^api: s3:putobject documents\/sboms/, 'takes in SBOMs of other tools: test/lib/console/sboms.test.ts'],
  [/^renew-verdicts: read table work$/, 'a retry finds which verdicts were renewed before it'],
  [
    /^match-vulnerabilities: s3:getobject documents\/scans\/\*$/,
    'another SBOM of a scanned image, whose clocks run on',
  ],
  [/^rematch-images: read table work$/, 'a retry finds which images were matched before it'],
  [/^us-east-1--forward: events:putevents/, 'the role of a rule: buses of this machine hand events on by themselves'],
];

const corpora = process.env.LADING_CORPORA ?? '';
const withoutCorpora = !existsSync(join(corpora, 'images', 'index.json'));
const why = withoutCorpora ? ' (skipped: LADING_CORPORA names no folder with images)' : '';

describe('an image that is pushed', () => {
  let system: TestStack;
  let pushed: Pushed;
  let lossy = false;
  const heard: Parameters<Parameters<TestStack['stack']['onEvent']>[0]>[] = [];
  beforeAll(async () => {
    system = await startTestStack({ intercept: (event) => (lossy ? [] : [event]) });
    system.stack.onEvent((...event) => void heard.push(event));
    await system.run('sync-advisories');
    pushed = await pushAll(system);
    await system.settle();
  });
  afterAll(() => system?.close());

  const images = (): readonly (readonly [string, ImageLocation])[] =>
    Object.entries(pushed).filter(([name]) => name !== 'artifact' && name !== 'attestation');
  const signaturesOf = async ({ repository, digest }: ImageLocation): Promise<readonly Digest[]> => {
    const { descriptors, complete } = await system.source.client.listReferrers({ repository, digest });
    expect(complete).toBe(true);
    const bundles = descriptors.filter(({ artifactType }) => artifactType === SIGSTORE_BUNDLE_V03);
    return bundles
      .filter(({ annotations }) => annotations?.['dev.sigstore.bundle.predicateType'] === COSIGN_SIGN_PREDICATE)
      .map((one) => one.digest);
  };

  it('goes through every stage, once', async () => {
    for (const [name, image] of images()) {
      const { stages, settled, entry } = await system.overview(image);
      expect({ name, settled }).toEqual({ name, settled: true });
      expect(stages.map(({ stage, state }) => `${stage} ${state}`)).toEqual(ALL_STAGES.map((stage) => `${stage} done`));
      expect(entry.artifactClass).toBe(name === 'index' ? 'index' : 'image');
      const records = await system.ledger.list(locationKey(image));
      expect(records.map(({ stage, attempts }) => `${stage} ${attempts}`).sort()).toEqual(
        [...ALL_STAGES, 'replicate-statements', 'compare-sboms', 'compare-sboms'].map((stage) => `${stage} 1`).sort(),
      );
    }
  });

  it('is catalogued with its tags, relations and platform', async () => {
    const { catalog } = system;
    const indexEntry = await catalog.find(pushed.index);
    expect(indexEntry?.children.map(({ digest, platform }) => `${digest} ${platform}`)).toEqual([
      `${pushed.amd64.digest} linux/amd64`,
      `${pushed.arm64.digest} linux/arm64/v8`,
      `${pushed.attestation.digest} unknown/unknown`,
    ]);
    expect(await catalog.parentsOf(pushed.amd64)).toEqual([pushed.index.digest]);
    expect((await catalog.tag(pushed.index, 'v1'))?.digest).toBe(pushed.index.digest);
    expect((await catalog.find(pushed.arm64))?.platform).toBe('linux/arm64/v8');
    expect((await catalog.find(pushed.attestation))?.artifactClass).toBe('attestation');
    expect((await catalog.find(pushed.artifact))?.artifactClass).toBe('artifact');
    const { descriptors } = await system.source.client.listReferrers(pushed.alpine);
    expect(await catalog.referrersOf(pushed.alpine)).toEqual(descriptors.map(({ digest }) => digest).sort());
  });

  it('has an inventory of exactly its packages, which the API gives as CycloneDX', async () => {
    const { sbom } = await system.overview(pushed.alpine);
    const document = await loadDocument(system.documents, sbom?.sbom.key ?? '', sbom?.sbom.digest);
    const names = readSbomPackages(document ?? new Uint8Array()).map(({ name, version }) => `${name} ${version}`);
    expect(names.sort()).toEqual(['busybox 1.30.1-r2', 'libcrypto1.1 1.1.1c-r0', 'musl 1.1.22-r3']);
    const store = documentSbomStore(system.documents);
    expect((await store.get(pushed.debian.digest))?.packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12',
      'pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12',
    ]);
    expect((await system.overview(pushed.empty)).sbom?.sbom).toMatchObject({ packages: 0, outcome: 'complete' });
    expect((await system.overview(pushed.index)).sbom?.sbom.packages).toBe(3);
    const ref = encodeURIComponent(locationKey(pushed.alpine));
    const served = await fetch(`${system.api}/api/sbom?ref=${ref}`);
    expect(await served.text()).toBe(Buffer.from(document ?? []).toString('utf8'));
  });

  it('is matched and judged', async () => {
    const { scan, verdict } = await system.overview(pushed.alpine);
    expect(scan?.packages).toBe(3);
    // What the bundled facts say of libcrypto1.1 1.1.1c-r0, by its origin openssl.
    const answer = await system.ask(`/api/image?ref=${encodeURIComponent(locationKey(pushed.alpine))}`);
    const { findings } = z.object({ findings: z.array(z.object({ id: z.string() })) }).parse(await answer.json());
    expect(findings.map(({ id }) => id).sort()).toEqual(['CVE-2019-1547', 'CVE-2019-1549', 'CVE-2019-1563']);
    expect(verdict).toMatchObject({ decision: 'allow', scan: scan?.digest });
    const rows = await system.rows('scans');
    for (const [, image] of images()) {
      expect(rows.filter(({ pk }) => pk === `IMAGE#${locationKey(image)}`)).toHaveLength(1);
    }
  });

  it('is signed once, by a signature that verifies with the exported key here and at the replica', async () => {
    const key = await system.publicKey();
    const { source, replica } = system;
    for (const [, image] of images()) {
      expect(await signaturesOf(image)).toHaveLength(1);
      expect(await verifyImage(source.client, image, [key])).toMatchObject({ kind: 'verified' });
      expect(await verifyImage(replica.client, image, [key])).toMatchObject({ kind: 'verified' });
    }
    expect(await signaturesOf(pushed.artifact)).toEqual([]);
    expect(await signaturesOf(pushed.attestation)).toEqual([]);
  });

  it('is replicated, with equal manifests, children, referrers and tags', async () => {
    const { source, replica } = system;
    for (const [name, image] of images()) {
      const { repository, digest } = image;
      const there = await replica.registry.store.getManifest(repository, digest);
      const here = await source.registry.store.getManifest(repository, digest);
      expect(there?.bytes).toEqual(here?.bytes);
      const referrers = (of: typeof source) => of.registry.store.referrers(repository, digest).map((one) => one.digest);
      expect({ name, referrers: referrers(replica) }).toEqual({ name, referrers: referrers(source) });
      const tags = source.registry.store.findManifest(repository, digest)?.tags ?? [];
      const check = { source: image, target: { registry: replica.host, repository }, tags };
      expect(await checkReplica({ source: source.client, target: replica.client }, check)).toEqual({ kind: 'equal' });
    }
  });

  it('is in the audit trail, event by event, under the push that began it; and the trail is intact', async () => {
    const trail = await system.trail();
    const about = (image: ImageLocation): readonly AuditEntry[] =>
      trail.filter(({ subject }) => subject === locationKey(image));
    for (const [, image] of images()) {
      const entries = about(image);
      expect(entries.map(({ detailType }) => detailType).sort()).toEqual(EVENTS_OF_AN_IMAGE);
      const { correlationId } = metadataOf(entries.find(({ detailType }) => detailType === 'Image Pushed'));
      expect(entries.map((entry) => metadataOf(entry).correlationId)).toEqual(entries.map(() => correlationId));
    }
    expect(about(pushed.artifact).map(({ detailType }) => detailType)).toEqual(['Image Pushed', 'Image Cataloged']);
    expect(await system.verifyTrail()).toMatchObject({ kind: 'intact', entries: trail.length });
  });

  it('starts nothing by our own signatures and replicas but their entry in the catalogue', async () => {
    const { rows, catalog, source, replica, stack } = system;
    const subjects = new Set((await rows('work')).filter(({ stage }) => stage !== 'catalog').map(({ pk }) => pk));
    expect([...subjects].sort()).toEqual(
      images()
        .map(([, image]) => locationKey(image))
        .sort(),
    );
    for (const [, { repository, digest }] of images()) {
      const copy = await catalog.find({ registry: replica.host, repository, digest });
      expect(copy).toMatchObject({ replicaOf: source.host });
    }
    // Every manifest of both registries was catalogued, each by one event: a loop would show as more.
    const manifests = [source, replica].flatMap(({ registry: { store } }) =>
      store.listRepositories().flatMap(({ name }) => store.listManifests(name)),
    );
    const catalogued = (await rows('work')).filter(({ stage }) => stage === 'catalog');
    expect(catalogued).toHaveLength(manifests.length);
    const before = stack.metrics().get('lading-sign-image')?.invocations;
    await system.run('reconcile', { graceMs: 0 });
    expect(stack.metrics().get('lading-sign-image')?.invocations).toBe(before);
  });

  it.skipIf(withoutCorpora)(
    `has the packages of the expected lists, for Alpine and Debian as released${why}`,
    async () => {
      const { source, settle, location, documents } = system;
      for (const ref of ['alpine-3.20.3', 'debian-12-slim']) {
        const from = `oci:${join(corpora, 'images')}:${ref}`;
        const { digest } = await pushImage({ source: from, target: source.client, repository: `corpora/${ref}` });
        await settle();
        const { sbom, settled } = await system.overview(location(`corpora/${ref}`, digest));
        expect({ settled, outcome: sbom?.sbom.outcome }).toEqual({ settled: true, outcome: 'complete' });
        const stored = await documentSbomStore(documents).get(digest);
        const found = stored?.packages.map(({ type, name, version, purl }) => [type, name, version, purl].join('\t'));
        const list = readFileSync(join(corpora, 'expected', `${ref}.linux-amd64.tsv`), 'utf8').split('\n');
        expect(list[0]).toContain(digest);
        expect(found?.sort()).toEqual(list.filter((line) => /^(?:apk|deb|npm)\t/.test(line)).sort());
      }
    },
  );

  it('is found by the sweep where no event told of its push', async () => {
    lossy = true;
    const lost = system.location('team/lost', await pushBuilt(system.source.client, 'team/lost', lostImage, 'v1'));
    await system.settle();
    lossy = false;
    expect(await system.catalog.find(lost)).toBeUndefined();
    await system.run('reconcile', { graceMs: 0 });
    const { settled, signature } = await system.overview(lost);
    expect({ settled, signed: signature !== undefined }).toEqual({ settled: true, signed: true });
    expect((await system.catalog.tag(lost, 'v1'))?.digest).toBe(lost.digest);
  });

  it('changes nothing when all of its events come once more', async () => {
    const { stack, settle, location } = system;
    const before = await system.rows('work');
    for (const [{ source, 'detail-type': detailType, detail }, bus, region] of [...heard])
      stack.putEvent(region, { source, detailType, detail }, bus);
    await settle();
    expect(await system.rows('work')).toEqual(before);
    expect(await signaturesOf(location('team/alpine', pushed.alpine.digest))).toHaveLength(1);
  });

  it('has every right used once retention, repair, news and the doors were at work, but for those explained', async () => {
    const { source, replica, stack, ask, run, settle } = system;
    const expiring = buildImage([[{ path: 'old', content: 'old' }]]);
    await pushBuilt(source.client, 'team/old', expiring, 'expire-1');
    await settle();
    await run('plan-retention');
    expect(
      (await system.catalog.find(system.location('team/old', expiring.descriptor.digest)))?.deletedAt,
    ).toBeDefined();
    await replica.client.deleteTag({ repository: 'team/debian', tag: '12' });
    await run('reconcile', { graceMs: 0 });
    expect(replica.registry.store.findManifest('team/debian', '12')?.digest).toBe(pushed.debian.digest);
    // The first covers another ecosystem, for which all images are matched; the second is looked up by its package.
    for (const name of ['zlib1g', 'libc6']) {
      await putAdvisory(system.documents, { ecosystem: 'Debian:12', name, severity: 'critical' });
      await run('sync-advisories');
    }
    await run('renew-verdicts', { renewBeforeHours: 10_000 });
    const { scan, verdict } = await system.overview(pushed.debian);
    expect({ critical: scan?.counts.critical, decision: verdict?.decision }).toEqual({ critical: 2, decision: 'deny' });
    const news = { action: 'push', registry: source.host, repository: 'team/alpine', tag: '3.10' };
    const body = JSON.stringify({ events: [news] });
    const answer = await sendWebhook(system.api, { source: 'script', secret: await system.webhookSecret(), body });
    expect(answer.status).toBe(202);
    const ref = encodeURIComponent(locationKey(pushed.alpine));
    for (const path of ['/', `/image?ref=${ref}`, '/live?after=0', '/api/images', '/api/events', '/api/advisories'])
      await ask(path);
    await ask('/api/retention/preview', { method: 'POST', body: '{}' });
    await settle();
    const unused = unusedRights(stack);
    console.log(`rights that nothing needed here:\n${unused.join('\n')}`);
    expect(unused.filter((right) => !EXPLAINED.some(([pattern]) => pattern.test(right)))).toEqual([]);
    // An explanation of what is used, or is no right any more, would hide the next one.
    expect(EXPLAINED.filter(([pattern]) => !unused.some((right) => pattern.test(right)))).toEqual([]);
  });

  it('leaves no dead letter, needed no right that it did not have, and told of no problem', () => {
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
    expect(system.stack.droppedEvents).toEqual([]);
    expect(system.notices).toEqual([]);
  });
});

const metadataOf = (entry: AuditEntry | undefined) =>
  metadataSchema.parse((entry?.detail as { readonly metadata?: unknown } | undefined)?.metadata);
