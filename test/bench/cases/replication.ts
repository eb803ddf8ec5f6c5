import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare } from '../measure.ts';

const LAYERS = 20;
const LAYER_BYTES = 10 * 1024 * 1024;

/** An image of 20 layers and 200 MB from one local registry to another that holds nothing of it. */
export const replication: BenchCase = {
  name: 'replication, cold',
  async run({ work, has, runs, note }) {
    if (!has('skopeo') && !has('crane')) note('neither skopeo nor crane is installed: nothing to compare with');
    const from = await startEmbeddedRegistry({ directory: join(work, 'from') });
    const targets = new Map<string, EmbeddedRegistry>();
    try {
      await pushImage(from.url);
      const source = `localhost:${from.port}/app:1`;
      // A registry of its own for every copy: in one that holds the blobs somewhere, clients would mount them.
      for (const name of ['lading', 'skopeo', 'crane']) {
        for (let run = 0; run < runs; run++) {
          const key = `${name}-${run}`;
          targets.set(key, await startEmbeddedRegistry({ directory: join(work, key) }));
        }
      }
      const target = (name: string, run: number): string => `localhost:${targets.get(`${name}-${run}`)?.port}/app:1`;
      const results = await compare(
        {
          lading: (run) => commands.ladingCopy(source, target('lading', run)),
          ...(has('skopeo') ? { skopeo: (run) => commands.skopeoCopy(source, target('skopeo', run)) } : {}),
          ...(has('crane') ? { crane: (run) => commands.craneCopy(source, target('crane', run)) } : {}),
        },
        runs,
      );
      const own = results.get('lading');
      return ['skopeo', 'crane'].flatMap((name): BenchRow[] => {
        const peer = results.get(name);
        if (!own || !peer) return [];
        return [
          {
            what: '20 layers, 200 MB: wall',
            ours: own.wall,
            unit: 's',
            peer: { name, value: peer.wall },
            goal: { most: 1 },
          },
          { what: '20 layers, 200 MB: peak memory', ours: own.peak, unit: 'MiB', peer: { name, value: peer.peak } },
        ];
      });
    } finally {
      await Promise.all([from, ...targets.values()].map((registry) => registry.close()));
    }
  },
};

async function pushImage(url: string): Promise<void> {
  const registry = localRegistry(url);
  const repository = 'app';
  const put = async (mediaType: string, content: Buffer) => {
    const digest = digestOf(content);
    await registry.putBlob({ repository, digest, size: content.length, content });
    return { mediaType, digest, size: content.length };
  };
  const layers = [];
  for (let i = 0; i < LAYERS; i++) {
    // gzip that stores: skopeo packs what is not packed, and would be measured at that.
    const content = gzipSync(randomBytes(LAYER_BYTES), { level: 0 });
    layers.push(await put('application/vnd.oci.image.layer.v1.tar+gzip', content));
  }
  const diffIds = layers.map(({ digest }) => digest);
  const configText = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } };
  const config = await put('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(configText)));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  await registry.putManifest({ repository, reference: '1', mediaType, bytes });
}
