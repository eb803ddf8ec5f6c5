import {
  DescribeImageScanFindingsCommand,
  type DescribeImageScanFindingsCommandOutput,
  type ECRClient,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { LadingError } from '../../core/errors.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import type { EcrScan, EcrScans } from '../drivers/ecr-basic.ts';
import type { ScannerReport } from '../model.ts';
import { readReportValue } from '../read-report.ts';

/** A scan has some thousand findings at most; more pages than this are a fault. */
const MAX_PAGES = 200;

/**
 * What ECR knows of an image: its own findings, or Inspector's where that does the scanning. `undefined` while there is
 * no finished scan.
 */
export const ecrFindings = async (
  client: ECRClient,
  image: ImageLocation,
  account: string,
): Promise<ScannerReport | undefined> => (await describeScan(client, image, account)).report;

async function describeScan(client: ECRClient, image: ImageLocation, account: string): Promise<EcrScan> {
  const pages: DescribeImageScanFindingsCommandOutput[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeImageScanFindingsCommand({
        registryId: account,
        repositoryName: image.repository,
        imageId: { imageDigest: image.digest },
        maxResults: 1000,
        ...(nextToken ? { nextToken } : {}),
      }),
    );
    pages.push(page);
    nextToken = page.nextToken;
  } while (nextToken && pages.length < MAX_PAGES);
  if (nextToken) throw new LadingError('report-too-large', `ECR's findings are more than ${MAX_PAGES} pages`);
  const [first] = pages;
  const { status = 'PENDING', description } = first?.imageScanStatus ?? {};
  const scan = { status, ...(description === undefined ? {} : { description }) };
  if (!first?.imageScanFindings || (status !== 'COMPLETE' && status !== 'ACTIVE')) return scan;
  const merged = {
    ...first,
    imageScanFindings: {
      ...first.imageScanFindings,
      findings: pages.flatMap((page) => page.imageScanFindings?.findings ?? []),
      enhancedFindings: mergeEnhanced(pages),
    },
  };
  return { ...scan, report: readReportValue(merged, `ECR's answer about ${image.repository}`) };
}

/** Absent, and not empty, where it is ECR that scanned. */
function mergeEnhanced(pages: readonly DescribeImageScanFindingsCommandOutput[]) {
  const lists = pages.flatMap((page) =>
    page.imageScanFindings?.enhancedFindings ? [page.imageScanFindings.enhancedFindings] : [],
  );
  return lists.length === 0 ? undefined : lists.flat();
}

/** What has no better another time (ECR API reference, StartImageScan, "Errors"). */
const FOR_GOOD: ReadonlySet<string> = new Set([
  ...['UnsupportedImageTypeException', 'ImageNotFoundException', 'RepositoryNotFoundException', 'ValidationException'],
  ...['InvalidParameterException', 'AccessDeniedException', 'ImageArchivedException'],
]);

/** ECR's basic scanning, with a client of the region that the registry is in. */
export function ecrScans(clientOf: (host: string) => ECRClient): EcrScans {
  const accountOf = (host: string): string => /^(\d{12})\./.exec(host)?.[1] ?? '';
  return {
    async start(image) {
      try {
        await clientOf(image.registry).send(
          new StartImageScanCommand({
            registryId: accountOf(image.registry),
            repositoryName: image.repository,
            imageId: { imageDigest: image.digest },
          }),
        );
        return 'begun';
      } catch (error) {
        const name = nameOf(error);
        // A manual scan is allowed once in 24 hours; the one that was is what there is.
        if (name === 'LimitExceededException') return 'begun-before';
        if (!FOR_GOOD.has(name)) throw error;
        throw new LadingError('ecr-refused', `ECR does not scan it: ${name}, ${messageOf(error)}`, {
          cause: error,
          ...(name === 'ValidationException'
            ? { hint: 'where enhanced scanning is on, Inspector scans: configure "inspector" instead' }
            : {}),
        });
      }
    },
    async find(image) {
      try {
        return await describeScan(clientOf(image.registry), image, accountOf(image.registry));
      } catch (error) {
        if (nameOf(error) === 'ScanNotFoundException') return undefined;
        if (!FOR_GOOD.has(nameOf(error))) throw error;
        throw new LadingError('ecr-refused', `ECR tells nothing of its scan: ${nameOf(error)}`, { cause: error });
      }
    },
  };
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);
