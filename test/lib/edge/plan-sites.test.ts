import { beforeEach, describe, expect, it } from 'vitest';
import type { StandingVerdict } from '../../../lib/attestation/model.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { memoryEdge } from '../../../lib/edge/adapters/memory-edge.ts';
import { DESIRED_STATE_TYPE, openDesiredState, planSites, type SitePlan } from '../../../lib/edge/index.ts';
import { parseManifest } from '../../../lib/formats/oci/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { collectContent } from '../../../lib/registry/index.ts';
import { parseVerificationKey } from '../../../lib/signing/index.ts';
import { edgeConfig, makeKey, NOW, siteOf } from './edge-fixtures.ts';

const REGISTRY = 'hub.example';
const hub = makeKey();
const own = makeKey();
const config = { ...edgeConfig, registry: REGISTRY };
const OCI = 'application/vnd.oci.image';

const entry = (name: string, repository: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...{ registry: REGISTRY, repository, digest: digestOf(name), mediaType: `${OCI}.manifest.v1+json` },
  ...{ artifactClass: 'image', children: [], labels: {}, pushedAt: NOW, firstSeenAt: NOW },
  layers: [{ digest: digestOf(`layer of ${name}`), mediaType: `${OCI}.layer.v1.tar+gzip`, size: 1_000 }],
  sizeBytes: 1_100,
  ...more,
});

function world() {
  const clock = manualClock(NOW);
  const store = memoryEdge(clock);
  const catalog = memoryCatalog(clock);
  const retention = memoryRetention(clock);
  const registry = createMemoryRegistry({ host: REGISTRY });
  const allowed = new Set<string>();
  const standing = new Map<Digest, StandingVerdict>();
  const decided = {
    detailType: 'Gate Decided',
    data: { decision: 'allow' },
  };
  const ports = {
    ...{ sites: store, desired: store, reports: store, documents: memoryDocuments(), clock, leases: retention },
    signer: hub.signer,
    trustedKeys: async () => [parseVerificationKey(hub.pem)],
    open: async () => registry,
    hub: {
      ...{
        catalog,
        usage: retention,
        verdicts: { find: async ({ digest }: { digest: Digest }) => standing.get(digest) },
      },
      ledger: {
        list: async (subject: string) =>
          (allowed.has(subject)
            ? [{ stage: 'gate', state: 'completed', outcome: [decided], updatedAt: NOW }]
            : []) as never,
      },
    },
  };
  const push = async (one: CatalogEntry, tag?: string): Promise<void> => {
    await catalog.enter(one);
    allowed.add(`${REGISTRY}/${one.repository}@${one.digest}`);
    if (tag)
      await catalog.bindTag({ registry: REGISTRY, repository: one.repository, tag, digest: one.digest, boundAt: NOW });
  };
  return { clock, store, catalog, retention, registry, allowed, standing, ports, push };
}
let at: ReturnType<typeof world>;
async function plan(): Promise<readonly SitePlan[]> {
  const plans: SitePlan[] = [];
  await planSites(
    at.ports,
    config,
    async (_what, work) => work(),
    async (one) => void plans.push(one),
  );
  return plans;
}
const pulled = async (reference: string) => {
  const repository = 'lading/edge/ship';
  const found = await at.registry.getManifest({ repository, reference });
  if (found === undefined) throw new Error(`no ${reference}`);
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  const [layer] = 'layers' in manifest ? manifest.layers : [];
  if (layer === undefined) throw new Error('no layer');
  const envelope = await collectContent(at.registry.openBlob({ repository, digest: layer.digest }), layer.size);
  return { manifest, state: openDesiredState(envelope, [parseVerificationKey(hub.pem)]) };
};

beforeEach(async () => {
  at = world();
  await at.store.swap(undefined, siteOf('ship', own.pem));
  await at.push(entry('app', 'team/app'), 'v1');
});

describe('planning sites', () => {
  it('signs what each should hold, and puts it where any client can pull it', async () => {
    const [made] = await plan();
    expect(made).toMatchObject({ site: 'ship', outcome: 'made', events: [{ detailType: 'Edge State Signed' }] });
    const { manifest, state } = await pulled('desired');
    expect(manifest).toMatchObject({ artifactType: DESIRED_STATE_TYPE });
    expect(state).toMatchObject({ site: 'ship', generation: 1, budgetBytes: 1_000_000 });
    expect(state.images).toMatchObject([
      {
        ...{ repository: 'team/app', tags: ['v1'], digest: digestOf('app'), bytes: 1_100, reason: 'placed' },
        manifests: [{ digest: digestOf('app'), size: 100 }],
        blobs: [{ digest: digestOf('layer of app'), size: 1_000 }],
      },
    ]);
    expect((await pulled('g1')).state).toEqual(state);
    // What a site is told to fetch is not deleted at the hub meanwhile.
    const leases = await at.retention.leases({ registry: REGISTRY, repository: 'team/app' });
    expect(leases).toEqual([{ digest: digestOf('app'), reason: 'edge/ship', until: state.expiresAt }]);
  });

  it('makes a new one where it says something else, or the one before is past its middle', async () => {
    await plan();
    at.clock.advance(3_600_000);
    expect(await plan()).toMatchObject([{ outcome: 'unchanged', events: [] }]);
    await at.push(entry('new', 'team/new'), 'v1');
    expect(await plan()).toMatchObject([{ outcome: 'made' }]);
    expect((await pulled('desired')).state).toMatchObject({ generation: 2 });
    expect((await pulled('g1')).state.images).toHaveLength(1);
    at.clock.advance(8 * 24 * 3_600_000);
    expect(await plan()).toMatchObject([{ outcome: 'made' }]);
    expect((await pulled('desired')).state.generation).toBe(3);
  });

  it('goes on with one that broke off before it was published', async () => {
    const { open } = at.ports;
    Object.assign(at.ports, {
      open: async () => {
        throw new Error('the registry is down');
      },
    });
    await expect(plan()).rejects.toThrow('is down');
    Object.assign(at.ports, { open });
    expect(await plan()).toMatchObject([{ outcome: 'unchanged', events: [{ detailType: 'Edge State Signed' }] }]);
    expect((await pulled('desired')).state.generation).toBe(1);
    expect(await plan()).toMatchObject([{ outcome: 'unchanged', events: [] }]);
  });

  it('of two at once, one makes the next state, and its number is never used twice', async () => {
    const outcomes = (await Promise.all([plan(), plan(), plan()])).flat().map(({ outcome }) => outcome);
    expect(outcomes.filter((one) => one === 'made')).toHaveLength(1);
    expect((await at.store.current('ship'))?.generation).toBe(1);
  });

  it('takes nothing that the gate refuses, that is not whole, not tagged, a copy, or a state itself', async () => {
    await at.push(entry('denied', 'team/denied'), 'v1');
    at.allowed.delete(`${REGISTRY}/team/denied@${digestOf('denied')}`);
    await at.push(entry('lapsed', 'team/lapsed'), 'v1');
    at.standing.set(digestOf('lapsed'), { state: 'lapsed', decision: 'allow', validUntil: NOW } as StandingVerdict);
    const children = [{ digest: digestOf('absent'), mediaType: `${OCI}.manifest.v1+json`, size: 9 }];
    await at.push(entry('torn', 'team/torn', { artifactClass: 'index', children, layers: [] }), 'v1');
    await at.push(entry('loose', 'team/loose'));
    await at.push(entry('copy', 'team/copy', { replicaOf: 'other.example' }), 'v1');
    await at.push(entry('own', 'lading/edge/ship'), 'desired');
    await plan();
    expect((await pulled('desired')).state.images.map(({ repository }) => repository)).toEqual(['team/app']);
  });

  it('takes the closed graph: children first, referrers last, and the verdict by its digest', async () => {
    const child = entry('amd64', 'team/multi');
    const children = [{ digest: child.digest, mediaType: child.mediaType, size: 100 }];
    const index = { artifactClass: 'index' as const, children, layers: [], sizeBytes: 50 };
    await at.push(child);
    await at.push(entry('multi', 'team/multi', { ...index, mediaType: `${OCI}.index.v1+json` }), 'v1');
    await at.push(entry('vsa', 'team/multi', { artifactClass: 'attestation', referrerOf: digestOf('multi') }));
    const until = '2026-04-01T00:00:00.000Z';
    const stands = { state: 'standing', decision: 'allow', validUntil: until, digest: digestOf('vsa') };
    at.standing.set(digestOf('multi'), stands as StandingVerdict);
    await plan();
    const image = (await pulled('desired')).state.images.find(({ repository }) => repository === 'team/multi');
    expect(image?.manifests.map(({ digest }) => digest)).toEqual(['amd64', 'multi', 'vsa'].map(digestOf));
    expect(image).toMatchObject({ verdict: digestOf('vsa'), bytes: 1_100 + 50 + 1_100 });
  });

  it('makes none for a site that was revoked', async () => {
    const site = siteOf('ship', own.pem);
    await at.store.swap(site, { ...site, revokedAt: NOW });
    expect(await plan()).toEqual([]);
  });
});
