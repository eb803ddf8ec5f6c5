import { z } from 'zod';
import type { RestCall } from '../../aws/json-call.ts';
import { LadingError } from '../../core/errors.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import { readAnswer } from '../drivers/answers.ts';
import type { InspectorApi } from '../drivers/inspector.ts';
import { readReportValue } from '../read-report.ts';
import { present } from '../readers/common.ts';

const MAX_PAGES = 200;
const PAGE = 100;

const coverage = z.object({
  coveredResources: z.array(
    z.object({
      resourceId: z.string(),
      scanStatus: z.object({ statusCode: z.string().max(100), reason: z.string().max(100) }).nullish(),
      lastScannedAt: z.union([z.string(), z.number()]).nullish(),
    }),
  ),
});
const findingsPage = z.object({
  findings: z.array(z.unknown()).max(PAGE),
  nextToken: z.string().max(1_000_000).nullish(),
});

/** Amazon Inspector's API (reference: ListCoverage, ListFindings), REST with JSON, in the region of the registry. */
export function inspectorApi(call: (call: RestCall) => Promise<unknown>): InspectorApi {
  const ask = (image: ImageLocation, path: string, input: RestCall['input']) =>
    call({ service: 'inspector2', region: placeOf(image).region, path, input, maxBytes: 32 * 1024 * 1024 });
  const equals = (value: string) => [{ comparison: 'EQUALS', value }];
  return {
    async coverage(image) {
      const { arn } = placeOf(image);
      const filterCriteria = { resourceId: equals(arn), resourceType: equals('AWS_ECR_CONTAINER_IMAGE') };
      const answer = await ask(image, '/coverage/list', { filterCriteria, maxResults: 10 });
      const { coveredResources } = readAnswer(coverage, answer, "Inspector's coverage");
      const found = coveredResources.find(({ resourceId }) => resourceId === arn);
      if (!found?.scanStatus) return undefined;
      const { statusCode: status, reason } = found.scanStatus;
      return { status, reason, ...present({ lastScannedAt: instantOf(found.lastScannedAt) }) };
    },
    async findings(image, { lastScannedAt }) {
      const filterCriteria = {
        ...{ ecrImageHash: equals(image.digest), ecrImageRepositoryName: equals(image.repository) },
        ...{ awsAccountId: equals(placeOf(image).account), findingStatus: equals('ACTIVE') },
        findingType: equals('PACKAGE_VULNERABILITY'),
      };
      const findings: unknown[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page === 0 || nextToken !== undefined; page++) {
        if (page === MAX_PAGES)
          throw new LadingError('report-too-large', `Inspector's findings are more than ${MAX_PAGES} pages`);
        const input = { filterCriteria, maxResults: PAGE, ...(nextToken === undefined ? {} : { nextToken }) };
        const answer = readAnswer(findingsPage, await ask(image, '/findings/list', input), "Inspector's findings");
        findings.push(...answer.findings);
        nextToken = answer.nextToken ?? undefined;
      }
      if (findings.length > 0) return readReportValue({ findings }, "Inspector's findings");
      // A list of nothing names no image; that Inspector covers it was asked before.
      return {
        ...{ schemaVersion: 1 as const, scanner: { name: 'inspector' as const, label: 'Amazon Inspector' } },
        ...{ image: { digest: image.digest }, ...present({ scannedAt: lastScannedAt }), covers: 'all' as const },
        findings: [],
      };
    },
  };
}

function placeOf({ registry, repository, digest }: ImageLocation) {
  const [, account, region] = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(registry) ?? [];
  if (account === undefined || region === undefined) {
    throw new LadingError('image-elsewhere', `${registry} is no ECR registry, and Inspector scans no other`);
  }
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return { account, region, arn: `arn:${partition}:ecr:${region}:${account}:repository/${repository}/${digest}` };
}

/** Dates in REST with JSON are seconds since 1970, unless the model says otherwise. */
function instantOf(value: string | number | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  const time = new Date(typeof value === 'number' ? value * 1000 : value);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
