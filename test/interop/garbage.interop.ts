import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../../lib/core/clock.ts';
import { type Digest, digestHex, digestOf } from '../../lib/core/digest.ts';
import { openDistributionFolder } from '../../lib/storage/adapters/distribution-folder.ts';
import { collectDistribution, UPLOAD_TTL_MS } from '../../lib/storage/index.ts';
import { startDockerRegistry } from '../lib/registry/start-docker-registry.ts';
import type { InteropCheck } from './interop-check.ts';
import { makeImage, runner } from './registry-fixtures.ts';

const HOUR = 3_600_000;

/** Another image of the layout: the same layers, another configuration. */
async function addVariant(layout: string, name: string): Promise<Digest> {
  const file = (digest: string) => join(layout, 'blobs', 'sha256', digestHex(digest as Digest));
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
  const manifest = JSON.parse(await readFile(file(index.manifests[0].digest), 'utf8'));
  const config = JSON.parse(await readFile(file(manifest.config.digest), 'utf8'));
  const put = async (content: string) => {
    const digest = digestOf(content);
    await writeFile(file(digest), content);
    return { digest, size: Buffer.byteLength(content) };
  };
  const own = await put(JSON.stringify({ ...config, author: name }));
  const made = await put(JSON.stringify({ ...manifest, config: { ...manifest.config, ...own } }));
  const annotations = { 'org.opencontainers.image.ref.name': name };
  index.manifests.push({ mediaType: manifest.mediaType, ...made, annotations });
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  return made.digest;
}

const eligible = (output: string): ReadonlySet<string> =>
  new Set([...output.matchAll(/blob eligible for deletion: (\S+)/g)].map(([, digest]) => digest ?? ''));

export const checks: readonly InteropCheck[] = [
  {
    name: 'garbage of distribution: what its own garbage-collect would free, freed beside pulls and pushes',
    needs: ['docker-registry', 'skopeo', 'crane'],
    async run(context) {
      const run = runner(context);
      const { layout } = await makeImage(join(context.work, 'image'));
      for (const name of ['v2', 'v3', 'only', 'child-a', 'child-b']) await addVariant(layout, name);
      const folder = join(context.work, 'registry');
      const registry = await startDockerRegistry(folder);
      const host = registry.url.host;
      const push = (name: string, to: string) =>
        run('skopeo', [
          'copy',
          '--quiet',
          '--dest-tls-verify=false',
          `oci:${layout}:${name}`,
          `docker://${host}/${to}`,
        ]);
      const collect = async (deleteUntagged: boolean, dryRun: boolean) =>
        collectDistribution(await openDistributionFolder(join(folder, 'data')), {
          ...{ dryRun, deleteUntagged, graceMs: HOUR, uploadTtlMs: UPLOAD_TTL_MS },
          settle: async () => void (dryRun || (await push('v3', 'team/meanwhile:v1'))),
          // A day later, so that all that was pushed is old.
          clock: manualClock(new Date(Date.now() + 24 * HOUR)),
        });
      const theirs = async (...more: string[]) =>
        eligible(await run('docker-registry', ['garbage-collect', '--dry-run', ...more, join(folder, 'config.yml')]));
      try {
        await push('v1', 'team/app:v1');
        await push('v2', 'team/app:moved');
        await push('v3', 'team/app:moved');
        await push('only', 'team/gone:v1');
        await push('child-a', 'team/multi:a');
        await push('child-b', 'team/multi:b');
        await run('crane', [
          'index',
          'append',
          '--insecure',
          '-t',
          `${host}/team/multi:v1`,
          '-m',
          `${host}/team/multi:a`,
          '-m',
          `${host}/team/multi:b`,
        ]);
        await run('skopeo', ['delete', '--tls-verify=false', `docker://${host}/team/gone:v1`]);
        // Without deleting what is untagged, both see the same garbage.
        const plain = await collect(false, true);
        const ours = new Set<string>(plain.freed.contents.map(({ digest }) => digest));
        assert.ok(ours.size > 0);
        assert.deepEqual(ours, await theirs());
        const dry = await collect(true, true);
        const report = await collect(true, false);
        assert.equal(report.missing.length, 0);
        assert.ok(report.freed.bytes > 0 && report.freed.bytes <= dry.freed.bytes);
        for (const ref of ['team/app:v1', 'team/app:moved', 'team/multi:v1', 'team/meanwhile:v1']) {
          await run('crane', ['validate', '--insecure', '--remote', `${host}/${ref}`]);
        }
        // What went can be pushed again beside the running registry.
        await push('only', 'team/gone:v1');
        await run('crane', ['validate', '--insecure', '--remote', `${host}/team/gone:v1`]);
        return `${ours.size} contents alike; ${report.freed.count} freed with untagged ones, ${report.freed.bytes} bytes, beside a push; all that is tagged validates`;
      } finally {
        await registry.stop();
      }
    },
  },
];
