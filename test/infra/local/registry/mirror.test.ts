import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RegistryAccess } from '../../../../infra/local/registry/index.ts';
import type { MirrorOptions } from '../../../../infra/local/registry/mirror/mirror.ts';
import { manualClock } from '../../../../lib/core/clock.ts';
import { mapLimit } from '../../../../lib/core/concurrency.ts';
import { type Digest, digestOf } from '../../../../lib/core/digest.ts';
import { mirrorRuleSchema } from '../../../../lib/mirror/config.ts';
import type { GateAnswer } from '../../../../lib/mirror/index.ts';
import { createRegistries } from '../../../../lib/registry/adapters/open-registries.ts';
import {
  brokenBlobs,
  clientOf,
  imageManifest,
  OCI_INDEX,
  OCI_MANIFEST,
  pushBlob,
  pushImage,
  pushManifest,
  startRegistry,
} from './support.ts';

/** A mirror in front of an address, with a gate that the test decides for. */
async function startMirror(
  upstreamUrl: string,
  given: {
    readonly quarantine?: object;
    readonly tagTtlSeconds?: number;
    readonly directory?: string;
    readonly access?: RegistryAccess;
  } = {},
) {
  const decisions = new Map<Digest, GateAnswer>();
  const asked: Digest[] = [];
  const clock = manualClock();
  const { directory, access, ...rule } = given;
  const mirror: MirrorOptions = {
    rules: [mirrorRuleSchema.parse({ prefix: 'up', upstream: 'upstream.example', where: 'edge', ...rule })],
    registries: createRegistries(
      {
        entries: [
          { kind: 'distribution', host: 'upstream.example', url: upstreamUrl, allowInsecure: true, allowPrivate: true },
        ],
      },
      { retry: { attempts: 1 } },
    ),
    gate: {
      async decisionOn({ digest }) {
        asked.push(digest);
        return decisions.get(digest) ?? { decision: 'pending' };
      },
    },
  };
  const started = await startRegistry({
    mirror,
    clock,
    ...(access ? { access } : {}),
    ...(directory ? { directory } : {}),
  });
  const counts = () => started.registry.mirrors()[0]?.counts;
  return { ...started, decisions, asked, clock, counts };
}

const OFF = { quarantine: { until: 'off' } };

/** A server in front of another, which counts, and can be made to behave badly. */
async function startGate(target: () => number) {
  const seen: string[] = [];
  const misbehave = new Map<string, (response: ServerResponse) => void>();
  let down = false;
  const server = createServer(async (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (down) return void request.socket.destroy();
    const bad = [...misbehave].find(([part]) => request.url?.includes(part))?.[1];
    if (bad !== undefined) return bad(response);
    const answer = await fetch(`http://127.0.0.1:${target()}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { accept: request.headers.accept ?? '*/*' },
    });
    const body = Buffer.from(await answer.arrayBuffer());
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== 'transfer-encoding'));
    response.writeHead(answer.status, headers).end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    misbehave,
    breakDown: () => {
      down = true;
      server.closeAllConnections();
    },
  };
}

describe('a pull-through mirror', () => {
  it('fetches a manifest and its blobs once, and serves them the same to everybody', async () => {
    const upstream = await startRegistry();
    const layer = randomBytes(3_000_000);
    const digest = await pushBlob(upstream.client, 'team/app', layer);
    const config = await pushBlob(upstream.client, 'team/app', '{}');
    const bytes = imageManifest({ digest: config, size: 2 }, [{ digest, size: layer.length }]);
    await pushManifest(upstream.client, 'team/app', 'v1', bytes);
    const gate = await startGate(() => upstream.registry.port);
    const { client, counts, directory, registry } = await startMirror(gate.url, OFF);
    const events: unknown[] = [];
    registry.onEvent((event) => events.push(event));

    const clients = Array.from({ length: 8 }, () => clientOf(registry.port));
    const manifests = await Promise.all(clients.map((one) => one('GET', '/v2/up/team/app/manifests/v1')));
    expect(manifests.every((each) => each.body.toString() === bytes && each.status === 200)).toBe(true);
    expect(await client('HEAD', `/v2/up/team/app/blobs/${config}`)).toMatchObject({
      status: 200,
      headers: { 'content-length': '2' },
    });
    const blobs = await Promise.all(clients.map((one) => one('GET', `/v2/up/team/app/blobs/${digest}`)));
    expect(blobs.every((each) => each.body.equals(layer) && each.headers['docker-content-digest'] === digest)).toBe(
      true,
    );
    const again = await client('GET', `/v2/up/team/app/blobs/${digest}`, { headers: { range: 'bytes=10-19' } });
    expect(again).toMatchObject({ status: 206, body: layer.subarray(10, 20) });

    const fetches = gate.seen.filter((line) => line.startsWith('GET'));
    expect(fetches.filter((line) => line.includes('/manifests/'))).toEqual(['GET /v2/team/app/manifests/v1']);
    expect(fetches.filter((line) => line.includes(digest))).toHaveLength(1);
    expect(counts()).toMatchObject({ failed: 0, held: 0, stale: 0 });
    // The configuration was asked for by HEAD, which fetches nothing.
    expect(counts()).toMatchObject({ misses: 2, hits: 7 + 7 + 1 });
    expect(counts()?.bytesFromUpstream).toBe(bytes.length + layer.length);
    expect(await brokenBlobs(directory)).toEqual([]);
    expect(events).toMatchObject([
      {
        kind: 'push',
        repository: 'up/team/app',
        tag: 'v1',
        pulledFrom: { prefix: 'up', upstream: 'upstream.example' },
      },
    ]);
    const status = await client('GET', '/_lading/mirrors');
    expect(JSON.parse(status.body.toString())).toMatchObject({ mirrors: [{ prefix: 'up', counts: counts() }] });
  });

  it('asks what a tag names now once its time is over, and moves with it', async () => {
    const upstream = await startRegistry();
    const first = await pushImage(upstream.client, 'app', 'latest');
    const { client, clock, counts } = await startMirror(upstream.registry.url, { ...OFF, tagTtlSeconds: 60 });
    const latest = async () => (await client('GET', '/v2/up/app/manifests/latest')).headers['docker-content-digest'];
    expect(await latest()).toBe(first.digest);
    const second = await pushImage(upstream.client, 'app', 'latest');
    expect(await latest()).toBe(first.digest);
    clock.advance(61_000);
    expect(await latest()).toBe(second.digest);
    expect(await client('GET', `/v2/up/app/manifests/${first.digest}`)).toMatchObject({ status: 200 });
    await upstream.client('DELETE', '/v2/app/manifests/latest');
    clock.advance(61_000);
    expect(await client('GET', '/v2/up/app/manifests/latest')).toMatchObject({
      status: 404,
      codes: ['MANIFEST_UNKNOWN'],
    });
    expect(counts()).toMatchObject({ misses: 2 });
  });

  it('serves what it has while the upstream is down, and says of the rest that it is', async () => {
    const upstream = await startRegistry();
    const image = await pushImage(upstream.client, 'app', 'v1');
    const gate = await startGate(() => upstream.registry.port);
    const { client, counts, clock } = await startMirror(gate.url, OFF);
    await client('GET', '/v2/up/app/manifests/v1');
    await client('GET', `/v2/up/app/blobs/${image.blobs[0]}`);
    gate.breakDown();
    clock.advance(3_600_000);
    expect(await client('GET', '/v2/up/app/manifests/v1')).toMatchObject({ status: 200 });
    expect(await client('GET', `/v2/up/app/blobs/${image.blobs[0]}`)).toMatchObject({ status: 200 });
    expect(await client('GET', `/v2/up/app/blobs/${image.blobs[1]}`)).toMatchObject({
      status: 503,
      codes: ['UNAVAILABLE'],
      headers: { 'retry-after': '5' },
    });
    expect(await client('GET', '/v2/up/app/manifests/v2')).toMatchObject({ status: 503, codes: ['UNAVAILABLE'] });
    expect(counts()).toMatchObject({ stale: 1 });
  });

  it('fetches a layer that another repository has no second time, and no blob that no manifest names', async () => {
    const upstream = await startRegistry();
    const image = await pushImage(upstream.client, 'a', 'v1');
    await upstream.client('POST', `/v2/b/blobs/uploads/?mount=${image.blobs[0]}&from=a`);
    await upstream.client('POST', `/v2/b/blobs/uploads/?mount=${image.blobs[1]}&from=a`);
    await pushManifest(upstream.client, 'b', 'v1', image.bytes);
    const unnamed = await pushBlob(upstream.client, 'a', 'of nobody');
    const gate = await startGate(() => upstream.registry.port);
    const { client } = await startMirror(gate.url, OFF);
    for (const name of ['a', 'b']) {
      await client('GET', `/v2/up/${name}/manifests/v1`);
      expect(await client('GET', `/v2/up/${name}/blobs/${image.blobs[1]}`)).toMatchObject({ status: 200 });
    }
    expect(gate.seen.filter((line) => line.includes('/blobs/'))).toHaveLength(1);
    expect(await client('GET', `/v2/up/a/blobs/${unnamed}`)).toMatchObject({ status: 404, codes: ['BLOB_UNKNOWN'] });
    expect(gate.seen.filter((line) => line.includes('/blobs/'))).toHaveLength(1);
  });

  it('takes no pushes, and leaves repositories outside its prefix alone', async () => {
    const upstream = await startRegistry();
    const { client } = await startMirror(upstream.registry.url, OFF);
    expect(await client('POST', '/v2/up/app/blobs/uploads/')).toMatchObject({ status: 403, codes: ['DENIED'] });
    expect(await pushManifest(client, 'up/app', 'v1', '{}')).toMatchObject({ status: 403, codes: ['DENIED'] });
    await expect(pushImage(client, 'own/app', 'v1')).resolves.toBeDefined();
    expect(await client('GET', '/v2/upper/app/manifests/v1')).toMatchObject({ status: 404, codes: ['NAME_UNKNOWN'] });
  });

  it('brings the referrers of the upstream with it', async () => {
    const upstream = await startRegistry();
    const image = await pushImage(upstream.client, 'app', 'v1');
    const referrer = await pushImage(upstream.client, 'app', undefined, {
      artifactType: 'application/vnd.example.note',
      subject: { mediaType: OCI_MANIFEST, digest: image.digest, size: image.bytes.length },
    });
    const { client } = await startMirror(upstream.registry.url, OFF);
    await client('GET', '/v2/up/app/manifests/v1');
    const listed = JSON.parse((await client('GET', `/v2/up/app/referrers/${image.digest}`)).body.toString());
    expect(listed.manifests.map((each: { digest: string }) => each.digest)).toEqual([referrer.digest]);
    expect((await client('GET', `/v2/up/app/manifests/${referrer.digest}`)).body.toString()).toBe(referrer.bytes);
  });
});

describe('a mirror of an upstream that lies', () => {
  async function lying() {
    const upstream = await startRegistry();
    const layer = randomBytes(2_000_000);
    const digest = await pushBlob(upstream.client, 'app', layer);
    const config = await pushBlob(upstream.client, 'app', '{}');
    const bytes = imageManifest({ digest: config, size: 2 }, [{ digest, size: layer.length }]);
    await pushManifest(upstream.client, 'app', 'v1', bytes);
    const gate = await startGate(() => upstream.registry.port);
    const mirror = await startMirror(gate.url, OFF);
    await mirror.client('GET', '/v2/up/app/manifests/v1');
    return { gate, layer, digest, path: `/v2/up/app/blobs/${digest}`, ...mirror };
  }

  it('never sends the end of a blob that is not what its digest says, keeps nothing of it, and asks again', async () => {
    const { gate, layer, digest, client, path, directory, counts } = await lying();
    const other = Buffer.from(layer);
    other.writeUInt8(other.readUInt8(1_000_000) ^ 1, 1_000_000);
    gate.misbehave.set(digest, (response) => response.end(other));
    await expect(client('GET', path)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect(await client('GET', path, { headers: { range: 'bytes=0-9' } })).toMatchObject({ status: 502 });
    expect(counts()).toMatchObject({ failed: 2 });
    expect(await brokenBlobs(directory)).toEqual([]);
    gate.misbehave.clear();
    expect((await client('GET', path)).body.equals(layer)).toBe(true);
  });

  it('ends a blob that is shorter than the manifest says, and reads none that is longer to its end', async () => {
    const { gate, layer, digest, client, path, directory } = await lying();
    gate.misbehave.set(digest, (response) => response.end(layer.subarray(1)));
    await expect(client('GET', path)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect(await brokenBlobs(directory)).toEqual([]);
    gate.misbehave.set(digest, (response) => response.write(Buffer.concat([layer, layer])));
    expect((await client('GET', path)).body.equals(layer)).toBe(true);
  });

  it('takes up a download that broke, and a client that leaves does not end it for the others', async () => {
    const { layer, client, path, registry } = await lying();
    const leaver = await fetch(`http://127.0.0.1:${registry.port}${path}`);
    await leaver.body?.cancel();
    expect((await client('GET', path)).body.equals(layer)).toBe(true);
  });
});

describe('quarantine of what is seen first', () => {
  const held = { status: 429, codes: ['TOOMANYREQUESTS'], headers: { 'retry-after': '15' } };

  it('holds an image by tag, digest and blob until the gate allows it, and then for good', async () => {
    const upstream = await startRegistry();
    const image = await pushImage(upstream.client, 'app', 'v1');
    const { client, decisions, counts, directory, registry } = await startMirror(upstream.registry.url);
    const paths = [`manifests/v1`, `manifests/${image.digest}`, ...image.blobs.map((digest) => `blobs/${digest}`)];
    for (const path of paths) {
      for (const method of ['GET', 'HEAD']) {
        expect((await client(method, `/v2/up/app/${path}`)).status).toBe(429);
      }
      expect(await client('GET', `/v2/up/app/${path}`)).toMatchObject(held);
    }
    expect(counts()).toMatchObject({ held: 12 });
    decisions.set(image.digest, { decision: 'allow' });
    for (const path of paths) expect(await client('GET', `/v2/up/app/${path}`)).toMatchObject({ status: 200 });
    await registry.close();
    // After a restart the gate is not asked about it again: it may have nothing to say any more.
    const restarted = await startMirror(upstream.registry.url, { directory });
    for (const path of paths) expect((await restarted.client('GET', `/v2/up/app/${path}`)).status).toBe(200);
    expect(restarted.asked).toEqual([]);
  });

  it('says why where the gate does not allow it', async () => {
    const upstream = await startRegistry();
    const image = await pushImage(upstream.client, 'app', 'v1');
    const { client, decisions } = await startMirror(upstream.registry.url);
    decisions.set(image.digest, { decision: 'deny', reasons: ['CVE-2026-1 is critical'] });
    const answer = await client('GET', '/v2/up/app/manifests/v1');
    expect(answer).toMatchObject({ status: 403, codes: ['DENIED'] });
    expect(answer.body.toString()).toContain('CVE-2026-1 is critical');
    expect((await client('GET', `/v2/up/app/blobs/${image.blobs[1]}`)).status).toBe(403);
  });

  it('lets our own functions read what is held, and nobody else through another repository', async () => {
    const upstream = await startRegistry();
    const image = await pushImage(upstream.client, 'app', 'v1');
    const access: RegistryAccess = {
      authenticate: async (header) => ({ principal: header === undefined ? undefined : 'create-sbom' }),
      authorize: () => true,
    };
    const { client, registry } = await startMirror(upstream.registry.url, { access });
    const headers = { authorization: 'Basic eDp5' };
    expect(await client('GET', '/v2/up/app/manifests/v1', { headers })).toMatchObject({ status: 200 });
    expect(await client('GET', `/v2/up/app/blobs/${image.blobs[1]}`, { headers })).toMatchObject({ status: 200 });
    expect(registry.store.blobSize('up/app', image.blobs[1] as Digest)).toBeDefined();
    expect((await client('GET', `/v2/up/app/blobs/${image.blobs[1]}`)).status).toBe(429);
    // A mount would bring the layer into a repository that nothing holds back.
    for (const query of [`mount=${image.blobs[1]}&from=up/app`, `mount=${image.blobs[1]}`]) {
      expect(await client('POST', `/v2/own/blobs/uploads/?${query}`)).toMatchObject({ status: 202 });
    }
    expect((await client('GET', `/v2/own/blobs/${image.blobs[1]}`)).status).toBe(404);
  });

  it('serves the children of an index that is allowed', async () => {
    const upstream = await startRegistry();
    const child = await pushImage(upstream.client, 'app', undefined);
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ mediaType: OCI_MANIFEST, digest: child.digest, size: child.bytes.length }],
    });
    await pushManifest(upstream.client, 'app', 'multi', index, OCI_INDEX);
    const { client, decisions } = await startMirror(upstream.registry.url);
    expect((await client('GET', '/v2/up/app/manifests/multi')).status).toBe(429);
    expect((await client('GET', `/v2/up/app/manifests/${child.digest}`)).status).toBe(429);
    decisions.set(digestOf(index), { decision: 'allow' });
    expect((await client('GET', '/v2/up/app/manifests/multi')).body.toString()).toBe(index);
    expect((await client('GET', `/v2/up/app/manifests/${child.digest}`)).body.toString()).toBe(child.bytes);
    expect((await client('GET', `/v2/up/app/blobs/${child.blobs[0]}`)).status).toBe(200);
  });

  it('holds no signature, and nothing that a bypass names', async () => {
    const upstream = await startRegistry();
    const layer = await pushBlob(upstream.client, 'app', 'payload');
    const signature = JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        digest: await pushBlob(upstream.client, 'app', '{}'),
        size: 2,
      },
      layers: [{ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', digest: layer, size: 7 }],
    });
    await pushManifest(upstream.client, 'app', 'sig', signature);
    for (const name of ['base/one', 'app']) await pushImage(upstream.client, name, 'v1');
    await pushImage(upstream.client, 'app', 'trusted');
    const bypass = ['up/base/**', 'up/app:trusted'];
    const { client } = await startMirror(upstream.registry.url, { quarantine: { bypass } });
    const statusOf = async (path: string) => (await client('GET', `/v2/up/${path}`)).status;
    expect(
      await mapLimit(['app/manifests/sig', 'base/one/manifests/v1', 'app/manifests/trusted'], 1, statusOf),
    ).toEqual([200, 200, 200]);
    expect(await statusOf('app/manifests/v1')).toBe(429);
  });
});
