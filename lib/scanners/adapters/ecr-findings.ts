import {
  DescribeImageScanFindingsCommand,
  type DescribeImageScanFindingsCommandOutput,
  type ECRClient,
} from '@aws-sdk/client-ecr';
import type { ImageLocation } from '../../core/image-reference.ts';
import type { ScannerReport } from '../model.ts';
import { readReportValue } from '../read-report.ts';

/** A scan has some thousand findings at most; more pages than this are a fault. */
const MAX_PAGES = 200;

/**
 * What ECR knows of an image: its own findings, or Inspector's where that does the scanning. `undefined` while there is
 * no finished scan.
 */
export async function ecrFindings(
  client: ECRClient,
  image: ImageLocation,
  account: string,
): Promise<ScannerReport | undefined> {
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
  const [first] = pages;
  const status = first?.imageScanStatus?.status;
  if (!first?.imageScanFindings || (status !== 'COMPLETE' && status !== 'ACTIVE')) return undefined;
  const merged = {
    ...first,
    imageScanFindings: {
      ...first.imageScanFindings,
      findings: pages.flatMap((page) => page.imageScanFindings?.findings ?? []),
      enhancedFindings: mergeEnhanced(pages),
    },
  };
  return readReportValue(merged, `ECR's answer about ${image.repository}`);
}

/** Absent, and not empty, where it is ECR that scanned. */
function mergeEnhanced(pages: readonly DescribeImageScanFindingsCommandOutput[]) {
  const lists = pages.flatMap((page) =>
    page.imageScanFindings?.enhancedFindings ? [page.imageScanFindings.enhancedFindings] : [],
  );
  return lists.length === 0 ? undefined : lists.flat();
}
