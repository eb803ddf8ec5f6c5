import { memoryInventoryStore } from '../../../../lib/sbom/adapters/memory.ts';
import { buildSbom, inventoryImage, type Package, type Sbom } from '../../../../lib/sbom/index.ts';
import type { TarEntryInput } from '../../../support/tar-writer.ts';
import { buildImage, sourceOf } from '../image-builder.ts';

/** The SBOM of an image of the layers, lowest first. */
export const sbomOf = (...layers: readonly (readonly TarEntryInput[])[]): Promise<Sbom> => build(layers, {});

async function build(layers: readonly (readonly TarEntryInput[])[], options: { declared?: boolean }): Promise<Sbom> {
  const image = buildImage(layers);
  const inventory = await inventoryImage(
    { layers: image.layers.map((one) => one.descriptor), diffIds: image.layers.map((one) => one.diffId) },
    { source: sourceOf(image), inventories: memoryInventoryStore() },
  );
  return buildSbom({ digest: image.descriptor.digest }, inventory, options);
}

export const packagesOf = async (...layers: readonly (readonly TarEntryInput[])[]): Promise<readonly Package[]> =>
  (await sbomOf(...layers)).packages;

/** With what lock files name, in an image of one layer. */
export const declaredPackagesOf = async (files: Readonly<Record<string, string>>): Promise<readonly Package[]> =>
  (await build([Object.entries(files).map(([path, content]) => ({ path, content }))], { declared: true })).packages;
