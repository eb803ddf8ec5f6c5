import type { ImageLocation } from '../../core/image-reference.ts';
import type { ScannerReport } from '../model.ts';
import type { ScannerDriver } from '../runs/ports.ts';

/** What ECR says of a scan (API reference, "ImageScanStatus"). */
export interface EcrScan {
  readonly status: string;
  readonly description?: string | undefined;
  /** Of a finished one. */
  readonly report?: ScannerReport | undefined;
}

export interface EcrScans {
  /**
   * Asks for a scan. `begun-before`: ECR scans an image once a day, and did.
   *
   * @throws LadingError `ecr-refused`, or retryable
   */
  start(image: ImageLocation): Promise<'begun' | 'begun-before'>;
  /** `undefined` where there is none. */
  find(image: ImageLocation): Promise<EcrScan | undefined>;
}

const ENDED_BADLY: ReadonlySet<string> = new Set([
  ...['FAILED', 'UNSUPPORTED_IMAGE', 'SCAN_ELIGIBILITY_EXPIRED', 'FINDINGS_UNAVAILABLE', 'LIMIT_EXCEEDED'],
  'IMAGE_ARCHIVED',
]);

/** Basic scanning of ECR: `StartImageScan`, then `DescribeImageScanFindings`, page after page. */
export function ecrBasicDriver(scans: EcrScans): ScannerDriver {
  return {
    async start({ subject }) {
      await scans.start(subject);
      return { kind: 'running', handle: subject.digest };
    },
    async look({ subject }, handle) {
      const scan = await scans.find(subject);
      if (scan?.report) return { kind: 'reported', report: scan.report };
      if (scan === undefined || !ENDED_BADLY.has(scan.status)) return { kind: 'running', handle };
      const reason = `ECR says of its scan: ${scan.status}${scan.description ? `, ${scan.description}` : ''}`;
      return { kind: 'failed', code: 'scanner-failed', reason };
    },
  };
}
