import { z } from 'zod';
import { parsePackageUrl } from '../../formats/purl/index.ts';
import { classifyLicense } from '../licenses.ts';
import type { ListedPackage, ListedSbom } from '../listed-sbom.ts';
import { type FileCoverage, fileCoverageSchema } from './coverage.ts';

/** Who asks for it: NTIA's minimum elements (2021), BSI TR-03183-2 version 2.1, or the image itself. */
const standards = ['ntia', 'bsi', 'content'] as const;
export type QualityStandard = (typeof standards)[number];

const qualityCheckSchema = z.object({
  id: z.string(),
  standard: z.enum(standards),
  title: z.string(),
  /** How many of how many fulfil it; 1 of 1 for what concerns the document. */
  met: z.number().nonnegative(),
  of: z.number().nonnegative(),
  /** Names of those that do not; the first twenty. */
  missing: z.array(z.string()).readonly(),
});
export type QualityCheck = Readonly<z.infer<typeof qualityCheckSchema>>;

export const sbomQualitySchema = z.object({
  /** 0 to 100: NTIA's elements count for 60, BSI's for 20, what is known of the content for 20. */
  score: z.number(),
  packages: z.number(),
  checks: z.array(qualityCheckSchema).readonly(),
  /** Absent where the files are not known: of somebody's document, or of an index. */
  coverage: fileCoverageSchema.optional(),
});
export type SbomQuality = Readonly<z.infer<typeof sbomQualitySchema>>;

const WEIGHTS: Readonly<Record<QualityStandard, number>> = { ntia: 60, bsi: 20, content: 20 };
const MAX_NAMED = 20;

/** Judges an SBOM by what it says, of whatever form and maker; it does not judge whether that is true. */
export function judgeSbom(sbom: ListedSbom, coverage?: FileCoverage): SbomQuality {
  const checks = [...ntiaChecks(sbom), ...bsiChecks(sbom), ...contentChecks(sbom, coverage)];
  const score = standards.reduce((sum, standard) => {
    const own = checks.filter((one) => one.standard === standard);
    const mean = own.reduce((total, { met, of }) => total + (of === 0 ? 1 : met / of), 0) / own.length;
    return sum + WEIGHTS[standard] * mean;
  }, 0);
  return {
    score: Math.round(score),
    packages: sbom.packages.length,
    checks,
    ...(coverage ? { coverage } : {}),
  };
}

function ofPackages(
  { packages }: ListedSbom,
  head: Pick<QualityCheck, 'id' | 'standard' | 'title'>,
  fulfils: (one: ListedPackage) => boolean,
): QualityCheck {
  const lacking = packages.filter((one) => !fulfils(one));
  return {
    ...head,
    met: packages.length - lacking.length,
    of: packages.length,
    missing: lacking.slice(0, MAX_NAMED).map(({ name, version }) => `${name} ${version}`.trim()),
  };
}

const ofDocument = (head: Pick<QualityCheck, 'id' | 'standard' | 'title'>, fulfils: boolean): QualityCheck => ({
  ...head,
  met: fulfils ? 1 : 0,
  of: 1,
  missing: [],
});

/** "The Minimum Elements For a Software Bill of Materials", section "Data Fields". */
function ntiaChecks(sbom: ListedSbom): QualityCheck[] {
  const standard = 'ntia';
  const related = relatedRefs(sbom);
  const all = { ...sbom, packages: sbom.packages };
  const versions = ofPackages(
    all,
    { id: 'version', standard, title: 'every package has a version' },
    ({ version }) => version !== '',
  );
  const withoutVersion = Math.max(0, sbom.unidentified - sbom.packages.filter(({ type }) => type === 'unknown').length);
  return [
    ofDocument(
      { id: 'author', standard, title: 'the document names who or what made it' },
      sbom.tool !== undefined || (sbom.authors?.length ?? 0) > 0,
    ),
    ofDocument(
      { id: 'timestamp', standard, title: 'the document says when it was made' },
      // Our native form has no time, so that the same image gives the same bytes; its documents for others have.
      sbom.format === 'native' || !Number.isNaN(Date.parse(sbom.created ?? '')),
    ),
    ofPackages(sbom, { id: 'supplier', standard, title: 'every package names its supplier' }, hasSupplier),
    ofPackages(sbom, { id: 'name', standard, title: 'every package has a name' }, ({ name }) => name !== ''),
    { ...versions, of: versions.of + withoutVersion },
    ofPackages(
      sbom,
      { id: 'identifier', standard, title: 'every package has a purl or CPE' },
      ({ purl, cpes }) => (purl !== undefined && parsePackageUrl(purl) !== undefined) || (cpes?.length ?? 0) > 0,
    ),
    ofDocument(
      { id: 'relationships', standard, title: 'the document says what depends on what' },
      sbom.packages.length < 2 || related > 0,
    ),
  ];
}

/** As `supplierOf` writes it into documents: the package's own word, or the namespace of its purl. */
function hasSupplier({ supplier, purl }: ListedPackage): boolean {
  if (supplier !== undefined && supplier.trim() !== '') return true;
  return purl !== undefined && parsePackageUrl(purl)?.namespace !== undefined;
}

function relatedRefs({ dependencies, packages }: ListedSbom): number {
  const refs = new Set(packages.map(({ ref }) => ref));
  let count = 0;
  for (const [from, to] of dependencies ?? []) if (refs.has(from)) count += to.length;
  return count;
}

const FORMATS: ReadonlySet<string> = new Set(['cyclonedx-json', 'cyclonedx-xml', 'native']);

/** BSI TR-03183-2, version 2.1.0, sections 4 and 5.2. */
function bsiChecks(sbom: ListedSbom): QualityCheck[] {
  const standard = 'bsi';
  const modern = FORMATS.has(sbom.format ?? '') || /^SPDX-3/.test(sbom.formatVersion ?? '');
  const recent = !sbom.format?.startsWith('cyclonedx') || Number(sbom.formatVersion?.split('.')[1] ?? 0) >= 6;
  return [
    ofDocument(
      { id: 'format', standard, title: 'the form is CycloneDX from 1.6 or SPDX from 3.0.1 on, or can be written so' },
      modern && recent,
    ),
    ofDocument(
      { id: 'creator-contact', standard, title: 'the document names a mail or web address of its maker' },
      (sbom.authors ?? []).some((one) => /@|^https?:\/\//.test(one)),
    ),
    ofPackages(
      sbom,
      { id: 'supplier-contact', standard, title: 'every package has a mail or web address of its supplier' },
      ({ supplier }) => supplier !== undefined && /@|https?:\/\//.test(supplier),
    ),
    ofPackages(
      sbom,
      { id: 'filename', standard, title: 'every package names a file' },
      ({ locations }) => (locations?.length ?? 0) > 0,
    ),
    ofDocument(
      { id: 'completeness', standard, title: 'the document says whether it is complete' },
      sbom.completeness !== undefined,
    ),
    ofPackages(
      sbom,
      { id: 'licence', standard, title: 'every package has licences as SPDX ids or expressions' },
      ({ licenses }) => licenses.length > 0 && licenses.every((one) => classifyLicense(one).kind !== 'name'),
    ),
    ofPackages(
      sbom,
      { id: 'hash', standard, title: 'every package has the SHA-512 of its file' },
      ({ hashes }) => hashes?.some(({ algorithm }) => /^SHA-?512$/i.test(algorithm)) ?? false,
    ),
  ];
}

function contentChecks(sbom: ListedSbom, coverage: FileCoverage | undefined): QualityCheck[] {
  const standard = 'content';
  return [
    ofDocument({ id: 'whole', standard, title: 'everything could be read' }, sbom.completeness !== 'incomplete'),
    ofPackages(
      sbom,
      { id: 'known-type', standard, title: 'every package is of a known kind' },
      ({ type }) => type !== 'unknown',
    ),
    ...(coverage
      ? [
          {
            id: 'bytes',
            standard,
            title: 'every byte lies where a package puts its files',
            met: coverage.attributedBytes,
            of: coverage.bytes,
            missing: coverage.unidentified.slice(0, MAX_NAMED).map(({ path }) => `/${path}`),
          } as const,
        ]
      : []),
  ];
}
