import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readEdgeConfig, startEdge } from '../../infra/local/edge.ts';
import { runProgram } from '../../lib/cli/program.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import {
  createSiteToken,
  type DesiredState,
  heldRoot,
  openDesiredState,
  openSiteReport,
  type SiteReport,
  sealSiteReport,
} from '../../lib/edge/index.ts';
import { type SiteCache, syncSite } from '../../lib/edge/site/index.ts';
import { parseManifest } from '../../lib/formats/oci/index.ts';
import { collectContent } from '../../lib/registry/index.ts';
import { parseVerificationKey, type VerificationKey } from '../../lib/signing/index.ts';
import { makeKey, reportOf } from '../lib/edge/edge-fixtures.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { unusedRights } from '../support/unused-rights.ts';

const REPOSITORY = 'lading/edge/ship';
const image = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])]]);
const ship = makeKey();
const stranger = makeKey();

/** What is needed, and nothing here gives a reason to use. */
const EXPLAINED = [
  // Part of pushing, which looks first at what is there; the registry of this machine makes repositories by itself.
  /^plan-edge: ecr:/,
  // The budget of requests, which ECR has and the registry of this machine does not.
  /^plan-edge: write table work$/,
  // The post-quantum key, where a rule asks for it alone; old states, of which twenty are kept.
  /^plan-edge: (?:kms:|s3:deleteobject)/,
];

describe('a site far away and its hub', () => {
  let system: TestStack;
  let digest: Digest;
  let keys: readonly VerificationKey[];
  let count = 0;

  /** A request as the site makes it, but for what is said otherwise. */
  async function call(
    method: 'GET' | 'POST',
    path: string,
    {
      body = new Uint8Array(),
      key = ship.key,
      site = 'ship',
      token,
    }: { body?: Uint8Array; key?: typeof ship.key; site?: string; token?: string } = {},
  ): Promise<Response> {
    const made = createSiteToken(
      key,
      { method, path, body },
      { site, audience: 'lading-edge', now: systemClock.now(), id: `token-of-a-test-${count++}` },
    );
    const headers = token === '' ? {} : { authorization: `Bearer ${token ?? made}` };
    return fetch(`${system.api}${path}`, {
      method,
      headers,
      ...(method === 'POST' ? { body: new Uint8Array(body) } : {}),
    });
  }
  const report = async (made: SiteReport, key = ship): Promise<Response> =>
    call('POST', '/v1/edge/sites/ship/reports', { body: await sealSiteReport(key.signer, made) });
  const operate = async (path: string, body?: unknown): Promise<unknown> => {
    const init =
      body === undefined
        ? {}
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return (await system.ask(`/api/edge/${path}`, init)).json();
  };
  const told = async (type: string) =>
    (await system.trail()).flatMap(({ detailType, detail }) =>
      detailType === type ? [(detail as { readonly data: Readonly<Record<string, unknown>> }).data] : [],
    );

  /** What a client that knows nothing of Lading does: pulls an artifact by its tag, and reads its only layer. */
  async function pulledState(reference = 'desired'): Promise<DesiredState> {
    const found = await system.source.client.getManifest({ repository: REPOSITORY, reference });
    if (found === undefined) throw new Error('there is no state');
    const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
    const [layer] = 'layers' in manifest ? manifest.layers : [];
    if (layer === undefined) throw new Error('it has no layer');
    const content = system.source.client.openBlob({ repository: REPOSITORY, digest: layer.digest });
    return openDesiredState(await collectContent(content, layer.size), keys);
  }

  beforeAll(async () => {
    system = await startTestStack({ settings: { edge: { enabled: true } } });
    await system.run('sync-advisories');
    keys = [await system.publicKey()];
    await operate('sites', {
      ...{ name: 'ship', publicKeyPem: ship.pem, budgetBytes: 10_000_000 },
      link: { bytesPerSecond: 1_000_000, costPerGiB: 1 },
      scope: { repositories: ['team/*'] },
      pins: ['team/app:v1', 'team/none'],
    });
    digest = await pushBuilt(system.source.client, 'team/app', image, 'v1');
    await pushBuilt(system.source.client, 'other/app', image, 'v1');
    await system.settle();
  });
  afterAll(() => system?.close());

  it('is told by a signed artifact what it should hold, with the verdict', async () => {
    const state = await pulledState();
    expect(state).toMatchObject({
      site: 'ship',
      images: [{ repository: 'team/app', tags: ['v1'], digest, reason: 'pinned' }],
    });
    const [desired] = state.images;
    expect(desired?.manifests.map((manifest) => manifest.digest)).toContain(desired?.verdict);
    expect(desired?.verdict).toBeDefined();
    expect(await (await call('GET', '/v1/edge/sites/ship/desired')).bytes()).toSatisfy(
      (envelope: Uint8Array) => openDesiredState(envelope, keys).generation === state.generation,
    );
    expect((await told('Edge State Signed')).length).toBeGreaterThan(0);
    // What Lading writes for sites starts no stage: it is no image.
    const stages = await system.rows('work');
    expect(
      stages.filter(({ pk }) => String(pk).includes(REPOSITORY) && /sbom|gate|sign/.test(JSON.stringify(pk))),
    ).toEqual([]);
  });

  it('is known by its key, and all others are refused alike', async () => {
    const path = '/v1/edge/sites/ship/desired';
    const once = createSiteToken(
      ship.key,
      { method: 'GET', path, body: new Uint8Array() },
      { site: 'ship', audience: 'lading-edge', now: systemClock.now(), id: 'a-token-that-is-used-twice' },
    );
    expect((await call('GET', path, { token: once })).status).toBe(200);
    const refused = [
      await call('GET', path, { token: once }),
      await call('GET', path, { token: '' }),
      await call('GET', path, { token: 'a.b.c' }),
      await call('GET', path, { key: stranger.key }),
      await call('GET', path, { site: 'shop' }),
      await call('GET', '/v1/edge/sites/shop/desired', { site: 'shop' }),
      await call('GET', '/v1/edge/sites/..%2fship/desired'),
      await report(reportOf('ship', []), stranger).then(
        (answer) => new Response(null, { status: answer.status === 409 ? 401 : 500 }),
      ),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
    const texts = await Promise.all(refused.slice(0, 6).map((answer) => answer.text()));
    expect(new Set(texts).size).toBe(1);
  });

  it('says what it holds: what differs, and then what does not, is an event', async () => {
    const { generation, images } = await pulledState();
    const empty = await report(reportOf('ship', [], { generation, sequence: 1 }));
    expect([empty.status, await empty.json()]).toMatchObject([202, { standing: 'diverged', missing: 1 }]);
    const whole = images.map((one) => ({ repository: one.repository, digest: one.digest, tags: one.tags }));
    const next = reportOf('ship', whole, { generation, sequence: 2 });
    expect(await (await report(next)).json()).toMatchObject({ standing: 'acknowledged', missing: 0, extra: 0 });
    const replay = await report(reportOf('ship', [], { generation, sequence: 1 }));
    expect([replay.status, await replay.json()]).toMatchObject([409, { reason: 'replayed' }]);
    await system.settle();
    expect(await told('Edge Site Diverged')).toMatchObject([{ site: 'ship', missing: 1 }]);
    expect(await told('Edge Site Acknowledged')).toMatchObject([
      { site: 'ship', merkleRoot: heldRoot(whole), generation },
    ]);
  });

  it('is operated by the command line', async () => {
    const api = ['--api', system.api];
    expect(await runProgram(['edge', 'status', 'ship', ...api])).toBe(0);
    // A pin names nothing, so not all is well.
    expect(await runProgram(['edge', 'status', '--fail', ...api])).toBe(1);
    expect(await runProgram(['edge', 'plan', 'ship', '--fail', ...api])).toBe(1);
    expect(await runProgram(['edge', 'sites', 'set', 'ship', '--pin', 'team/app', '--budget', '20MiB', ...api])).toBe(
      0,
    );
    await system.settle();
    expect(await runProgram(['edge', 'plan', 'ship', '--fail', ...api])).toBe(0);
    expect(await runProgram(['edge', 'explain', 'ship', 'team/app:v1', ...api])).toBe(0);
    expect((await pulledState()).budgetBytes).toBe(20 * 1024 ** 2);
    const file = join(system.dataDir, 'state.json');
    expect(await runProgram(['edge', 'state', 'ship', '--out', file, ...api])).toBe(0);
    const { generation, images } = openDesiredState(await readFile(file), keys);
    const whole = images.map((one) => ({ repository: one.repository, digest: one.digest, tags: one.tags }));
    await writeFile(file, await sealSiteReport(ship.signer, reportOf('ship', whole, { generation, sequence: 3 })));
    expect(await runProgram(['edge', 'acknowledge', 'ship', file, ...api])).toBe(0);
    expect(await runProgram(['edge', 'status', '--fail', ...api])).toBe(0);
    expect(await runProgram(['edge', 'explain', 'ship', 'other/none', ...api])).toBe(2);
    await system.run('reconcile');
    expect(await told('Edge Plans Due')).toMatchObject([{ because: 'time', sites: 1 }]);
  });

  it('is served by the agent that sites run: verified, fetched whole, acknowledged', async () => {
    const held = new Map<Digest, number>();
    const tags = new Map<Digest, readonly string[]>();
    const cache: SiteCache = {
      budgetBytes: 20 * 1024 ** 2,
      has: (_repository, file) => held.has(file.digest),
      tagsOf: (_repository, of) => tags.get(of) ?? [],
      files: () => held,
      lease: async () => {},
      async fetch(repository, file) {
        // From the registry of the hub, byte for byte.
        const isManifest = file.mediaType.includes('manifest') || file.mediaType.includes('index');
        const found = isManifest
          ? await system.source.client.getManifest({ repository, reference: file.digest })
          : undefined;
        const bytes =
          found?.bytes ?? (await collectContent(system.source.client.openBlob({ repository, ...file }), file.size));
        held.set(file.digest, bytes.length);
        return { kind: 'held' };
      },
      setTags: async (of) => void tags.set(of.digest, of.tags),
      activity: () => ({
        evicted: [],
        pulls: [{ repository: 'team/app', digest, count: 9 }],
        inUse: [digest],
        forget: () => {},
      }),
    };
    const hub = {
      desired: async () => (await call('GET', '/v1/edge/sites/ship/desired')).bytes(),
      report: async (body: Uint8Array) => {
        const answer = await call('POST', '/v1/edge/sites/ship/reports', { body });
        expect(answer.status).toBe(202);
        return { kind: 'accepted' as const, standing: ((await answer.json()) as { standing: string }).standing };
      },
    };
    let memory = { generation: 0, sequence: 0 };
    const round = await syncSite({
      ...{ site: 'ship', hub, cache, signer: ship.signer, keys, clock: systemClock },
      memory: {
        load: async () => memory,
        save: async (record) => {
          memory = record;
        },
      },
    });
    expect(round).toMatchObject({ state: { kind: 'taken' }, frozen: false, report: { standing: 'acknowledged' } });
    const [desired] = (await pulledState()).images;
    expect([...held.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(desired?.bytes);
    const raw = await (await system.ask('/api/edge/sites/ship/report')).bytes();
    expect(openSiteReport(raw, [parseVerificationKey(ship.pem)]).held).toHaveLength(held.size);
    // What runs there is kept there, and its use counts from now on.
    expect(await operate('sites/ship/plan')).toMatchObject({
      placed: [{ repository: 'team/app', reason: 'in-use', transferBytes: 0 }],
    });
  });

  it('runs as an edge of its own: holds, proves and hands out what the hub decided', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lading-ship-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const host = 'hub.example';
    await writeFile(join(folder, 'ship.key'), ship.key.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(folder, 'hub.pub'), await (await system.ask('/api/key')).text());
    const file = join(folder, 'edge.json');
    await writeFile(
      file,
      JSON.stringify({
        ...{ port: 0, budget: '20MiB', api: system.api },
        registries: [
          { kind: 'distribution', host, url: system.source.registry.url, allowInsecure: true, allowPrivate: true },
        ],
        mirrors: [{ prefix: 'ROOT', upstream: host, where: 'edge' }],
        site: { name: 'ship', key: join(folder, 'ship.key'), trust: [join(folder, 'hub.pub')], hub: host },
      }),
    );
    const problems: string[] = [];
    const edge = await startEdge(await readEdgeConfig(file), {
      dataDir: folder,
      onProblem: (what) => problems.push(what),
    });
    onTestFinished(() => edge.close());
    expect(await edge.agent?.round()).toMatchObject({
      ...{ state: { kind: 'taken' }, prefetch: { missing: [] } },
      report: { kind: 'accepted', standing: 'acknowledged' },
    });
    // Held until a verdict says yes: the one that lies beside the image, signed by the hub.
    const pulled = await fetch(`${edge.url}/v2/team/app/manifests/v1`);
    expect([pulled.status, pulled.headers.get('docker-content-digest')]).toEqual([200, digest]);
    const raw = await (await system.ask('/api/edge/sites/ship/report')).bytes();
    const said = openSiteReport(raw, [parseVerificationKey(ship.pem)]);
    expect(said.merkleRoot).toBe(heldRoot([{ repository: 'team/app', digest, tags: ['v1'] }]));
    expect(edge.budget?.leases()).toContainEqual(
      expect.objectContaining({ key: `team/app@${digest}`, holder: 'desired' }),
    );
    expect(problems).toEqual([]);
  });

  it('is not known any more once it is revoked', async () => {
    expect(await runProgram(['edge', 'sites', 'revoke', 'ship', '--api', system.api])).toBe(0);
    expect((await call('GET', '/v1/edge/sites/ship/desired')).status).toBe(401);
    expect((await report(reportOf('ship', [], { sequence: 4_000_000_000 }))).status).toBe(401);
    await system.settle();
    expect((await told('Edge Site Changed')).map(({ change }) => change)).toEqual(['registered', 'revised', 'revoked']);
  });

  it('needs no right that is not there, and each that is', () => {
    expect(system.deadLetters()).toEqual({});
    const unused = unusedRights(system.stack).filter((right) => /^(?:serve-sites|manage-edge|plan-edge): /.test(right));
    expect(unused.filter((right) => !EXPLAINED.some((pattern) => pattern.test(right)))).toEqual([]);
  });
});
