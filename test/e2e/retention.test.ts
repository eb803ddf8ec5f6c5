import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Digest } from '../../lib/core/digest.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { findingsChanged, imageExpired, retentionPlanned, sbomsRemoved } from '../../lib/events/index.ts';
import { type RegistryReader, walkClosedGraph } from '../../lib/registry/index.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { verifyImage } from '../../lib/signing/index.ts';
import { apkDatabase, buildImage, buildLayer, osRelease } from '../lib/sbom/image-builder.ts';
import { putAdvisory } from '../support/advisories.ts';
import { pushBuilt, pushIndex } from '../support/push-images.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const REPOSITORY = 'team/app';
const EXPIRING = 'expire-3';

const layer = (name: string) => buildLayer([{ path: `app/${name}`, content: name.repeat(1_000) }]);
const base = buildLayer([osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])], 'gzip');
const elsewhere = layer('elsewhere');
const images = {
  first: buildImage([base, layer('first')]),
  second: buildImage([base, layer('second')]),
  /** Only the expiring index lists it; one of its layers is in another repository, too. */
  own: buildImage([base, elsewhere, layer('own')], { os: 'linux', architecture: 'amd64' }),
  /** Both indexes list it. */
  shared: buildImage([base, layer('shared')], { os: 'linux', architecture: 'arm64' }),
  last: buildImage([base, layer('last')], { os: 'linux', architecture: 's390x' }),
};

const digestOnly = ({ descriptor: { digest } }: { readonly descriptor: { readonly digest: Digest } }) => ({ digest });
const run = promisify(execFile);
const isOnPath = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

async function pull(
  name: 'lading' | 'crane' | 'skopeo',
  client: RegistryReader,
  { host, repository, tag }: { readonly host: string; readonly repository: string; readonly tag: string },
  target: string,
): Promise<void> {
  const image = `${host}/${repository}:${tag}`;
  if (name === 'crane') await run('crane', ['pull', '--insecure', image, target]);
  else if (name === 'skopeo')
    await run('skopeo', ['copy', '--insecure-policy', '--src-tls-verify=false', `docker://${image}`, `dir:${target}`]);
  else expect(await client.getManifest({ repository, reference: tag })).toBeDefined();
}

/** No statements: so every referrer of an image is its signature. */
const onlySigned = { '"attest":["cyclonedx","vulnerabilities","vex","tests","provenance","verdict"]': '"attest":[]' };

describe('retention', () => {
  let dataDir: string;
  let system: TestStack;
  let expiring: Digest;
  let newest: Digest;
  /** Signatures that the pipeline made, by what they are about. */
  const signatures = new Map<Digest, Digest>();

  const at = (digest: Digest): ImageLocation => system.location(REPOSITORY, digest);
  const own = images.own.descriptor.digest;
  const shared = images.shared.descriptor.digest;
  const store = () => system.source.registry.store;
  const digests = () =>
    store()
      .listManifests(REPOSITORY)
      .map(({ digest }) => digest)
      .sort();

  async function pushAll(): Promise<void> {
    const { client } = system.source;
    await pushBuilt(client, 'team/other', buildImage([elsewhere]), 'v1');
    await pushBuilt(client, REPOSITORY, images.first, 'v1');
    await pushBuilt(client, REPOSITORY, images.second, 'v2');
    for (const name of ['own', 'shared', 'last'] as const) await pushBuilt(client, REPOSITORY, images[name]);
    const { descriptor } = images.shared;
    expiring = await pushIndex(client, REPOSITORY, [images.own.descriptor, descriptor], EXPIRING);
    newest = await pushIndex(client, REPOSITORY, [images.last.descriptor, descriptor], 'v4');
    await system.settle();
  }

  const plan = async (): Promise<void> => {
    expect(system.stack.runSchedule('lading-plan-retention')).toBe(1);
    await system.settle();
  };

  async function eventsOf(
    type: string,
  ): Promise<readonly { readonly data: unknown; readonly correlationId: string }[]> {
    const entries = (await system.trail()).filter(({ detailType }) => detailType === type);
    return entries.map(({ detail }) => {
      const { data, metadata } = detail as unknown as { data: unknown; metadata: { correlationId: string } };
      return { data, correlationId: metadata.correlationId };
    });
  }

  const plansOf = async (repository: string) =>
    (await eventsOf('Retention Planned'))
      .map(({ data, correlationId }) => ({ ...retentionPlanned.data.parse(data), correlationId }))
      .filter((one) => one.repository === repository);

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-retention-'));
    system = await startTestStack({ dataDir, instead: { ...onlySigned, '"dryRun":false': '"dryRun":true' } });
    await pushAll();
    for (const { digest, subject } of store().listManifests(REPOSITORY)) if (subject) signatures.set(subject, digest);
  });
  afterAll(async () => {
    await system?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('starts from images, children and indexes that the pipeline signed', () => {
    const signed = [...Object.values(images).map(({ descriptor }) => descriptor.digest), expiring, newest];
    expect([...signatures.keys()].sort()).toEqual(signed.sort());
  });

  it('deletes nothing in a dry run, and says what it would', async () => {
    const before = digests();
    await plan();
    const [made, ...more] = await plansOf(REPOSITORY);
    expect(more).toEqual([]);
    expect(made).toMatchObject({ dryRun: true, keep: 3, expire: 1 });
    expect(made?.freedBytes).toBeGreaterThan(0);
    expect(digests()).toEqual(before);
    expect(system.stack.metrics().get('lading-expire-images')?.invocations).toBe(0);
    expect(await eventsOf('Image Expired')).toEqual([]);
  });

  it('deletes the closed graph of the tag that expires, signatures included, and nothing else', async () => {
    await system.close();
    system = await startTestStack({ dataDir, instead: onlySigned, recall: true });
    await store().collectGarbage({ graceMs: 0 });
    const before = { digests: digests(), bytes: store().diskUsage().bytes };
    await plan();
    const gone = [expiring, own, signatures.get(expiring), signatures.get(own)];
    expect(digests()).toEqual(before.digests.filter((digest) => !gone.includes(digest)));
    expect(
      store()
        .tags(REPOSITORY)
        .map(({ tag }) => tag),
    ).toEqual(['v1', 'v2', 'v4']);
    await store().collectGarbage({ graceMs: 0 });
    const made = (await plansOf(REPOSITORY)).at(-1);
    expect(made?.dryRun).toBe(false);
    expect(before.bytes - store().diskUsage().bytes).toBe(made?.freedBytes);
  });

  it('leaves everything that is still referenced readable to the last byte, and verifiable', async () => {
    const { client } = system.source;
    const key = await system.publicKey();
    for (const { digest } of store().tags(REPOSITORY)) {
      const graph = await walkClosedGraph(client, { repository: REPOSITORY, digest });
      expect(graph).toMatchObject({ complete: true, missing: [] });
      for (const blob of graph?.blobs ?? []) {
        let bytes = 0;
        for await (const chunk of client.openBlob({ repository: REPOSITORY, ...blob })) bytes += chunk.length;
        expect(bytes).toBe(blob.size);
      }
    }
    const kept = [images.first, images.second, images.shared, images.last].map(({ descriptor }) => descriptor.digest);
    for (const digest of [...kept, newest]) {
      expect(await verifyImage(client, at(digest), [key])).toMatchObject({
        kind: 'verified',
        manifest: signatures.get(digest),
      });
    }
    expect(
      await verifyImage(client, system.location('team/other', buildImage([elsewhere]).descriptor.digest), [key]),
    ).toMatchObject({ kind: 'verified' });
  });

  it('says so in the catalogue and in the trail, and can still explain what is gone', async () => {
    const { catalog } = system;
    for (const digest of [expiring, own, signatures.get(expiring), signatures.get(own)])
      expect((await catalog.find(at(digest as Digest)))?.deletedAt).toBeDefined();
    expect((await catalog.find(at(shared)))?.deletedAt).toBeUndefined();
    expect(await catalog.parentsOf(at(shared))).toEqual([newest]);
    expect(await catalog.tag(at(expiring), EXPIRING)).toMatchObject({ digest: undefined });
    const [expired, ...more] = await eventsOf('Image Expired');
    expect(more).toEqual([]);
    const { subject, deleted, deletedCount, plan: planned, reason } = imageExpired.data.parse(expired?.data);
    const made = (await plansOf(REPOSITORY)).at(-1);
    expect(subject).toMatchObject({ digest: expiring, tags: [EXPIRING] });
    expect({ planned, correlationId: expired?.correlationId }).toEqual({
      planned: made?.plan.digest,
      correlationId: made?.correlationId,
    });
    expect([...deleted].sort()).toEqual([expiring, own, signatures.get(expiring), signatures.get(own)].sort());
    expect([deleted[0], deletedCount]).toEqual([expiring, 4]);
    expect(reason).toContain('expire by name');
    expect(await system.overview(at(expiring))).toMatchObject({ settled: true, verdict: { decision: 'allow' } });
    expect(await system.verifyTrail()).toMatchObject({ kind: 'intact' });
  });

  it('is silent when it comes again, and the sweep finds nothing to mend', async () => {
    const before = digests();
    await plan();
    expect(digests()).toEqual(before);
    expect((await plansOf(REPOSITORY)).at(-1)).toMatchObject({ expire: 0, freedBytes: 0 });
    const trail = (await system.trail()).length;
    await system.run('reconcile', { graceMs: 0 });
    expect((await system.trail()).length).toBe(trail);
  });

  it('matches the news of advisories for what is there, and not for what is gone', async () => {
    await putAdvisory(system.documents, { ecosystem: 'Alpine:v3.10', name: 'musl', severity: 'low' });
    await system.run('sync-advisories');
    const changed = (await eventsOf('Findings Changed')).map(({ data }) => findingsChanged.data.parse(data).subject);
    const there = [images.first, images.second, images.shared, images.last].map(({ descriptor }) => descriptor.digest);
    expect(changed.map(({ digest }) => digest).sort()).toEqual([...there, newest].sort());
  });

  it('lets its SBOM go when the last copy of the image is gone, and not before', async () => {
    const sboms = documentSbomStore(system.documents);
    // What retention deleted at the source is still whole at the replica.
    expect(await sboms.get(own)).toBeDefined();
    const { client } = system.replica;
    for (const digest of [expiring, own]) await client.deleteManifest({ repository: REPOSITORY, digest });
    await system.settle();
    expect(await sboms.get(own)).toBeUndefined();
    expect(await sboms.get(shared)).toBeDefined();
    const told = (await eventsOf('SBOMs Removed')).map(({ data }) => sbomsRemoved.data.parse(data).subject.digest);
    expect(told.sort()).toEqual([expiring, own].sort());
  });

  it('lets what was deleted come again, and be signed as before', async () => {
    const { client } = system.source;
    await pushBuilt(client, REPOSITORY, images.own);
    expect(await pushIndex(client, REPOSITORY, [images.own.descriptor, images.shared.descriptor], 'v5')).toBe(expiring);
    await system.settle();
    const key = await system.publicKey();
    for (const digest of [own, expiring]) {
      expect(await system.overview(at(digest))).toMatchObject({ settled: true, verdict: { decision: 'allow' } });
      expect(await verifyImage(client, at(digest), [key])).toMatchObject({
        kind: 'verified',
        manifest: signatures.get(digest),
      });
      const records = await system.ledger.list(locationKey(at(digest)));
      expect(records.filter(({ stage, state }) => stage === 'sign' && state === 'completed')).toHaveLength(1);
    }
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
    expect(system.notices).toEqual([]);
  });

  it('archives whole what a rule says, and brings it back byte for byte when asked', async () => {
    const { client } = system.source;
    const repository = 'team/cold';
    const children = [images.own.descriptor, images.last.descriptor];
    await pushBuilt(client, repository, images.own);
    await pushBuilt(client, repository, images.last);
    const digest = await pushIndex(client, repository, children, 'archive-1');
    await system.settle();
    const before = await walkClosedGraph(client, { repository, digest });
    expect(before?.nodes.length).toBeGreaterThanOrEqual(6);
    await plan();
    expect(store().listManifests(repository)).toEqual([]);
    expect((await eventsOf('Image Archived')).map(({ data }) => data)).toMatchObject([
      { subject: { repository, digest, tags: ['archive-1'] }, reason: expect.stringContaining('cold') },
    ]);
    await store().collectGarbage({ graceMs: 0 });

    const { registry } = system.location(repository, digest);
    await system.run('restore-images', { registry, repository, reference: 'archive-1', reason: 'an auditor asks' });
    const after = await walkClosedGraph(client, { repository, digest });
    const bytes = (graph: typeof before) =>
      new Map(graph?.nodes.map((node) => [node.manifest.digest, Buffer.from(node.bytes).toString()]));
    expect([...bytes(after)]).toEqual(expect.arrayContaining([...bytes(before)]));
    for (const blob of before?.blobs ?? []) {
      for await (const _chunk of client.openBlob({ repository, ...blob })) void _chunk;
    }
    expect(await client.headManifest({ repository, reference: 'archive-1' })).toMatchObject({ digest });
    expect((await eventsOf('Image Restored')).map(({ data }) => data)).toMatchObject([
      { subject: { digest, tags: ['archive-1'] }, reason: 'an auditor asks' },
    ]);
    const key = await system.publicKey();
    for (const one of [digest, ...children.map((child) => child.digest)]) {
      expect(await verifyImage(client, system.location(repository, one), [key])).toMatchObject({ kind: 'verified' });
    }
  });

  /** Programs that pull, by what they are called with to copy an image into a folder; and our own client. */
  const pullers = ['lading', 'crane', 'skopeo'] as const;
  const found = pullers.filter((name) => name === 'lading' || isOnPath(name));
  const absent = pullers.filter((name) => !found.includes(name));

  it(`brings back what is pulled out of the archive, by ${found.join(', ')}${absent.length > 0 ? ` (not here: ${absent.join(', ')})` : ''}, and keeps it`, async () => {
    const { client, registry } = system.source;
    const repository = 'team/recalled';
    const host = `localhost:${registry.port}`;
    const cold = found.map((name) => ({ name, image: buildImage([base, layer(name)]), tag: `archive-${name}` }));
    for (const { image, tag } of cold) await pushBuilt(client, repository, image, tag);
    await system.settle();
    await plan();
    expect(store().listManifests(repository)).toEqual([]);
    for (const { name, image, tag } of cold) {
      await pull(name, client, { host, repository, tag }, join(dataDir, `pulled-${name}`));
      expect(await client.headManifest({ repository, reference: tag })).toMatchObject(digestOnly(image));
    }
    await system.settle();
    const asked = (await eventsOf('Restore Requested')).map(({ data }) => data);
    const reasons = cold.map(({ tag }) => ({ reason: `pulled by the local registry as ${tag}` }));
    expect(asked).toMatchObject(reasons);
    // By the rule they would go again; nothing takes them for a week.
    await plan();
    for (const { image, tag } of cold)
      expect(await client.headManifest({ repository, reference: tag })).toMatchObject(digestOnly(image));
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
  });

  it('sets aside what expires where there is time for it, and puts it back exactly when asked', async () => {
    await system.close();
    const inPlace = { '"action":"archive"': '"action":"archive","storageClass":"ecr-archive"' };
    const instead = { ...onlySigned, ...inPlace, '"quarantineDays":0': '"quarantineDays":7' };
    system = await startTestStack({ dataDir, instead, recall: true });
    const { client } = system.source;
    const repository = 'team/aside';
    await pushBuilt(client, repository, images.first, 'expire-q');
    await system.settle();
    const digest = images.first.descriptor.digest;
    await plan();
    expect(await client.headManifest({ repository, reference: 'expire-q' })).toBeUndefined();
    expect(await client.headManifest({ repository, reference: digest })).toBeDefined();
    expect((await eventsOf('Image Quarantined')).map(({ data }) => data)).toContainEqual(
      expect.objectContaining({
        method: 'untagged',
        subject: expect.objectContaining({ repository, digest, tags: ['expire-q'] }),
      }),
    );
    const { registry } = system.location(repository, digest);
    await system.run('restore-images', { registry, repository, reference: 'expire-q', reason: 'needed after all' });
    expect(await client.headManifest({ repository, reference: 'expire-q' })).toMatchObject({ digest });
    expect(
      store()
        .tags(repository)
        .map(({ tag }) => tag),
    ).toEqual(['expire-q']);
    await plan();
    expect(await client.headManifest({ repository, reference: 'expire-q' })).toMatchObject({ digest });
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
  });

  it('moves to the archival class of ECR what a rule says, and out of it what is pulled', async () => {
    const { client, registry } = system.source;
    const repository = 'team/in-place';
    const digest = await pushBuilt(client, repository, images.first, 'archive-in-place');
    await system.settle();
    const before = store().listManifests(repository).length;
    await plan();
    // Who asks without a name is one who pulls, and would have it brought back.
    const ours = await system.source.registry.store.getManifest(repository, digest);
    expect(ours).toBeDefined();
    // It is all there, with its tag and its signature, and can only not be read.
    expect(store().listManifests(repository)).toHaveLength(before);
    const archived = (await eventsOf('Image Archived')).map(({ data }) => data).at(-1);
    expect(archived).toMatchObject({
      subject: { repository, digest, tags: ['archive-in-place'] },
      storage: 'registry',
    });
    const at = system.location(repository, digest);
    expect(await system.catalog.find(at)).toMatchObject({ archivedIn: 'registry', deletedAt: expect.anything() });
    // The sweep finds nothing gone, and the next plan nothing to do.
    await system.run('reconcile', { graceMs: 0 });
    expect(await system.catalog.tag(at, 'archive-in-place')).toMatchObject({ digest });

    const answer = await fetch(`${registry.url}/v2/${repository}/manifests/archive-in-place`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '300']);
    await system.settle();
    expect(await client.headManifest({ repository, reference: 'archive-in-place' })).toMatchObject({ digest });
    const found = await system.catalog.find(at);
    expect([found?.deletedAt, found?.archivedAt, found?.archivedIn]).toEqual([undefined, undefined, undefined]);
    await plan();
    expect(await client.headManifest({ repository, reference: digest })).toMatchObject({ digest });
    expect(await verifyImage(client, at, [await system.publicKey()])).toMatchObject({ kind: 'verified' });
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
    expect(system.notices).toEqual([]);
  });
});
