import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { type ScannerReport, scannerReportSchema } from './model.ts';
import { readEcrFindings, readInspector } from './readers/amazon.ts';
import { readClair } from './readers/clair.ts';
import type { ReportReader } from './readers/common.ts';
import { readGrype } from './readers/grype.ts';
import { readHarbor } from './readers/harbor.ts';
import { readSarif } from './readers/sarif.ts';
import { readSnyk } from './readers/snyk.ts';
import { readTrivy } from './readers/trivy.ts';

/** Each takes only what it knows by marks that no other tool has, so that their order changes nothing. */
/** As another Lading has read it: the command line sends no more than this. */
const readOwn: ReportReader = (value) => scannerReportSchema.safeParse(value).data;

const readers: readonly ReportReader[] = [
  readOwn,
  readTrivy,
  readGrype,
  readClair,
  readSarif,
  readEcrFindings,
  readInspector,
  readHarbor,
  readSnyk,
];

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads the report of another scanner, whichever it is: Trivy, Grype, Clair v4, SARIF (Docker Scout's and others'), Snyk,
 * ECR basic scanning, Inspector, Harbor.
 *
 * @throws LadingError `json-invalid`, `report-unknown`
 */
export function readReport(bytes: Uint8Array | string, what = 'the report'): ScannerReport {
  return readReportValue(parseJsonStrict(bytes, { maxBytes: MAX_BYTES, what }), what);
}

/** The same of a value that was parsed already: an answer of an API. */
export function readReportValue(value: unknown, what = 'the report'): ScannerReport {
  for (const read of readers) {
    const report = read(value);
    if (report) return scannerReportSchema.parse(report);
  }
  throw new LadingError('report-unknown', `${what} is the report of no scanner that is read here`, {
    hint: 'JSON of Trivy, Grype, Clair v4, Snyk, ECR, Inspector or Harbor, or SARIF of any scanner',
  });
}
