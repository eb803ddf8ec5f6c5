import type { ImageLocation } from '../../core/image-reference.ts';
import type { ScannerReport } from '../model.ts';
import type { Progress, ScannerDriver } from '../runs/ports.ts';

/** Whether Inspector watches an image (API reference, "CoverageResource": `scanStatus`). */
export interface InspectorCoverage {
  readonly status: string;
  readonly reason: string;
  readonly lastScannedAt?: string | undefined;
}

export interface InspectorApi {
  /** `undefined` where Inspector does not know the image. */
  coverage(image: ImageLocation): Promise<InspectorCoverage | undefined>;
  /** All active findings of exactly this digest. */
  findings(image: ImageLocation, coverage: InspectorCoverage): Promise<ScannerReport>;
}

/**
 * Amazon Inspector scans by itself, at a push and whenever its advisories change: nothing is started, and it is asked
 * what it covers before its silence is taken for a vote. An image that it does not watch has no findings, too.
 */
export function inspectorDriver(api: InspectorApi): ScannerDriver {
  const look = async (subject: ImageLocation): Promise<Progress> => {
    const coverage = await api.coverage(subject);
    if (coverage === undefined || coverage.reason === 'PENDING_INITIAL_SCAN') {
      return { kind: 'running', handle: subject.digest };
    }
    if (coverage.status === 'ACTIVE' && coverage.reason === 'SUCCESSFUL') {
      return { kind: 'reported', report: await api.findings(subject, coverage) };
    }
    const reason = `Inspector does not scan it: ${coverage.status}, ${coverage.reason}`;
    return { kind: 'failed', code: 'scanner-failed', reason };
  };
  return { start: ({ subject }) => look(subject), look: ({ subject }) => look(subject) };
}
