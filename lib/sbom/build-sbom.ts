import type { Digest } from '../core/digest.ts';
import { assemblePackages } from './assemble-packages.ts';
import { findDistro } from './catalogers/distro/find-distro.ts';
import { catalogers, catalogLockFiles } from './catalogers/index.ts';
import { listCpes } from './cpe/list-cpes.ts';
import { GENERATOR_VERSION } from './generator-version.ts';
import type { ImageInventory } from './inventory-image.ts';
import type { Base, Gap, Package, Sbom, SbomOutcome } from './model.ts';
import { originOf } from './origin/origin-of.ts';

/**
 * What an image holds, out of its inventory: a pure function, so that equal layers give an equal SBOM at any time.
 *
 * @param options.declared also what lock files name where nothing of it is installed
 * @param options.base what it was built on, where that is known
 */
export function buildSbom(
  image: { readonly digest: Digest; readonly platform?: string | undefined },
  inventory: ImageInventory,
  options: { readonly declared?: boolean | undefined; readonly base?: Base | undefined } = {},
): Sbom {
  const distro = findDistro(inventory.files);
  const found = catalogers.flatMap((cataloger) => cataloger.catalog(inventory.files, distro));
  if (options.declared) found.push(...catalogLockFiles(inventory.files));
  const digests = inventory.layers.map(({ descriptor }) => descriptor.digest);
  return {
    schemaVersion: 1,
    generator: { name: 'lading', version: GENERATOR_VERSION },
    image: image.digest,
    ...(image.platform ? { platform: image.platform } : {}),
    outcome: outcomeOf(inventory.gaps),
    gaps: [...inventory.gaps],
    ...(distro ? { distro } : {}),
    ...(options.base ? { base: options.base } : {}),
    layers: inventory.layers.map(({ descriptor, inventory: read }, i) => ({
      digest: descriptor.digest,
      size: descriptor.size,
      ...(read ? { diffId: read.diffId, unpackedBytes: read.unpackedBytes, files: read.files } : {}),
      origin: originOf(i, options.base),
    })),
    packages: assemblePackages(found, digests).map((one) => describe(one, options.base)),
  };
}

/** What follows from the rest. */
function describe(one: Package, base: Base | undefined): Package {
  const cpes = listCpes(one);
  return { ...one, ...(cpes.length > 0 ? { cpes } : {}), origin: originOf(one.layer, base) };
}

/** A crossed cap weighs more than damage: it may have been put there to hide something. */
export function outcomeOf(gaps: readonly Gap[]): SbomOutcome {
  if (gaps.some((gap) => gap.reason === 'limit')) return 'limit-exceeded';
  return gaps.length > 0 ? 'unreadable' : 'complete';
}
