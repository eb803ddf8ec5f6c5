import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { type Digest, digestOf } from '../../lib/core/digest.ts';
import { apkDatabase, osRelease } from '../lib/sbom/image-builder.ts';
import { projectRoot } from '../support/stack.ts';
import { startProcess } from '../support/start-process.ts';
import { tarArchive } from '../support/tar-writer.ts';
import type { InteropCheck } from './interop-check.ts';
import { makeImage, type Run, runner, type SampleImage } from './registry-fixtures.ts';

const SETTLE_MS = 120_000;
const OFFLINE = ['--insecure-ignore-tlog=true', '--allow-insecure-registry', '--allow-http-registry'];

interface Running {
  /** `localhost:PORT` of the primary region's registry and of the replica's. */
  readonly source: string;
  readonly replica: string;
  readonly registry: string;
  readonly api: string;
  /** Where `lading key export` put the public key. */
  readonly key: string;
}

let started: Promise<Running> | undefined;

/** One stack for all checks, as `npm start` starts it; it ends with this process. */
const stack = (): Promise<Running> => {
  started ??= start();
  return started;
};

async function start(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'lading-interop-stack-'));
  const data = join(folder, 'data');
  const child = startProcess(data, ['--no-sample']);
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await child.printed('Push your own');
  const { registries, api } = child.file();
  const address = (at: number): string => `localhost:${new URL(registries[at]?.url ?? '').port}`;
  const cli = join(projectRoot, 'lib', 'cli', 'main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'key', 'export', '--data', data]);
  const key = join(folder, 'lading.pub');
  await writeFile(key, stdout);
  return { source: address(0), replica: address(1), registry: registries[0]?.host ?? '', api, key };
}

const told = z.object({
  image: z.object({
    settled: z.boolean(),
    entry: z.object({ artifactClass: z.string() }),
    stages: z.array(z.object({ stage: z.string(), state: z.string() })),
  }),
});

/** Waits until nothing more will happen to the image, and says which stages it went through. */
async function settled({ api, registry }: Running, repository: string, digest: Digest) {
  const ref = encodeURIComponent(`${registry}/${repository}@${digest}`);
  for (const until = Date.now() + SETTLE_MS; ; ) {
    const response = await fetch(`${api}/api/image?ref=${ref}`);
    if (response.ok) {
      const { image } = told.parse(await response.json());
      const done = image.stages.filter(({ state }) => state === 'done').map(({ stage }) => stage);
      if (image.settled) return { class: image.entry.artifactClass, done };
    }
    if (Date.now() > until) throw new Error(`${repository}@${digest} did not settle: ${response.status}`);
    await wait(100);
  }
}

const EVERY_STAGE = ['catalog', 'sbom', 'match', 'gate', 'sign', 'replicate', 'attest'];

/** The pushed image went through every stage, and cosign accepts it with the exported key, here and at the replica. */
async function assertSigned(run: Run, repository: string, digest: Digest): Promise<string> {
  const running = await stack();
  assert.deepEqual(await settled(running, repository, digest), { class: 'image', done: EVERY_STAGE });
  for (const host of [running.source, running.replica]) {
    const verified = await run('cosign', [
      'verify',
      '--key',
      running.key,
      ...OFFLINE,
      `${host}/${repository}@${digest}`,
    ]);
    assert.ok(verified.includes(digest), `cosign reports the digest: ${verified}`);
  }
  return `${EVERY_STAGE.length} stages, and cosign verify exits 0 on source and replica`;
}

type Context = Parameters<InteropCheck['run']>[0];
interface Parts {
  readonly run: Run;
  readonly image: SampleImage;
  readonly running: Running;
  readonly work: string;
}

const check = (name: string, needs: readonly string[], body: (parts: Parts) => Promise<string>): InteropCheck => ({
  name: `stack: ${name}`,
  needs,
  run: async (context: Context) =>
    body({
      run: runner(context),
      image: await makeImage(join(context.work, 'image')),
      running: await stack(),
      work: context.work,
    }),
});

const skopeo = check('skopeo copy', ['skopeo', 'cosign'], async ({ run, image, running }) => {
  await run('skopeo', [
    ...['--insecure-policy', 'copy', '--dest-tls-verify=false'],
    ...[`oci:${image.layout}:v1`, `docker://${running.source}/by/skopeo:v1`],
  ]);
  return assertSigned(run, 'by/skopeo', image.digest);
});

const crane = check('crane push', ['crane', 'cosign'], async ({ run, image, running }) => {
  await run('crane', ['push', image.layout, `${running.source}/by/crane:v1`]);
  return assertSigned(run, 'by/crane', image.digest);
});

const oras = check('oras cp and oras push', ['oras', 'cosign'], async ({ run, image, running, work }) => {
  const plain = ['--from-oci-layout', '--to-plain-http'];
  await run('oras', ['cp', ...plain, `${image.layout}:v1`, `${running.source}/by/oras:v1`]);
  await writeFile(join(work, 'model.txt'), 'weights');
  await run('oras', [
    ...['push', '--plain-http', '--artifact-type', 'application/vnd.example.model'],
    ...[`${running.source}/by/oras-artifact:v1`, 'model.txt:text/plain'],
  ]);
  const manifest = await run('oras', ['manifest', 'fetch', '--plain-http', `${running.source}/by/oras-artifact:v1`]);
  const artifact = await settled(running, 'by/oras-artifact', digestOf(manifest));
  assert.deepEqual(artifact, { class: 'artifact', done: ['catalog'] });
  return `${await assertSigned(run, 'by/oras', image.digest)}; the artifact is catalogued and no more`;
});

/** What the Docker engine sends: POST, PATCH in chunks, PUT with the digest, and a schema 2 manifest by tag. */
const docker = check("the Docker engine's upload and manifest", ['cosign'], async ({ run, running }) => {
  const base = `http://${running.source}/v2/by/docker`;
  const tar = tarArchive([osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])]);
  const upload = async (mediaType: string, content: Buffer) => {
    const digest = digestOf(content);
    const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
    assert.equal(begun.status, 202);
    let location = new URL(begun.headers.get('location') ?? '', base);
    for (const part of [content.subarray(0, 100), content.subarray(100)]) {
      // Without Content-Range, as the engine does: the order of the requests is that of the bytes.
      const sent = await fetch(location, { method: 'PATCH', body: new Uint8Array(part) });
      assert.equal(sent.status, 202);
      location = new URL(sent.headers.get('location') ?? '', base);
    }
    location.searchParams.set('digest', digest);
    assert.equal((await fetch(location, { method: 'PUT' })).status, 201);
    return { mediaType, digest, size: content.length };
  };
  const layer = await upload('application/vnd.docker.image.rootfs.diff.tar.gzip', gzipSync(tar));
  const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } };
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: await upload('application/vnd.docker.container.image.v1+json', Buffer.from(JSON.stringify(config))),
    layers: [layer],
  });
  const put = await fetch(`${base}/manifests/v1`, {
    method: 'PUT',
    body: manifest,
    headers: { 'content-type': mediaType },
  });
  assert.equal(put.status, 201);
  return assertSigned(run, 'by/docker', digestOf(manifest));
});

const referrers = check(
  'cosign tree and oras discover',
  ['crane', 'cosign', 'oras'],
  async ({ run, image, running }) => {
    await run('crane', ['push', image.layout, `${running.source}/by/tree:v1`]);
    await assertSigned(run, 'by/tree', image.digest);
    for (const host of [running.source, running.replica]) {
      const reference = `${host}/by/tree@${image.digest}`;
      const tree = await run('cosign', ['tree', '--allow-insecure-registry', '--allow-http-registry', reference]);
      assert.match(tree, /sigstore\.dev\/cosign\/sign\/v1|sigstore\.bundle/);
      const found = await run('oras', ['discover', '--plain-http', '--format', 'json', reference]);
      assert.match(found, /application\/vnd\.dev\.sigstore\.bundle\.v0\.3\+json/);
    }
    return 'both list the signature, on source and replica';
  },
);

const anotherKey = check('cosign with another key', ['crane', 'cosign'], async ({ run, image, running, work }) => {
  await run('crane', ['push', image.layout, `${running.source}/by/another:v1`]);
  await assertSigned(run, 'by/another', image.digest);
  await run('cosign', ['generate-key-pair', '--output-key-prefix', 'another'], { env: { COSIGN_PASSWORD: '' } });
  const reference = `${running.source}/by/another@${image.digest}`;
  await assert.rejects(run('cosign', ['verify', '--key', join(work, 'another.pub'), ...OFFLINE, reference]));
  assert.match(await readFile(running.key, 'utf8'), /^-----BEGIN PUBLIC KEY-----\n/);
  return 'cosign verify fails with a key that is not the exported one';
});

export const checks: readonly InteropCheck[] = [skopeo, crane, oras, docker, referrers, anotherKey];
