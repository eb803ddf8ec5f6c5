import type { Digest } from '../core/digest.ts';
import { outcomeOf } from './build-sbom.ts';
import { GENERATOR_VERSION } from './generator-version.ts';
import { layerOf } from './layer-of.ts';
import type { Gap, Package, Sbom } from './model.ts';
import { commonOrigin } from './origin/origin-of.ts';

/**
 * The SBOM of an index: all that any of its images has, each package with the platforms whose image has it. Packages of
 * different architectures have different purls and stay apart; a package of Node.js is one for all.
 *
 * @param gaps what is missing of the index itself
 */
export function mergeSboms(index: Digest, children: readonly Sbom[], gaps: readonly Gap[]): Sbom {
  const layers = [
    ...Map.groupBy(
      children.flatMap((child) => child.layers),
      ({ digest }) => digest,
    ).values(),
  ].flatMap((same) =>
    same.slice(-1).map((one) => ({ ...one, origin: commonOrigin(same.map(({ origin }) => origin)) })),
  );
  const place = new Map(layers.map((layer, i) => [layer.digest, i]));
  const packages = new Map<string, Package>();
  for (const child of children) {
    for (const one of child.packages) {
      const layer = place.get(layerOf(child, one) ?? index);
      const moved: Package = {
        ...one,
        ...(layer === undefined ? {} : { layer }),
        platforms: child.platform ? [child.platform] : [],
      };
      const before = packages.get(one.id);
      packages.set(one.id, before ? union(before, moved) : moved);
    }
  }
  const all = [...gaps, ...children.flatMap((child) => child.gaps)];
  const distros = children.flatMap((child) => child.distro ?? []);
  const [distro] = distros;
  const sameEverywhere =
    distro !== undefined &&
    distros.length === children.length &&
    distros.every((one) => one.id === distro.id && one.versionId === distro.versionId);
  return {
    schemaVersion: 1,
    generator: { name: 'lading', version: GENERATOR_VERSION },
    image: index,
    outcome: outcomeOf(all),
    gaps: all,
    ...(sameEverywhere ? { distro } : {}),
    layers,
    packages: [...packages.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
  };
}

const lowest = (a: number | undefined, b: number | undefined): { layer?: number } =>
  a === undefined && b === undefined ? {} : { layer: Math.min(a ?? Infinity, b ?? Infinity) };

function union(a: Package, b: Package): Package {
  const locations = new Map([...a.locations, ...b.locations].map((one) => [`${one.path}\0${one.layer}`, one]));
  return {
    ...a,
    ...lowest(a.layer, b.layer),
    origin: commonOrigin([a.origin, b.origin]),
    licenses: [...new Set([...a.licenses, ...b.licenses])],
    locations: [...locations.values()].sort((x, y) => (x.path < y.path ? -1 : x.path > y.path ? 1 : 0)),
    dependencies: [...new Set([...a.dependencies, ...b.dependencies])].sort(),
    ...(a.foundBy || b.foundBy ? { foundBy: [...new Set([...(a.foundBy ?? []), ...(b.foundBy ?? [])])] } : {}),
    platforms: [...new Set([...(a.platforms ?? []), ...(b.platforms ?? [])])].sort(),
  };
}
