import { layerOf } from './layer-of.ts';
import type { ListedPackage, ListedSbom } from './listed-sbom.ts';
import type { Package, Sbom } from './model.ts';
import { orderedVersion } from './version-words.ts';

/** The packages of an SBOM in the form that matching takes, the same for ours and for other people's. */
export function listPackages(sbom: Sbom): ListedPackage[] {
  return sbom.packages.map((one) => toListed(one, sbom));
}

function toListed(one: Package, sbom: Sbom): ListedPackage {
  return {
    type: one.type,
    name: one.name,
    version: orderedVersion(one.type, one.version),
    purl: one.purl,
    source: one.source,
    distro: one.distro,
    licenses: one.licenses,
    locations: one.locations.map(({ path }) => path),
    layer: layerOf(sbom, one),
    origin: one.origin,
  };
}

/** Our own SBOM as others' are read. */
export function listSbom(sbom: Sbom): ListedSbom {
  const packages = sbom.packages.map((one) => ({
    ...toListed(one, sbom),
    ref: one.id,
    supplier: one.supplier,
    hashes: one.hashes,
    cpes: one.cpes,
  }));
  const { distro } = sbom;
  return {
    packages: packages.filter((one) => one.version !== ''),
    ...(distro ? { distro: { id: distro.id, versionId: distro.versionId } } : {}),
    subject: { name: 'image', version: sbom.image },
    unidentified: packages.filter((one) => one.version === '' || one.type === 'unknown').length,
    format: 'native',
    formatVersion: String(sbom.schemaVersion),
    tool: sbom.generator,
    dependencies: new Map(sbom.packages.map((one) => [one.id, one.dependencies])),
    completeness: sbom.outcome === 'complete' ? 'complete' : 'incomplete',
    outcome: sbom.outcome,
  };
}
