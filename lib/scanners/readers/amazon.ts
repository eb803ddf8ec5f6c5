import { z } from 'zod';
import type { VotedFinding } from '../model.ts';
import { digestIn, maybe, present, type ReportReader, severityOf, text, toVoted } from './common.ts';

const time = z.union([text, z.number(), z.date()]).nullish();
const instant = (value: z.infer<typeof time>): string | undefined => {
  if (value === null || value === undefined) return undefined;
  // The SDK gives dates, the command line texts, the raw API seconds.
  const date = new Date(typeof value === 'number' ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** Inspector's "PackageVulnerabilityDetails" (Inspector2 API reference); ECR's enhanced findings have the same. */
const details = z.object({
  vulnerabilityId: text,
  relatedVulnerabilities: z.array(text).nullish(),
  cvss: z
    .array(z.object({ baseScore: z.number().nullish(), scoringVector: maybe }))
    .nullish()
    .catch(undefined),
  vulnerablePackages: z
    .array(
      z.object({
        name: text,
        version: maybe,
        release: maybe,
        epoch: z.number().nullish(),
        packageManager: maybe,
        fixedInVersion: maybe,
        filePath: maybe,
        sourceLayerHash: maybe,
      }),
    )
    .max(1000)
    .nullish(),
});
const inspectorFinding = z.object({
  severity: maybe,
  status: maybe,
  updatedAt: time,
  packageVulnerabilityDetails: details.nullish(),
  resources: z
    .array(
      z.object({
        details: z
          .object({
            awsEcrContainerImage: z.object({ imageHash: maybe, repositoryName: maybe, registry: maybe }).nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
});
const basicFinding = z.object({
  name: text,
  severity: maybe,
  attributes: z.array(z.object({ key: text, value: maybe })).nullish(),
});
/** ECR API reference, "DescribeImageScanFindings". */
const described = z.object({
  repositoryName: maybe,
  imageId: z.object({ imageDigest: maybe, imageTag: maybe }).nullish(),
  imageScanFindings: z.object({
    imageScanCompletedAt: time,
    vulnerabilitySourceUpdatedAt: time,
    findings: z.array(basicFinding).max(100_000).nullish(),
    enhancedFindings: z.array(inspectorFinding).max(100_000).nullish(),
  }),
});

export const readEcrFindings: ReportReader = (value) => {
  const report = described.safeParse(value).data;
  if (!report) return undefined;
  const { imageScanFindings: scan, imageId, repositoryName } = report;
  // Where Inspector does the scanning, its findings are the only ones.
  const enhanced = scan.enhancedFindings ?? undefined;
  const digest = digestIn(imageId?.imageDigest);
  const updated = instant(scan.vulnerabilitySourceUpdatedAt);
  return {
    schemaVersion: 1,
    scanner: enhanced
      ? { name: 'inspector', label: 'Amazon Inspector' }
      : { name: 'ecr-basic', label: 'ECR basic scanning' },
    ...(updated ? { database: { builtAt: updated } } : {}),
    image: present({ digest, reference: repositoryName ?? undefined }),
    ...present({ scannedAt: instant(scan.imageScanCompletedAt) }),
    covers: enhanced ? 'all' : 'os',
    findings: enhanced
      ? enhanced.flatMap(toInspectorFindings)
      : (scan.findings ?? []).flatMap((one) => toBasic(one) ?? []),
  };
};

function toBasic(one: z.infer<typeof basicFinding>): VotedFinding | undefined {
  const attributes = new Map((one.attributes ?? []).map(({ key, value }) => [key, value ?? undefined]));
  const vector = attributes.get('CVSS3_VECTOR') ?? attributes.get('CVSS2_VECTOR');
  const score = Number(attributes.get('CVSS3_SCORE') ?? attributes.get('CVSS2_SCORE'));
  return toVoted({
    ids: [one.name],
    name: attributes.get('package_name') ?? '',
    version: attributes.get('package_version'),
    // It does not say which distribution it is; that it is one is sure.
    type: 'deb',
    severity: severityOf(one.severity),
    cvss: Number.isNaN(score) ? undefined : { vector, score },
    fixed: [attributes.get('fixed_in_version') ?? attributes.get('patched_versions')],
    locations: [],
  });
}

function toInspectorFindings(one: z.infer<typeof inspectorFinding>): VotedFinding[] {
  const about = one.packageVulnerabilityDetails;
  if (!about || (one.status && one.status !== 'ACTIVE')) return [];
  const cvss = about.cvss?.find(({ scoringVector }) => scoringVector);
  return (about.vulnerablePackages ?? []).flatMap((pkg) => {
    const version = [pkg.version, pkg.release].filter(Boolean).join('-');
    return (
      toVoted({
        ids: [about.vulnerabilityId, ...(about.relatedVulnerabilities ?? [])],
        name: pkg.name,
        version: pkg.epoch ? `${pkg.epoch}:${version}` : version,
        type: pkg.packageManager,
        severity: severityOf(one.severity),
        cvss: cvss && { vector: cvss.scoringVector, score: cvss.baseScore },
        fixed: pkg.fixedInVersion === 'NotAvailable' ? [] : [pkg.fixedInVersion],
        fixState: pkg.fixedInVersion === 'NotAvailable' ? 'not-fixed' : 'unknown',
        layer: pkg.sourceLayerHash,
        locations: [pkg.filePath],
      }) ?? []
    );
  });
}

/** `aws inspector2 list-findings`, or events "Inspector2 Finding" (a list of them, or one): all of one image. */
export const readInspector: ReportReader = (value) => {
  const listed = z
    .union([
      z.object({ findings: z.array(inspectorFinding).min(1).max(100_000) }).transform(({ findings }) => findings),
      z
        .array(z.object({ 'detail-type': z.literal('Inspector2 Finding'), detail: inspectorFinding }))
        .min(1)
        .max(100_000)
        .transform((events) => events.map(({ detail }) => detail)),
      z
        .object({ 'detail-type': z.literal('Inspector2 Finding'), detail: inspectorFinding })
        .transform(({ detail }) => [detail]),
    ])
    .safeParse(value).data;
  if (!listed?.some(({ packageVulnerabilityDetails }) => packageVulnerabilityDetails)) return undefined;
  const images = listed.flatMap(({ resources }) => resources ?? []).map((one) => one.details?.awsEcrContainerImage);
  const digest = digestIn(images[0]?.imageHash);
  const same = listed.filter((one) => hashOf(one) === images[0]?.imageHash);
  const times = same.flatMap(({ updatedAt }) => instant(updatedAt) ?? []).sort();
  return {
    schemaVersion: 1,
    scanner: { name: 'inspector', label: 'Amazon Inspector' },
    image: present({ digest, reference: images[0]?.repositoryName ?? undefined }),
    ...present({ scannedAt: times.at(-1) }),
    covers: 'all',
    findings: same.flatMap(toInspectorFindings),
  };
};

const hashOf = ({ resources }: z.infer<typeof inspectorFinding>): string | null | undefined =>
  (resources ?? [])[0]?.details?.awsEcrContainerImage?.imageHash;
