import type { ReadSyft, ReadSyftPackage } from '../../formats/syft/index.ts';
import type { ListedDistro, ListedPackage, ListedSbom } from '../listed-sbom.ts';
import { identifyPackage, splitIdentified } from './identify-package.ts';

/** The packages of a document in Syft's own JSON. */
export function fromSyft(document: ReadSyft): ListedSbom {
  const { source, distro } = document;
  const dependencies = Map.groupBy(document.dependencies, ({ from }) => from);
  return {
    ...splitIdentified(document.packages.map((one) => toPackage(one, distro))),
    ...(distro ? { distro } : {}),
    ...(source ? { subject: { name: source.name ?? 'image', version: source.digest } } : {}),
    formatVersion: document.schemaVersion,
    tool: document.tool,
    authors: [],
    dependencies: new Map([...dependencies].map(([from, all]) => [from, all.map(({ to }) => to)])),
  };
}

function toPackage(one: ReadSyftPackage, distro: ListedDistro | undefined): ListedPackage {
  const [first] = one.locations;
  return {
    ...identifyPackage({ name: one.name, version: one.version, purl: one.purl }, distro),
    licenses: one.licenses,
    ...(first?.layer === undefined ? {} : { layer: first.layer }),
    ...(first ? { locations: one.locations.map(({ path }) => path) } : {}),
    ref: one.id,
    ...(one.cpes.length === 0 ? {} : { cpes: one.cpes }),
  };
}
