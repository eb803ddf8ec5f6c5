import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { pushImage } from '../../../lib/cli/push-image.ts';
import { openOciLayout } from '../../support/oci-layout.ts';
import type { BenchCase, BenchContext, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare, median, processorTime, type Timed } from '../measure.ts';

/** Trivy looks Java archives up in a database of its own, which has to be fetched from elsewhere first. */
const IMAGES: readonly (readonly [ref: string, what: string, peers: readonly ('trivy' | 'syft')[]])[] = [
  ['debian-12-slim', 'Debian, 28 MB', ['trivy', 'syft']],
  ['python-app', 'Python on Debian', ['trivy', 'syft']],
  ['java-app', 'Java', ['syft']],
  ['go-app', 'Go', ['trivy', 'syft']],
  ['node-app', 'Node on Alpine', ['trivy', 'syft']],
];
const GOALS = { trivy: 0.7, syft: 0.25 } as const;

/** SBOMs from one local registry, process start included, nothing cached. */
export const sbom: BenchCase = {
  name: 'SBOM, cold',
  async run(context) {
    const { work, images, note } = context;
    if (!images) {
      note('needs real images: set LADING_CORPORA to a folder with images/ (an OCI layout)');
      return [];
    }
    const registry = await startEmbeddedRegistry({ directory: join(work, 'registry') });
    try {
      // The launcher makes its bundle at the first call after a change of the sources, once.
      await compare({ lading: () => commands.ladingHelp }, 1);
      const rows: BenchRow[] = [];
      for (const [ref, what, peers] of IMAGES) {
        const [source, target] = [`oci:${images}:${ref}`, localRegistry(registry.url)];
        await pushImage({ source, target, repository: ref, tag: '1' });
        rows.push(...(await measure(context, { ref, what, peers, at: `localhost:${registry.port}/${ref}:1` })));
        rows.push(...rowOfInflating(context, ref, what, rows));
      }
      return rows;
    } finally {
      await registry.close();
    }
  },
};

async function measure(
  { work, has, runs }: BenchContext,
  image: { readonly ref: string; readonly what: string; readonly peers: readonly string[]; readonly at: string },
): Promise<BenchRow[]> {
  const { ref, what, peers, at } = image;
  const wanted = (name: string): boolean => peers.includes(name) && has(name);
  const results = await compare(
    {
      lading: () => commands.ladingSbom(at),
      ...(wanted('trivy') ? { trivy: (run) => commands.trivySbom(at, join(work, `trivy-${ref}-${run}`)) } : {}),
      ...(wanted('syft') ? { syft: () => commands.syftSbom(at) } : {}),
    },
    runs,
  );
  const own = results.get('lading') as Timed;
  return (['trivy', 'syft'] as const).flatMap((name): BenchRow[] => {
    const peer = results.get(name);
    if (!peer) return [];
    return [
      row(`${what}: wall`, own.wall, 's', { name, value: peer.wall }, GOALS[name]),
      ...processorTime(what, name, own, peer),
      row(`${what}: peak memory`, own.peak, 'MiB', { name, value: peer.peak }, 1),
    ];
  });
}

const row = (
  what: string,
  ours: number,
  unit: 's' | 'MiB',
  peer: { readonly name: string; readonly value: number },
  most: number,
): BenchRow => ({ what, ours, unit, peer, goal: { most } });

/** Unpacking the layers one after the other in this process is the least that anybody has to do. */
function rowOfInflating(
  { images, runs }: BenchContext,
  ref: string,
  what: string,
  rows: readonly BenchRow[],
): BenchRow[] {
  const own = rows.find((one) => one.what === `${what}: wall`);
  if (!images || !own) return [];
  const layout = openOciLayout(images);
  const layers = layout.images(ref)[0]?.layers ?? [];
  const blobs = layers.map(({ digest }) => layout.readBlob(digest));
  const times = Array.from({ length: runs }, () => {
    const began = performance.now();
    for (const blob of blobs) gunzipSync(blob);
    return (performance.now() - began) / 1000;
  });
  const value = 1.3 * median(times) + 0.15;
  return [row(`${what}: wall`, own.ours, 's', { name: '1.3 × inflating + 0.15 s', value }, 1)];
}
