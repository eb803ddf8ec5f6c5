import { digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { identify } from './ecosystems.ts';
import type { MatchablePackage } from './model.ts';

/** What one layer contributes to an image, as the index keeps it: content-addressed, so images on one base share it. */
export interface PackageGroup {
  readonly id: string;
  readonly rows: readonly PackageRow[];
}

export interface PackageRow {
  readonly ecosystem: string;
  readonly name: string;
  readonly versions: readonly string[];
}

/**
 * Groups an image's packages by layer. A layer whose packages are partly replaced further up makes another group than
 * the same layer whole, so an image has exactly the packages of its groups.
 */
export function groupPackages(packages: readonly MatchablePackage[]): readonly PackageGroup[] {
  const layers = new Map<string, Map<string, { ecosystem: string; name: string; versions: Set<string> }>>();
  for (const pkg of packages) {
    const layer = pkg.layer ?? '';
    const rows = layers.get(layer) ?? new Map();
    layers.set(layer, rows);
    for (const { ecosystem, name, version } of identify(pkg).lookups) {
      const key = JSON.stringify([ecosystem, name]);
      const row = rows.get(key) ?? { ecosystem, name, versions: new Set() };
      row.versions.add(version);
      rows.set(key, row);
    }
  }
  const groups = new Map<string, PackageGroup>();
  for (const rows of layers.values()) {
    if (rows.size === 0) continue;
    const sorted = [...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { ecosystem, name, versions }]): PackageRow => ({ ecosystem, name, versions: [...versions].sort() }));
    const id = digestOf(canonicalJson(sorted));
    groups.set(id, { id, rows: sorted });
  }
  return [...groups.values()];
}
