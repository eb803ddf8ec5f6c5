import { join } from 'node:path';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { cachedDocuments } from '../../../lib/cli/file-documents.ts';
import { pushImage } from '../../../lib/cli/push-image.ts';
import { namedRegistries } from '../../../lib/cli/source/registries.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { documentInventoryStore } from '../../../lib/sbom/adapters/document-inventory-store.ts';
import { documentSbomStore } from '../../../lib/sbom/adapters/document-sbom-store.ts';
import { registryImageSource } from '../../../lib/sbom/adapters/registry-image-source.ts';
import { createSbom } from '../../../lib/sbom/index.ts';
import { openOciLayout } from '../../support/oci-layout.ts';
import type { BenchCase, BenchContext } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare, median } from '../measure.ts';

const [BASE, IMAGE] = ['debian-12-slim', 'ruby-app'];

/** An image of small layers on a base that is known, as a function that is warm makes its SBOM; starts left out. */
export const sbomWarm: BenchCase = {
  name: 'SBOM, warm',
  async run(context) {
    const { work, images, has, runs, note } = context;
    if (!images) {
      note('needs real images: set LADING_CORPORA to a folder with images/ (an OCI layout)');
      return [];
    }
    const registry = await startEmbeddedRegistry({ directory: join(work, 'registry') });
    try {
      for (const ref of [BASE, IMAGE]) {
        const target = localRegistry(registry.url);
        await pushImage({ source: `oci:${images}:${ref}`, target, repository: ref, tag: '1' });
      }
      const at = `localhost:${registry.port}`;
      const ours = await timeOurs(context, at);
      if (!has('trivy')) return [{ what: 'small layers on a known base', ours, unit: 's' }];
      const cache = (run: number): string => join(work, `trivy-${run}`);
      const all = await compare(
        {
          base: (run) => commands.trivySbom(`${at}/${BASE}:1`, cache(run)),
          start: () => ['trivy', '--version'],
          image: (run) => commands.trivySbom(`${at}/${IMAGE}:1`, cache(run)),
        },
        runs,
      );
      const value = (all.get('image')?.wall ?? Number.NaN) - (all.get('start')?.wall ?? Number.NaN);
      return [
        { what: 'small layers on a known base', ours, unit: 's', peer: { name: 'trivy', value }, goal: { most: 0.25 } },
      ];
    } finally {
      await registry.close();
    }
  },
};

/** Seconds; each run begins with documents of the base alone. The first runs make the process warm. */
async function timeOurs({ work, images = '', runs }: BenchContext, at: string): Promise<number> {
  const layout = openOciLayout(images);
  const reader = await namedRegistries({}).open(at);
  const make = async (ref: string, run: number): Promise<number> => {
    const documents = cachedDocuments(join(work, `documents-${run}`));
    const image = layout.images(ref)[0]?.digest as Digest;
    const ports = {
      source: registryImageSource(reader, ref),
      inventories: documentInventoryStore(documents),
      sboms: documentSbomStore(documents),
      clock: systemClock,
    };
    const began = performance.now();
    await createSbom({ image }, ports);
    return (performance.now() - began) / 1000;
  };
  const times: number[] = [];
  for (let run = 0; run < 5 + runs; run++) {
    await make(BASE, run);
    times.push(await make(IMAGE, run));
  }
  return median(times.slice(5));
}
