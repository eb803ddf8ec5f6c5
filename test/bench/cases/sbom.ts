import { join } from 'node:path';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { pushImage } from '../../../lib/cli/push-image.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare } from '../measure.ts';

const IMAGES = [
  ['debian-12-slim', 'Debian, 28 MB'],
  ['alpine-3.20.3', 'Alpine, 3 MB'],
  ['node-app', 'Node on Alpine'],
] as const;

/** SBOMs from one local registry, process start included, nothing cached. */
export const sbom: BenchCase = {
  name: 'SBOM, cold',
  async run({ work, has, images, runs, note }) {
    if (!images) {
      note('needs real images: set LADING_CORPORA to a folder with images/ (an OCI layout)');
      return [];
    }
    const registry = await startEmbeddedRegistry({ directory: join(work, 'registry') });
    try {
      const rows: BenchRow[] = [];
      for (const [ref, what] of IMAGES) {
        await pushImage({
          source: `oci:${images}:${ref}`,
          target: localRegistry(registry.url),
          repository: ref,
          tag: '1',
        });
        const at = `localhost:${registry.port}/${ref}:1`;
        const results = await compare(
          {
            lading: () => commands.ladingSbom(at),
            ...(has('trivy') ? { trivy: (run) => commands.trivySbom(at, join(work, `trivy-${ref}-${run}`)) } : {}),
            ...(has('syft') ? { syft: () => commands.syftSbom(at) } : {}),
          },
          runs,
        );
        const own = results.get('lading');
        for (const [name, most] of [
          ['trivy', 0.7],
          ['syft', 0.25],
        ] as const) {
          const peer = results.get(name);
          if (!own || !peer) continue;
          rows.push({
            what: `${what}: wall`,
            ours: own.wall,
            unit: 's',
            peer: { name, value: peer.wall },
            goal: { most },
          });
          rows.push({
            what: `${what}: peak memory`,
            ours: own.peak,
            unit: 'MiB',
            peer: { name, value: peer.peak },
            goal: { most: 1 },
          });
        }
      }
      return rows;
    } finally {
      await registry.close();
    }
  },
};
