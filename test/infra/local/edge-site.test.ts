import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readEdgeConfig, startEdge } from '../../../infra/local/edge.ts';
import { predicateTypes } from '../../../lib/attestation/index.ts';
import { verdictPredicate } from '../../../lib/attestation/verdict-predicate.ts';
import { runProgram } from '../../../lib/cli/program.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { loadDocument, saveDocument } from '../../../lib/documents/index.ts';
import { acceptReport } from '../../../lib/edge/accept-report.ts';
import { memoryEdge } from '../../../lib/edge/adapters/memory-edge.ts';
import { heldRoot } from '../../../lib/edge/held-root.ts';
import { type DesiredState, identifySite, sealDesiredState } from '../../../lib/edge/index.ts';
import { publishDesiredState } from '../../../lib/edge/publish-desired-state.ts';
import { createRegistries } from '../../../lib/registry/adapters/open-registries.ts';
import { createAttestation, parseVerificationKey, pushRecorded } from '../../../lib/signing/index.ts';
import { makeKey, siteOf } from '../../lib/edge/edge-fixtures.ts';
import { clientOf, OCI_MANIFEST, pushImage, startRegistry } from './registry/support.ts';

const HUB = 'hub.example';

/** A hub: its registry with images and verdicts, its API with the code that answers sites, its key. */
async function startHub() {
  const { registry, client } = await startRegistry();
  const key = makeKey();
  const siteKey = makeKey();
  const stateOf = memoryEdge(systemClock);
  const documents = memoryDocuments();
  const site = siteOf('ship', siteKey.pem, { budgetBytes: 64 * 1024 * 1024 });
  await stateOf.swap(undefined, site);
  const target = await createRegistries({
    entries: [{ kind: 'distribution', host: HUB, url: registry.url, allowInsecure: true, allowPrivate: true }],
  }).open(HUB);
  const ports = {
    ...{ desired: stateOf, reports: stateOf, documents, clock: systemClock },
    trustedKeys: async () => [parseVerificationKey(key.pem)],
  };
  const refused: string[] = [];
  const api = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const path = request.url ?? '';
    const token = request.headers.authorization?.replace('Bearer ', '');
    const who = await identifySite(
      { sites: stateOf, tokens: stateOf, clock: systemClock },
      { method: request.method ?? '', path, body, site: path.split('/')[4] ?? '', token },
      'lading-edge',
    );
    if (who.kind === 'refused') {
      refused.push(who.reason);
      return void response.writeHead(401).end('{}');
    }
    const outcome = await acceptReport(ports, who.site, body);
    const answer = outcome.kind === 'accepted' ? outcome.record : { reason: outcome.reason };
    response.writeHead(outcome.kind === 'accepted' ? 202 : 409).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void api.close());

  const attest = async (
    repository: string,
    image: Awaited<ReturnType<typeof pushImage>>,
    decision: 'allow' | 'deny',
  ) => {
    const subject = { registry: HUB, repository, digest: image.digest };
    const now = new Date();
    const predicate = verdictPredicate({
      ...{ subject, verifier: 'urn:lading:gate', verifiedAt: now, levels: [], attestations: [] },
      validUntil: new Date(now.getTime() + 3_600_000),
      verdict: {
        ...{ subject: { ...subject, mediaType: OCI_MANIFEST, tags: [] }, decision, reasons: [], warnings: [] },
        policy: { name: 'default', digest: digestOf('policy') },
        inputs: { key: 'inputs', digest: digestOf('inputs') },
        scan: digestOf('scan'),
        decidedAt: now.toISOString(),
      } as never,
    });
    const recorded = await createAttestation(
      key.signer,
      subject,
      { mediaType: OCI_MANIFEST, digest: image.digest, size: image.bytes.length },
      { predicateType: predicateTypes.verdict, predicate },
      now,
    );
    await pushRecorded(target, recorded);
    return recorded;
  };
  const publish = async (images: DesiredState['images'], more: Partial<DesiredState> = {}, signer = key.signer) => {
    const last = await stateOf.current('ship');
    const now = new Date();
    const state: DesiredState = {
      ...{ site: 'ship', generation: (last?.generation ?? 0) + 1, createdAt: now.toISOString() },
      ...{ expiresAt: new Date(now.getTime() + 3_600_000).toISOString(), budgetBytes: site.budgetBytes, images },
      ...more,
    };
    const envelope = await sealDesiredState(signer, state);
    const { key: document } = await saveDocument(documents, 'edge/ship/states', envelope);
    await stateOf.advance('ship', {
      ...{ generation: state.generation, content: digestOf(envelope), createdAt: state.createdAt },
      ...{ expiresAt: state.expiresAt, key: document, namesKey: '', published: true, images: images.length, bytes: 0 },
      ...{ roots: [{ generation: state.generation, root: heldRoot(images), key: document }], faults: [] },
    });
    await publishDesiredState(target, 'lading/edge/ship', { ...state, envelope });
    return envelope;
  };
  return {
    ...{
      registry,
      client,
      key,
      siteKey,
      attest,
      publish,
      refused,
      target,
      api: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    },
    last: () => stateOf.last('ship'),
    lastReport: async () => {
      const record = await stateOf.last('ship');
      return record && (await loadDocument(documents, record.key));
    },
  };
}

const desiredOf = (
  repository: string,
  image: Awaited<ReturnType<typeof pushImage>>,
  sizes: readonly number[],
  referrers: DesiredState['images'][number]['manifests'] = [],
  blobs: DesiredState['images'][number]['blobs'] = [],
) => ({
  ...{ repository, tags: ['v1'], digest: image.digest, bytes: 0, reason: 'pinned' as const, score: 1, terms: [] },
  manifests: [{ digest: image.digest, size: image.bytes.length, mediaType: OCI_MANIFEST }, ...referrers],
  blobs: [
    ...image.blobs.map((digest, i) => ({ digest, size: sizes[i] ?? 0, mediaType: 'application/octet-stream' })),
    ...blobs,
  ],
});

const token = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const basic = (name: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
});

async function startSite(hub: Awaited<ReturnType<typeof startHub>>, more: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'lading-site-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'ship.key'), hub.siteKey.key.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(join(folder, 'hub.pub'), hub.key.pem);
  await writeFile(
    join(folder, 'edge.json'),
    JSON.stringify({
      ...{ port: 0, budget: '64MiB', api: hub.api },
      registries: [{ kind: 'distribution', host: HUB, url: hub.registry.url, allowInsecure: true, allowPrivate: true }],
      mirrors: [{ prefix: 'ROOT', upstream: HUB, where: 'edge', tagTtlSeconds: 0 }],
      site: { name: 'ship', key: join(folder, 'ship.key'), trust: [join(folder, 'hub.pub')], hub: HUB },
      ...more,
    }),
  );
  const problems: string[] = [];
  const start = async () => {
    const config = await readEdgeConfig(join(folder, 'edge.json'));
    const edge = await startEdge(config, { dataDir: folder, onProblem: (what) => void problems.push(what) });
    onTestFinished(() => edge.close());
    return edge;
  };
  return { start, problems, folder };
}

describe('a site of a hub', () => {
  it('fetches what it should hold, proves it, and hands it out by its signed verdict when the hub is gone', async () => {
    const hub = await startHub();
    const app = await pushImage(hub.client, 'team/app', 'v1');
    const bad = await pushImage(hub.client, 'team/bad', 'v1');
    const sizes = async (image: typeof app, repository: string) =>
      image.blobs.map((digest) => hub.registry.store.blobSize(repository, digest) ?? 0);
    const graphs = [];
    for (const [repository, image, decision] of [
      ['team/app', app, 'allow'],
      ['team/bad', bad, 'deny'],
    ] as const) {
      await hub.attest(repository, image, decision);
      const [referrer] = hub.registry.store.referrers(repository, image.digest);
      if (!referrer) throw new Error('no referrer');
      const manifest = { digest: referrer.digest, size: referrer.size, mediaType: referrer.mediaType };
      const files = referrer.blobs.map(({ digest, size }) => ({ digest, size, mediaType: 'application/octet-stream' }));
      graphs.push(desiredOf(repository, image, await sizes(image, repository), [manifest], files));
    }
    await hub.publish(graphs);
    const { start, problems } = await startSite(hub, { api: hub.api });
    const edge = await start();
    const round = await edge.agent?.round();
    expect(round).toMatchObject({
      state: { kind: 'taken', generation: 1 },
      report: { kind: 'accepted', standing: 'acknowledged' },
      prefetch: { missing: [] },
    });
    expect((await hub.last())?.merkleRoot).toBe(heldRoot(graphs));
    const upstream = hub.registry.url;
    await hub.registry.close();
    const statusOf = async (path: string): Promise<number> => (await fetch(`${edge.url}/v2/${path}`)).status;
    expect(await statusOf('team/app/manifests/v1')).toBe(200);
    expect(await statusOf(`team/app/blobs/${app.blobs[1]}`)).toBe(200);
    expect(await statusOf('team/bad/manifests/v1')).toBe(403);
    // The link is down, the leases are not.
    expect(upstream).toContain('127.0.0.1');
    expect(await edge.agent?.round()).toMatchObject({ state: { kind: 'unreachable' }, report: { kind: 'accepted' } });
    expect(edge.budget?.leases()).toContainEqual({ key: `team/app@${app.digest}`, holder: 'desired' });
    expect(problems.filter((what) => !what.includes(HUB))).toEqual([]);
  });

  it('refuses states of other keys, of other sites, older ones and ended ones, also after a restart', async () => {
    const hub = await startHub();
    const first = await hub.publish([]);
    await hub.publish([]);
    const { start } = await startSite(hub);
    const edge = await start();
    expect(await edge.agent?.round()).toMatchObject({ state: { kind: 'taken', generation: 2 } });
    await edge.close();
    const again = await start();
    const offer = async (envelope: Uint8Array) => {
      await publishDesiredState(hub.target, 'lading/edge/ship', {
        envelope,
        generation: 9,
        createdAt: '2026-01-01T00:00:00Z',
      });
      return (await again.agent?.round())?.state;
    };
    expect(await offer(first)).toMatchObject({ kind: 'refused', reason: 'roll-back' });
    const now = new Date();
    const state: DesiredState = {
      ...{ site: 'ship', generation: 9, createdAt: now.toISOString(), budgetBytes: 1, images: [] },
      expiresAt: new Date(now.getTime() + 60_000).toISOString(),
    };
    expect(await offer(await sealDesiredState(makeKey().signer, state))).toMatchObject({ reason: 'unproven' });
    expect(await offer(await sealDesiredState(hub.key.signer, { ...state, site: 'other' }))).toMatchObject({
      reason: 'other-site',
    });
    const ended = { ...state, expiresAt: '2026-01-01T00:00:00.000Z' };
    expect(await offer(await sealDesiredState(hub.key.signer, ended))).toMatchObject({ reason: 'expired' });
    expect(await offer(await sealDesiredState(hub.key.signer, state))).toEqual({ kind: 'taken', generation: 9 });
  });

  it('lets in whom it knows, and nobody else; only operators write, lease and collect', async () => {
    const hub = await startHub();
    const app = await pushImage(hub.client, 'team/app', 'v1');
    await hub.attest('team/app', app, 'allow');
    const clients = [
      { name: 'node', tokenSha256: token('reads') },
      { name: 'captain', tokenSha256: token('runs-it'), operator: true },
    ];
    const { start, folder } = await startSite(hub, { clients });
    const edge = await start();
    const client = clientOf(edge.port);
    const manifest = '/v2/team/app/manifests/v1';
    const refusals = [
      {},
      basic('node', 'guess'),
      basic('other', 'reads'),
      { authorization: 'Bearer nothing' },
      { authorization: 'x' },
    ];
    for (const headers of refusals)
      expect(await client('GET', manifest, { headers })).toMatchObject({ status: 401, codes: ['UNAUTHORIZED'] });
    for (const path of ['/v2/', '/v2/_catalog', '/_lading/mirrors', '/_lading/site', '/_lading/leases']) {
      expect((await client('GET', path)).status).toBe(401);
    }
    expect((await client('GET', manifest, { headers: basic('node', 'reads') })).status).toBe(200);
    expect((await client('GET', manifest, { headers: { authorization: 'Bearer reads' } })).status).toBe(200);
    const lease = JSON.stringify({ repository: 'team/app', reference: 'v1', holder: 'me', seconds: 600 });
    const write = (headers: Record<string, string>) => client('POST', '/v2/own/app/blobs/uploads/', { headers });
    const ask = (headers: Record<string, string>) => client('POST', '/_lading/leases', { headers, body: lease });
    expect((await write(basic('node', 'reads'))).status).toBe(403);
    expect((await ask(basic('node', 'reads'))).status).toBe(403);
    expect((await client('POST', '/_lading/garbage', { headers: basic('node', 'reads') })).status).toBe(403);
    expect((await write(basic('captain', 'runs-it'))).status).toBe(202);
    expect((await ask(basic('captain', 'runs-it'))).status).toBe(200);
    expect(edge.budget?.leases()).toContainEqual(
      expect.objectContaining({ key: `team/app@${app.digest}`, holder: 'operator:me' }),
    );
    const tokenFile = join(folder, 'captain.token');
    await writeFile(tokenFile, 'runs-it\n');
    const at = ['--registry', edge.url, '--token-file', tokenFile];
    expect(await runProgram(['edge', 'lease', 'team/app:v1', '--for', '2h', '--holder', 'bridge', ...at])).toBe(0);
    expect(edge.budget?.leases().filter(({ holder }) => holder.startsWith('operator:'))).toHaveLength(2);
    expect(await runProgram(['edge', 'lease', 'team/app:v1', '--release', '--holder', 'bridge', ...at])).toBe(0);
    expect(edge.budget?.leases().filter(({ holder }) => holder.startsWith('operator:'))).toHaveLength(1);
    expect(await runProgram(['edge', 'leases', ...at])).toBe(0);
    expect(await runProgram(['mirrors', ...at])).toBe(0);
    expect(await runProgram(['edge', 'leases', '--registry', edge.url])).not.toBe(0);
    // An operator is told what is here, not what the mirror could fetch.
    expect(
      (await client('HEAD', `/v2/team/app/blobs/${app.blobs[1]}`, { headers: basic('captain', 'runs-it') })).status,
    ).toBe(404);
    expect(
      (await client('HEAD', `/v2/team/app/blobs/${app.blobs[1]}`, { headers: basic('node', 'reads') })).status,
    ).toBe(200);
    const site = JSON.parse(
      (await client('GET', '/_lading/site', { headers: basic('node', 'reads') })).body.toString(),
    );
    expect(site).toMatchObject({ site: { name: 'ship' }, cache: { leasedImages: 1 } });
  });

  it.each([
    ['clients are not named and others reach it', { host: '0.0.0.0' }],
    ['a site has no budget', { budget: undefined }],
    ['the hub is no registry of it', { registries: [] }],
    ['a hash is none', { clients: [{ name: 'a', tokenSha256: 'x' }] }],
  ])('is refused where %s', async (_, more) => {
    const hub = await startHub();
    const { start } = await startSite(hub, more);
    await expect(start()).rejects.toMatchObject({ code: 'configuration-invalid' });
  });

  it('is not believed by another key', async () => {
    const hub = await startHub();
    await hub.publish([]);
    const { start, folder } = await startSite(hub);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await writeFile(join(folder, 'ship.key'), other.export({ type: 'pkcs8', format: 'pem' }));
    const edge = await start();
    expect((await edge.agent?.round())?.report).toEqual({ kind: 'refused', reason: 'unauthorized' });
    expect(hub.refused).toEqual(['signature-invalid']);
  });
});
