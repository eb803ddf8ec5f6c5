import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryAccess } from '../../infra/local/registry/index.ts';
import type { MirrorOptions } from '../../infra/local/registry/mirror/mirror.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { mirrorsConfigSchema } from '../../lib/mirror/config.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import type { InteropCheck } from './interop-check.ts';
import { makeImage, type Run, runner, type SampleImage, type Served, withRegistry } from './registry-fixtures.ts';

type Context = Parameters<InteropCheck['run']>[0];

/** A check that has a registry, a small image and a way to run programs. */
function check(
  name: string,
  needs: readonly string[],
  body: (parts: Served & { readonly run: Run; readonly image: SampleImage; readonly work: string }) => Promise<string>,
): InteropCheck {
  return {
    name,
    needs,
    run: async (context) => {
      const image = await makeImage(join(context.work, 'image'));
      return withRegistry({ directory: join(context.work, 'registry') }, (served) =>
        body({ ...served, run: runner(context), image, work: context.work }),
      );
    },
  };
}

/** Runs the suite of opencontainers/distribution-spec and counts; anything but a pass or a disabled test fails. */
async function conformance(
  context: Context,
  version: '1.1' | 'dev',
  access?: { readonly port: RegistryAccess; readonly env: Readonly<Record<string, string>> },
): Promise<string> {
  const directory = join(context.work, 'registry');
  return withRegistry({ directory, ...(access ? { access: access.port } : {}) }, async ({ host }) => {
    const results = join(context.work, 'results');
    const env = {
      OCI_REGISTRY: host,
      OCI_TLS: 'disabled',
      OCI_VERSION: version,
      OCI_RESULTS_DIR: results,
      ...access?.env,
    };
    // The suite tells a failure by its exit code 1; the counts say more.
    const output = await runner(context)('oci-conformance', [], { env }).catch((error: unknown) => String(error));
    const junit = await readFile(join(results, 'junit.xml'), 'utf8');
    const suite = /<testsuites\b[^>]*>/.exec(junit)?.[0] ?? '';
    const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const [tests, disabled] = [count('tests'), count('disabled')];
    const [failures, errors, skipped] = [count('failures'), count('errors'), count('skipped')];
    const cases = junit.split('<testcase').length - 1;
    assert.ok(tests > 0 && cases > 0, `the suite ran nothing: ${output.slice(0, 2000)}`);
    assert.equal(failures + errors + skipped, 0, `${suite}\n${output.slice(0, 4000)}`);
    return `${tests - disabled} of ${tests} checks passed, 0 failed, 0 skipped, ${disabled} disabled (${cases} cases)`;
  });
}

const token = Buffer.from('AWS:interop').toString('base64');
const basicAccess: RegistryAccess = {
  authenticate: async (header) => (header === `Basic ${token}` ? { principal: 'interop' } : 'refused'),
  authorize: () => true,
};

const craneCheck = check('crane', ['crane'], async ({ run, host, image, work, registry, events }) => {
  const reference = `${host}/crane/image`;
  await run('crane', ['push', image.layout, `${reference}:v1`]);
  assert.equal((await run('crane', ['digest', `${reference}:v1`])).trim(), image.digest);
  await run('crane', ['validate', '--remote', `${reference}:v1`]);
  await run('crane', ['pull', '--format', 'oci', `${reference}:v1`, join(work, 'pulled')]);
  const pulled = JSON.parse(await readFile(join(work, 'pulled', 'index.json'), 'utf8'));
  assert.equal(pulled.manifests[0].digest, image.digest);
  await run('crane', ['copy', `${reference}:v1`, `${host}/crane/copy:v1`]);
  await run('crane', ['tag', `${reference}:v1`, 'v2']);
  assert.deepEqual((await run('crane', ['ls', reference])).trim().split('\n'), ['v1', 'v2']);
  assert.deepEqual((await run('crane', ['catalog', host])).trim().split('\n'), ['crane/copy', 'crane/image']);
  const before = registry.store.diskUsage().blobs;
  await run('crane', ['delete', `${reference}@${image.digest}`]);
  assert.equal(registry.store.listManifests('crane/image').length, 0);
  assert.equal((await run('crane', ['digest', `${host}/crane/copy:v1`])).trim(), image.digest);
  return `push, validate, pull, copy, tag, ls, delete: same digest; ${before} contents for 2 repositories; ${events.length} events`;
});

const skopeoCheck = check('skopeo', ['skopeo'], async ({ run, host, image, work, registry, events }) => {
  const copy = (from: string, to: string, ...more: readonly string[]) =>
    run('skopeo', [
      '--insecure-policy',
      'copy',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      ...more,
      from,
      to,
    ]);
  const remote = `docker://${host}/skopeo/image`;
  await copy(`oci:${image.layout}:v1`, `${remote}:v1`);
  assert.equal(registry.store.findManifest('skopeo/image', 'v1')?.digest, image.digest);
  await copy(`${remote}:v1`, `oci:${join(work, 'pulled')}:v1`);
  const pulled = JSON.parse(await readFile(join(work, 'pulled', 'index.json'), 'utf8'));
  assert.equal(pulled.manifests[0].digest, image.digest);
  await copy(`${remote}:v1`, `${remote}:docker`, '--format', 'v2s2');
  const docker = registry.store.findManifest('skopeo/image', 'docker');
  assert.equal(docker?.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  await copy(`${remote}:docker`, `docker-archive:${join(work, 'image.tar')}:skopeo/image:docker`);
  await copy(`docker-archive:${join(work, 'image.tar')}`, `docker://${host}/skopeo/archive:v1`);
  const inspected = JSON.parse(await run('skopeo', ['inspect', '--tls-verify=false', `${remote}:v1`]));
  assert.equal(inspected.Digest, image.digest);
  assert.equal(inspected.Layers.length, image.files);
  await run('skopeo', ['delete', '--tls-verify=false', `${remote}:docker`]);
  assert.deepEqual(
    registry.store.tags('skopeo/image').map(({ tag }) => tag),
    ['v1'],
  );
  return `OCI both ways with the same digest, Docker schema 2, docker-archive both ways, inspect, delete; ${events.length} events`;
});

const orasCheck = check('oras', ['oras'], async ({ run, host, image, work, registry, events }) => {
  const oras = (...args: readonly string[]) => run('oras', args);
  await writeFile(join(work, 'note.txt'), 'an artifact');
  await oras('cp', '--from-oci-layout', '--to-plain-http', `${image.layout}:v1`, `${host}/oras/image:v1`);
  assert.equal(registry.store.findManifest('oras/image', 'v1')?.digest, image.digest);
  await oras(
    'push',
    '--plain-http',
    '--artifact-type',
    'application/vnd.example.note',
    `${host}/oras/note:v1`,
    'note.txt',
  );
  await oras('pull', '--plain-http', '-o', join(work, 'pulled'), `${host}/oras/note:v1`);
  assert.equal(await readFile(join(work, 'pulled', 'note.txt'), 'utf8'), 'an artifact');
  const attach = (type: string) =>
    oras('attach', '--plain-http', '--artifact-type', type, '--annotation', 'a=b', `${host}/oras/image:v1`, 'note.txt');
  await attach('application/vnd.example.sbom');
  await attach('application/vnd.example.signature');
  const discover = async (
    repository: string,
    ...more: readonly string[]
  ): Promise<readonly { artifactType: string }[]> => {
    const found = JSON.parse(
      await oras('discover', '--plain-http', '--format', 'json', ...more, `${host}/${repository}:v1`),
    );
    return found.referrers ?? found.manifests;
  };
  assert.equal((await discover('oras/image')).length, 2);
  assert.equal((await discover('oras/image', '--artifact-type', 'application/vnd.example.sbom')).length, 1);
  await oras('cp', '-r', '--from-plain-http', '--to-plain-http', `${host}/oras/image:v1`, `${host}/oras/copy:v1`);
  assert.equal((await discover('oras/copy')).length, 2);
  // A registry without the referrers API would have got a tag in its place.
  assert.deepEqual(
    registry.store.tags('oras/image').map(({ tag }) => tag),
    ['v1'],
  );
  const types = new Set(events.map(({ artifactMediaType }) => artifactMediaType));
  assert.ok(types.has('application/vnd.example.sbom'));
  return `layout copy, push, pull, 2 attached and discovered (1 filtered), copied with referrers; ${events.length} events`;
});

const regctlCheck = check('regctl', ['regctl'], async ({ run, host, image, work, registry, events }) => {
  const regctl = (...args: readonly string[]) => run('regctl', args);
  await regctl('registry', 'set', '--tls', 'disabled', host);
  await regctl('image', 'copy', `ocidir://${image.layout}:v1`, `${host}/regctl/image:v1`);
  assert.equal((await regctl('image', 'digest', `${host}/regctl/image:v1`)).trim(), image.digest);
  await regctl('image', 'copy', `${host}/regctl/image:v1`, `ocidir://${join(work, 'pulled')}:v1`);
  const pulled = JSON.parse(await readFile(join(work, 'pulled', 'index.json'), 'utf8'));
  assert.equal(pulled.manifests[0].digest, image.digest);
  await writeFile(join(work, 'note.txt'), 'an artifact');
  const put = ['artifact', 'put', '--artifact-type', 'application/vnd.example.note', '-f', 'note.txt'];
  await regctl(...put, '--subject', `${host}/regctl/image:v1`);
  const list = JSON.parse(await regctl('artifact', 'list', '--format', '{{json .}}', `${host}/regctl/image:v1`));
  assert.equal(list.descriptors.length, 1);
  await regctl('index', 'create', '--ref', `${host}/regctl/image:v1`, `${host}/regctl/image:index`);
  await regctl('image', 'copy', '--referrers', `${host}/regctl/image:index`, `${host}/regctl/copy:index`);
  assert.equal(registry.store.listManifests('regctl/copy').length >= 2, true);
  assert.deepEqual((await regctl('tag', 'ls', `${host}/regctl/image`)).trim().split('\n'), ['index', 'v1']);
  await regctl('tag', 'rm', `${host}/regctl/image:index`);
  assert.deepEqual((await regctl('tag', 'ls', `${host}/regctl/image`)).trim(), 'v1');
  // What it checks of blobs goes through chunked upload: regclient splits what is larger than its limit.
  await regctl('registry', 'set', '--blob-chunk', '65536', '--blob-max', '1', host);
  const large = 'y'.repeat(400_000);
  await writeFile(join(work, 'large.txt'), large);
  await regctl(
    'artifact',
    'put',
    '--artifact-type',
    'application/vnd.example.large',
    '-f',
    'large.txt',
    `${host}/regctl/large:v1`,
  );
  assert.equal(registry.store.blobSize('regctl/large', digestOf(large)), large.length);
  return `copy both ways with the same digest, artifact with subject, index, referrers, tag rm, chunked upload; ${events.length} events`;
});

/** Other programs pull through a mirror as from any registry, and come again by themselves where an image is held. */
const mirrorCheck = check('pull-through mirror', ['crane', 'skopeo', 'oras', 'regctl'], async (parts) => {
  const { run, host, image, work } = parts;
  await run('crane', ['push', image.layout, `${host}/app:v1`]);
  let asked = 0;
  const registries = createRegistries({
    entries: [
      {
        kind: 'distribution',
        host: 'upstream.example',
        url: `http://${host}`,
        allowInsecure: true,
        allowPrivate: true,
      },
    ],
  });
  const rule = { prefix: 'up', upstream: 'upstream.example', where: 'edge', quarantine: { retryAfterSeconds: 1 } };
  const mirror: MirrorOptions = {
    rules: mirrorsConfigSchema.parse([rule]),
    registries,
    // The scan is done by the third time that somebody asks.
    gate: { decisionOn: async () => ({ decision: ++asked < 3 ? 'pending' : 'allow' }) },
  };
  return withRegistry({ directory: join(work, 'mirror'), mirror }, async ({ host: edge, registry }) => {
    const reference = `${edge}/up/app:v1`;
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--src-tls-verify=false',
      `docker://${reference}`,
      `oci:${join(work, 's')}:v1`,
    ]);
    const waited = asked;
    assert.ok(waited >= 3, 'nothing was held');
    await run('crane', ['validate', '--remote', reference]);
    assert.equal((await run('crane', ['digest', reference])).trim(), image.digest);
    await run('oras', ['pull', '--plain-http', '-o', join(work, 'o'), reference]);
    await run('regctl', ['registry', 'set', '--tls', 'disabled', edge]);
    assert.equal((await run('regctl', ['image', 'digest', reference])).trim(), image.digest);
    await assert.rejects(run('crane', ['tag', reference, 'mine']), /DENIED/);
    const counts = registry.mirrors()[0]?.counts;
    return `skopeo waited while it was held (${counts?.held} times), crane, oras and regctl read it; ${counts?.misses} fetched, ${counts?.hits} served from there`;
  });
});

export const checks: readonly InteropCheck[] = [
  {
    name: 'OCI distribution conformance 1.1',
    needs: ['oci-conformance'],
    run: (context) => conformance(context, '1.1'),
  },
  {
    name: 'OCI distribution conformance, drafts after 1.1',
    needs: ['oci-conformance'],
    run: (context) => conformance(context, 'dev'),
  },
  {
    name: 'OCI distribution conformance 1.1 with Basic credentials',
    needs: ['oci-conformance'],
    run: (context) =>
      conformance(context, '1.1', { port: basicAccess, env: { OCI_USERNAME: 'AWS', OCI_PASSWORD: 'interop' } }),
  },
  craneCheck,
  skopeoCheck,
  orasCheck,
  regctlCheck,
  mirrorCheck,
];
