import { comparablePackage } from './compare-sboms.ts';
import { listCpes } from './cpe/list-cpes.ts';
import { listPackages } from './list-packages.ts';
import type { ListedPackage } from './listed-sbom.ts';
import type { Package, Sbom } from './model.ts';
import { originOf } from './origin/origin-of.ts';

/** An SBOM of the same image by somebody else. */
export interface OtherSbom {
  /** The program, and what its word is worth: `syft 1.57 (verified: ci)`. */
  readonly who: string;
  readonly packages: readonly ListedPackage[];
}

/**
 * Our SBOM with what others found besides. Each package says who found it, and what both know is told in our words: we saw
 * the files. Packages are the same by type, name and version, as registries compare names. How complete it is stays what
 * ours was: others do not say what they could not read.
 */
export function mergeWithOthers(own: Sbom, others: readonly OtherSbom[]): Sbom {
  const ours = `${own.generator.name} ${own.generator.version}`;
  const byId = new Map<string, Package>(own.packages.map((one) => [one.id, { ...one, foundBy: [ours] }]));
  const idOf = new Map<string, string[]>();
  for (const [i, listed] of listPackages(own).entries()) {
    const key = comparablePackage(listed);
    idOf.set(key, [...(idOf.get(key) ?? []), own.packages[i]?.id ?? '']);
  }
  for (const { who, packages } of others) {
    for (const listed of packages) {
      const key = comparablePackage(listed);
      const known = idOf.get(key) ?? [];
      if (known.length === 0) {
        const added = toPackage(listed, own);
        if (!byId.has(added.id)) byId.set(added.id, added);
        known.push(added.id);
        idOf.set(key, known);
      }
      for (const id of known) byId.set(id, withFinder(byId.get(id), who) ?? toPackage(listed, own));
    }
  }
  return { ...own, packages: [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)) };
}

const withFinder = (one: Package | undefined, who: string): Package | undefined =>
  one && { ...one, foundBy: [...new Set([...(one.foundBy ?? []), who])] };

function toPackage(listed: ListedPackage, own: Sbom): Package {
  const { type, name, version, purl, source, distro, licenses, supplier } = listed;
  const at = own.layers.findIndex(({ digest, diffId }) => listed.layer === digest || listed.layer === diffId);
  const layer = at < 0 ? undefined : at;
  const cpes = listed.cpes ?? listCpes({ type, name, version, source, supplier });
  return {
    id: purl ?? `${type}:${name}@${version}`,
    type,
    name,
    version,
    licenses: [...licenses],
    locations: (listed.locations ?? []).map((path) => ({ path: path.replace(/^\/+/, '') })),
    dependencies: [],
    ...(purl === undefined ? {} : { purl }),
    ...(source === undefined ? {} : { source }),
    ...(distro === undefined ? {} : { distro }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(cpes.length > 0 ? { cpes: [...cpes] } : {}),
    ...(layer === undefined ? {} : { layer }),
    origin: originOf(layer, own.base),
    foundBy: [],
  };
}
