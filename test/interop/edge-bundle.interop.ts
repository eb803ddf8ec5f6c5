import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEdgeConfig } from '../../infra/local/edge-config.ts';
import { importIntoEdge } from '../../infra/local/import-bundle.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { imageWithGraph } from '../../lib/edge/bundle/index.ts';
import { sealDesiredState } from '../../lib/edge/index.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import { stateOf } from '../lib/edge/bundle/fixtures.ts';
import type { InteropCheck } from './interop-check.ts';
import { makeImage, type Run, runner, withRegistry } from './registry-fixtures.ts';

type Context = Parameters<InteropCheck['run']>[0];
const lading = join(import.meta.dirname, '..', '..', 'lib', 'cli', 'main.ts');
const NAME = 'team/app:v1';

const open = (host: string) =>
  createRegistries({
    entries: [{ kind: 'distribution', host, url: `http://${host}`, allowInsecure: true, allowPrivate: true }],
  }).open(host);

/** `lading edge …`, as a person would call it. */
const edgeBy =
  (run: Run, work: string) =>
  (...args: readonly string[]): Promise<string> =>
    run(process.execPath, [lading, 'edge', ...args], { env: { LADING_CWD: work } });

/** The registry has an image, and another with one layer more. */
async function pushTwo(run: Run, work: string, host: string): Promise<{ readonly digest: string }> {
  const image = await makeImage(join(work, 'image'));
  await run('crane', ['push', '--insecure', image.layout, `${host}/${NAME}`]);
  await writeFile(join(work, 'more'), 'more\n');
  await run('tar', ['-cf', join(work, 'more.tar'), '-C', work, 'more']);
  await run('crane', [
    'append',
    '--insecure',
    '-b',
    `${host}/${NAME}`,
    '-f',
    join(work, 'more.tar'),
    '-t',
    `${host}/team/app:v2`,
  ]);
  return image;
}

/** Every blob of the archive has the digest that its name says, as tar unpacks it. */
async function unpackAndHash(run: Run, archive: string, into: string): Promise<number> {
  await run('mkdir', ['-p', into]);
  await run('tar', ['-xf', archive, '-C', into]);
  const blobs = await readdir(join(into, 'blobs', 'sha256'));
  for (const name of blobs) {
    assert.equal(digestOf(await readFile(join(into, 'blobs', 'sha256', name))), `sha256:${name}`);
  }
  return blobs.length;
}

async function othersRead(context: Context): Promise<string> {
  const { work } = context;
  const run = runner(context);
  const edge = edgeBy(run, work);
  return withRegistry({ directory: join(work, 'hub') }, ({ host }) =>
    withRegistry({ directory: join(work, 'other') }, async ({ host: other }) => {
      const { digest } = await pushTwo(run, work, host);
      for (const form of ['none', 'zstd']) {
        const file = join(work, `whole-${form}.tar`);
        await edge('export', `${host}/${NAME}`, '--out', file, '--compress', form);
        assert.equal(await unpackAndHash(run, file, join(work, `unpacked-${form}`)), 4);
        const copied = join(work, `copied-${form}`);
        await run('skopeo', [
          '--insecure-policy',
          'copy',
          '--preserve-digests',
          `oci-archive:${file}:${NAME}`,
          `dir:${copied}`,
        ]);
        assert.equal(digestOf(await readFile(join(copied, 'manifest.json'))), digest);
      }
      await run('zstd', ['-q', '-t', join(work, 'whole-zstd.tar')]);

      const delta = join(work, 'delta.tar');
      await edge('export', `${host}/team/app:v2`, '--have-image', `${host}/${NAME}`, '--out', delta);
      assert.equal(await unpackAndHash(run, delta, join(work, 'unpacked-delta')), 3);
      const copy = ['--insecure-policy', 'copy', '--preserve-digests', '--dest-tls-verify=false'];
      await run('skopeo', [
        ...copy,
        `oci-archive:${join(work, 'whole-none.tar')}:${NAME}`,
        `docker://${other}/${NAME}`,
      ]);
      // The layers that the delta lacks are asked for at the target first, and are there.
      await run('skopeo', [...copy, `oci-archive:${delta}:team/app:v2`, `docker://${other}/team/app:v2`]);
      const bytes = (await stat(delta)).size;

      const layout = join(work, 'layout');
      await edge('import', join(work, 'whole-zstd.tar'), '--unsigned', '--to', `oci:${layout}`);
      await edge('import', delta, '--unsigned', '--to', `oci:${layout}`);
      const inspected = JSON.parse(await run('skopeo', ['inspect', `oci:${layout}:team/app:v2`])) as {
        Layers: string[];
      };
      assert.equal(inspected.Layers.length, 3);
      return `tar, zstd and skopeo read whole bundles and a delta of ${bytes} bytes; skopeo reads the layout that was imported`;
    }),
  );
}

async function signedIntoEdge(context: Context): Promise<string> {
  const { work } = context;
  const run = runner(context);
  const edge = edgeBy(run, work);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyFile = join(work, 'hub.pub');
  await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const dataDir = join(work, 'edge-data');
  const bundle = join(work, 'signed.tar');
  const digest = await withRegistry({ directory: join(work, 'hub') }, async ({ host }) => {
    const image = await pushTwo(run, work, host);
    const hub = await open(host);
    const one = await imageWithGraph(hub, { repository: 'team/app', reference: 'v1', tag: 'v1' });
    const state = stateOf([one.image], { expiresAt: new Date(Date.now() + 86_400_000).toISOString() });
    await writeFile(join(work, 'desired.json'), await sealDesiredState(localSigner(privateKey), state));
    await edge(
      'export',
      '--from',
      host,
      '--desired',
      'desired.json',
      '--key',
      keyFile,
      '--out',
      bundle,
      '--volume-size',
      '1MiB',
    );
    await edge('import', bundle, '--site', 'ship-7', '--key', keyFile, '--to', host);
    return image.digest;
  });
  const problems: unknown[] = [];
  const onProblem = (error: unknown): void => void problems.push(error);
  const siteKey = join(work, 'site.key');
  await writeFile(siteKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const edgeFile = join(work, 'edge.json');
  const edgeConfig = {
    registries: [{ kind: 'distribution', host: 'hub.example' }],
    mirrors: [{ prefix: 'hub', upstream: 'hub.example', where: 'edge', quarantine: { until: 'off' } }],
    budget: '100MiB',
    site: { name: 'ship-7', key: siteKey, trust: [keyFile], hub: 'hub.example' },
  };
  await writeFile(edgeFile, JSON.stringify(edgeConfig));
  const config = await readEdgeConfig(edgeFile);
  const carried = { files: [bundle], site: undefined, hubKeys: [] };
  await importIntoEdge({ config, dataDir, bundle: carried, onProblem });
  assert.deepEqual(problems, []);
  return withRegistry({ directory: join(dataDir, 'edge') }, async ({ host }) => {
    const raw = await run('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${host}/hub/${NAME}`]);
    assert.equal(digestOf(raw), digest);
    return 'a signed bundle in volumes, by way of the folder of an edge, is pulled byte for byte';
  });
}

export const checks: readonly InteropCheck[] = [
  { name: 'edge bundle: tar, zstd, skopeo', needs: ['tar', 'zstd', 'skopeo', 'crane'], run: othersRead },
  { name: 'edge bundle: signed, into an edge', needs: ['skopeo', 'crane', 'tar'], run: signedIntoEdge },
];
