import type { Digest } from '../core/digest.ts';
import type { FoundPackage } from './catalogers/cataloger.ts';
import type { Package } from './model.ts';

/**
 * Makes packages of what the catalogers found: the same package found twice is one with two locations, dependencies
 * become ids, and the order is that of the ids.
 *
 * @param layers digests, lowest first
 */
export function assemblePackages(found: readonly FoundPackage[], layers: readonly Digest[]): Package[] {
  const byId = Map.groupBy(found, idOf);
  const providers = findProviders(byId);
  const packages: Package[] = [];
  for (const [id, same] of byId) {
    const [first] = same;
    if (!first) continue;
    const { provides: _provides, requires: _requires, ...described } = first;
    packages.push({
      ...described,
      id,
      layer: Math.min(...same.map((one) => one.layer)),
      licenses: [...new Set(same.flatMap((one) => one.licenses))],
      locations: locationsOf(same, layers),
      dependencies: dependenciesOf(id, same, providers),
    });
  }
  return packages.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function idOf(found: FoundPackage): string {
  if (found.purl !== undefined) return found.purl;
  return `${found.type}:${found.name}@${found.version}${found.arch ? `?arch=${found.arch}` : ''}`;
}

type Providers = ReadonlyMap<string, string>;

const keyOf = (type: string, name: string): string => `${type}\0${name}`;

function findProviders(byId: ReadonlyMap<string, readonly FoundPackage[]>): Providers {
  const providers = new Map<string, string>();
  // A package of the very name goes before others that provide the name.
  for (const own of [true, false]) {
    for (const [id, same] of byId) {
      for (const { type, name, provides = [] } of same) {
        for (const one of provides) {
          const key = keyOf(type, one);
          if ((one === name) === own && !providers.has(key)) providers.set(key, id);
        }
      }
    }
  }
  return providers;
}

function dependenciesOf(id: string, same: readonly FoundPackage[], providers: Providers): string[] {
  const needed = new Set<string>();
  for (const { type, requires = [] } of same) {
    for (const alternatives of requires) {
      const provider = alternatives.map((name) => providers.get(keyOf(type, name))).find((one) => one !== undefined);
      if (provider !== undefined && provider !== id) needed.add(provider);
    }
  }
  return [...needed].sort();
}

function locationsOf(same: readonly FoundPackage[], layers: readonly Digest[]): Package['locations'] {
  const locations = new Map<string, { path: string; layer: Digest }>();
  for (const { path, layer } of same.flatMap((one) => one.locations)) {
    const digest = layers[layer];
    if (digest !== undefined) locations.set(`${path}\0${layer}`, { path, layer: digest });
  }
  return [...locations.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
