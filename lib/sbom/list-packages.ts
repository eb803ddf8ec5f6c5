import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { fromCycloneDx, type ListedPackage } from './from-cyclonedx.ts';
import { type Sbom, sbomSchema } from './model.ts';

/** The packages of an SBOM in the form that matching takes, the same for ours and for other people's. */
export function listPackages(sbom: Sbom): ListedPackage[] {
  return sbom.packages.map((one) => ({
    type: one.type,
    name: one.name,
    version: one.version,
    purl: one.purl,
    source: one.source,
    distro: one.distro,
    licenses: one.licenses,
    locations: one.locations.map(({ path }) => path),
    layer: sbom.layers[one.layer]?.digest,
  }));
}

/** Reads a stored or uploaded SBOM, in the native form or in CycloneDX JSON. @throws LadingError `sbom-invalid` and those of `fromCycloneDx` */
export function readSbomPackages(document: Uint8Array): readonly ListedPackage[] {
  const json = parseJsonStrict(document, { what: 'the SBOM' });
  if (z.object({ bomFormat: z.string() }).safeParse(json).success) return fromCycloneDx(document).packages;
  const parsed = sbomSchema.safeParse(json);
  if (parsed.success) return listPackages(parsed.data);
  throw new LadingError('sbom-invalid', `the SBOM is in no form that is read here: ${z.prettifyError(parsed.error)}`);
}
