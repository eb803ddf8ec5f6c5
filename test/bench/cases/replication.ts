import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { compare, median, type Timed } from '../measure.ts';

const LAYERS = 20;
const LAYER_BYTES = 10 * 1024 * 1024;

/** An image of 20 layers and 200 MB from one local registry to another that holds nothing of it. */
export const replication: BenchCase = {
  name: 'replication, cold',
  async run({ work, has, runs, note }) {
    if (!has('skopeo') && !has('crane')) note('neither skopeo nor crane is installed: nothing to compare with');
    const [from, to] = await Promise.all(
      ['from', 'to'].map((name) => startEmbeddedRegistry({ directory: join(work, name) })),
    );
    if (!from || !to) return [];
    try {
      await pushImage(from.url);
      const source = `localhost:${from.port}/app:1`;
      const collected = new Map<string, Timed[]>();
      for (let run = 0; run < runs; run++) {
        // Each copy goes to a repository of its own, which holds none of the layers.
        const target = (name: string): string => `localhost:${to.port}/${name}-${run}:1`;
        const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
        const results = compare(
          {
            lading: {
              argv: [
                process.execPath,
                '--disable-warning=ExperimentalWarning',
                'lib/cli/main.ts',
                'push',
                source,
                target('lading'),
              ],
            },
            ...(has('skopeo')
              ? {
                  skopeo: {
                    argv: ['skopeo', 'copy', '-q', ...insecure, `docker://${source}`, `docker://${target('skopeo')}`],
                  },
                }
              : {}),
            ...(has('crane') ? { crane: { argv: ['crane', 'copy', '--insecure', source, target('crane')] } } : {}),
          },
          1,
        );
        for (const [name, timed] of results) collected.set(name, [...(collected.get(name) ?? []), timed]);
      }
      const of = (name: string) => {
        const all = collected.get(name);
        return all && { wall: median(all.map(({ wall }) => wall)), peak: median(all.map(({ peak }) => peak)) };
      };
      const own = of('lading');
      return ['skopeo', 'crane'].flatMap((name): BenchRow[] => {
        const peer = of(name);
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
      await Promise.all([from.close(), to.close()]);
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
    layers.push(await put('application/vnd.oci.image.layer.v1.tar', randomBytes(LAYER_BYTES)));
  }
  const diffIds = layers.map(({ digest }) => digest);
  const configText = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } };
  const config = await put('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(configText)));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  await registry.putManifest({ repository, reference: '1', mediaType, bytes });
}
