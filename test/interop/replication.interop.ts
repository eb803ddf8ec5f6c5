import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../lib/registry/adapters/oci-layout.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { type Registry, walkClosedGraph } from '../../lib/registry/index.ts';
import { memoryReplicas } from '../../lib/replication/adapters/memory-replicas.ts';
import { checkReplica, replicateImage } from '../../lib/replication/index.ts';
import { startDockerRegistry } from '../lib/registry/start-docker-registry.ts';
import type { InteropCheck } from './interop-check.ts';
import { makeImage, runner, withRegistry } from './registry-fixtures.ts';

type Context = Parameters<InteropCheck['run']>[0];

interface Place {
  readonly name: string;
  readonly registry: Registry;
  readonly repository: string;
  /** Where others reach it; a layout is reached by nobody. */
  readonly address?: string;
}

const offline = ['--allow-insecure-registry', '--allow-http-registry'];

const open = (host: string): Promise<Registry> =>
  createRegistries({
    entries: [{ kind: 'distribution', host, url: `http://${host}`, allowInsecure: true, allowPrivate: true }],
  }).open(host);

/**
 * An image that cosign signed and attested goes from the embedded registry (referrers API) to distribution 2.8 (none), to an
 * OCI layout, and to another embedded registry. Whatever speaks HTTP is verified by cosign itself.
 */
async function verifyOnReplicas(context: Context): Promise<string> {
  const { work } = context;
  const run = runner(context);
  const image = await makeImage(join(work, 'image'));
  const distribution = await startDockerRegistry(join(work, 'distribution'));
  try {
    return await withRegistry({ directory: join(work, 'first') }, ({ host: first }) =>
      withRegistry({ directory: join(work, 'last') }, async ({ host: last }) => {
        const env = { COSIGN_PASSWORD: 'interop' };
        await run('crane', ['push', image.layout, `${first}/team/app:v1`]);
        await run('cosign', ['generate-key-pair', '--output-key-prefix', join(work, 'key')], { env });
        const signing = [
          '--key',
          join(work, 'key.key'),
          ...offline,
          '--tlog-upload=false',
          '--use-signing-config=false',
          '-y',
        ];
        await run('cosign', ['sign', ...signing, `${first}/team/app@${image.digest}`], { env });
        const predicate = join(work, 'predicate.json');
        await writeFile(predicate, '{"builder":"interop"}');
        const attest = ['attest', '--type', 'https://example.com/interop', '--predicate', predicate];
        await run('cosign', [...attest, ...signing, `${first}/team/app@${image.digest}`], { env });
        const chain: readonly Place[] = [
          { name: 'embedded', registry: await open(first), repository: 'team/app', address: `${first}/team/app` },
          {
            name: 'distribution',
            registry: await open(distribution.url.host),
            repository: 'mirror/app',
            address: `${distribution.url.host}/mirror/app`,
          },
          {
            name: 'layout',
            registry: await openOciLayout({ directory: join(work, 'layout'), create: true }),
            repository: LAYOUT_REPOSITORY,
          },
          {
            name: 'embedded again',
            registry: await open(last),
            repository: 'restored/app',
            address: `${last}/restored/app`,
          },
        ];
        const verified: string[] = [];
        let previous: Place | undefined;
        for (const place of chain) {
          if (previous) await copy(previous, place, image.digest);
          const { address } = place;
          if (address !== undefined) {
            const key = ['--key', join(work, 'key.pub'), ...offline, '--insecure-ignore-tlog=true'];
            await run('cosign', ['verify', ...key, `${address}:v1`]);
            await run('cosign', [
              'verify-attestation',
              ...key,
              '--type',
              'https://example.com/interop',
              `${address}:v1`,
            ]);
            assert.equal((await run('crane', ['digest', '--insecure', `${address}:v1`])).trim(), image.digest);
            verified.push(place.name);
          }
          previous = place;
        }
        return `cosign verify and verify-attestation pass at ${verified.join(', ')}, the last of which came out of an OCI layout`;
      }),
    );
  } finally {
    await distribution.stop();
  }
}

async function copy(from: Place, to: Place, digest: `sha256:${string}` | `sha512:${string}`): Promise<void> {
  const request = {
    source: { registry: from.registry.host, repository: from.repository, digest },
    target: { registry: to.registry.host, repository: to.repository },
    tags: ['v1'],
  };
  const ports = { source: from.registry, target: to.registry };
  const result = await replicateImage({ ...ports, replicas: memoryReplicas(), clock: systemClock }, request);
  assert.equal(result.kind, 'replicated');
  assert.deepEqual(await checkReplica(ports, request), { kind: 'equal' });
  const bytes = async ({ registry, repository }: Place) => {
    const graph = await walkClosedGraph(registry, { repository, digest });
    assert.ok(graph && graph.nodes.length >= 3, `${registry.host} lists no referrers`);
    return graph.nodes.map((node) => Buffer.from(node.bytes).toString('base64')).sort();
  };
  assert.deepEqual(await bytes(to), await bytes(from));
}

export const checks: readonly InteropCheck[] = [
  {
    name: 'replication: cosign verifies every replica',
    needs: ['cosign', 'crane', 'docker-registry'],
    run: verifyOnReplicas,
  },
];
