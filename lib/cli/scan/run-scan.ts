import { createProgress } from '../progress.ts';
import type { SbomWish } from '../sbom/make-sbom.ts';
import { openAdvisories } from './open-advisories.ts';
import { printScan } from './print-scan.ts';
import { readTarget } from './read-target.ts';
import { type FailLevel, failsAt, scanTarget } from './scan-target.ts';

export interface ScanOptions extends SbomWish {
  readonly advisories?: readonly string[] | undefined;
  readonly failOn: FailLevel;
  readonly onlyFixed?: boolean | undefined;
  readonly output: 'table' | 'json';
}

/** Scans and prints; true where the answer is no. */
export async function runScan(text: string, options: ScanOptions): Promise<boolean> {
  const progress = createProgress(process.stderr);
  try {
    progress.show('reading packages');
    const target = await readTarget(text, options);
    progress.show('reading advisories');
    const advisories = await openAdvisories(options.advisories ?? [], options);
    const report = await scanTarget(target, advisories, { onlyFixed: options.onlyFixed ?? false });
    progress.clear();
    printScan(report, target, options.output);
    return failsAt(report, options.failOn);
  } finally {
    progress.clear();
  }
}
