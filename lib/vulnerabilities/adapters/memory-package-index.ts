import { groupPackages, type PackageRow } from '../group-packages.ts';
import type { PackageIndex } from '../ports.ts';

export function memoryPackageIndex(): PackageIndex {
  const groups = new Map<string, readonly PackageRow[]>();
  const imagesOf = new Map<string, Set<string>>();
  const groupsWith = new Map<string, Map<string, readonly string[]>>();
  const keyOf = (ecosystem: string, name: string): string => JSON.stringify([ecosystem, name]);
  return {
    add: async (image, packages) => {
      for (const { id, rows } of groupPackages(packages)) {
        imagesOf.set(id, (imagesOf.get(id) ?? new Set()).add(image));
        if (groups.has(id)) continue;
        groups.set(id, rows);
        for (const { ecosystem, name, versions } of rows) {
          const key = keyOf(ecosystem, name);
          groupsWith.set(key, (groupsWith.get(key) ?? new Map()).set(id, versions));
        }
      }
    },
    async *imagesWith(ecosystem, name) {
      for (const [id, versions] of groupsWith.get(keyOf(ecosystem, name)) ?? []) {
        for (const image of imagesOf.get(id) ?? []) yield { image, versions };
      }
    },
  };
}
