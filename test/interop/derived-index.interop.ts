import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock, systemClock } from '../../lib/core/clock.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { createIndex } from '../../lib/formats/oci/index.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import type { Registry } from '../../lib/registry/index.ts';
import { memoryReplicas } from '../../lib/replication/adapters/memory-replicas.ts';
import { checkDerivation, deriveIndex, replicateImage } from '../../lib/replication/index.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import { memorySignatures } from '../../lib/signing/adapters/memory-signatures.ts';
import { signImage } from '../../lib/signing/index.ts';
import type { InteropCheck } from './interop-check.ts';
import { makeImage, runner, withRegistry } from './registry-fixtures.ts';

const REPOSITORY = 'team/app';

const open = (host: string): Promise<Registry> =>
  createRegistries({
    entries: [{ kind: 'distribution', host, url: `http://${host}`, allowInsecure: true, allowPrivate: true }],
  }).open(host);

/** Makes an index of two images under `v1`. */
async function pushIndex(registry: Registry, tags: Readonly<Record<string, string>>): Promise<ImageLocation> {
  const images = [];
  for (const [architecture, reference] of Object.entries(tags)) {
    const head = await registry.headManifest({ repository: REPOSITORY, reference });
    assert.ok(head);
    images.push({ ...head, platform: { os: 'linux', architecture } });
  }
  const index = createIndex(images);
  await registry.putManifest({ repository: REPOSITORY, reference: 'v1', ...index });
  return { registry: registry.host, repository: REPOSITORY, digest: index.digest };
}

async function verifiedByCosign(context: Parameters<InteropCheck['run']>[0]): Promise<string> {
  const { work } = context;
  const run = runner(context);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyFile = join(work, 'lading.pub');
  await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const image = await makeImage(join(work, 'image'));
  return withRegistry({ directory: join(work, 'source') }, ({ host: from }) =>
    withRegistry({ directory: join(work, 'target') }, async ({ host: to }) => {
      await run('crane', ['push', '--insecure', image.layout, `${from}/${REPOSITORY}:image`]);
      const layer = join(work, 'more.tar');
      await run('tar', ['-cf', layer, '-C', work, 'lading.pub']);
      const other = ['-b', `${from}/${REPOSITORY}:image`, '-f', layer, '-t', `${from}/${REPOSITORY}:other`];
      await run('crane', ['append', '--insecure', ...other]);
      const [source, target] = await Promise.all([open(from), open(to)]);
      const original = await pushIndex(source, { amd64: 'image', arm64: 'other' });
      const derived = await deriveIndex(source, original, ['linux/arm64']);
      assert.ok(derived);
      await replicateImage(
        { source: derived.reader, target, replicas: memoryReplicas(), clock: manualClock() },
        {
          source: { registry: from, repository: REPOSITORY, digest: derived.digest },
          target: { registry: to, repository: REPOSITORY },
          tags: ['v1'],
        },
      );
      const at = { registry: to, repository: REPOSITORY, digest: derived.digest };
      const verify = [
        'verify',
        '--key',
        keyFile,
        '--insecure-ignore-tlog=true',
        '--allow-http-registry',
        `${to}/${REPOSITORY}:v1`,
      ];
      await assert.rejects(run('cosign', verify));
      assert.equal(await checkDerivation({ source, target }, original, at), 'derived');
      const ports = {
        signer: localSigner(privateKey),
        store: memorySignatures(),
        registry: target,
        clock: systemClock,
      };
      await signImage(ports, { subject: at, decision: 'allow' });
      const told = await run('cosign', verify);
      assert.ok(told.includes(derived.digest));
      return 'cosign verifies a copy with fewer platforms, by its tag, once it is signed at its target';
    }),
  );
}

export const checks: readonly InteropCheck[] = [
  { name: 'copy with fewer platforms: cosign', needs: ['crane', 'cosign'], run: verifiedByCosign },
];
