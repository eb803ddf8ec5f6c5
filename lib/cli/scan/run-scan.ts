import { systemClock } from '../../core/clock.ts';
import { createProgress } from '../progress.ts';
import type { SbomWish } from '../sbom/make-sbom.ts';
import type { ScanFormat } from './formats.ts';
import { openAdvisories } from './open-advisories.ts';
import { printScan } from './print-scan.ts';
import { readTarget } from './read-target.ts';
import { type FailLevel, failsAt, scanTarget } from './scan-target.ts';
import { readVexFiles } from './vex-files.ts';

export interface ScanOptions extends SbomWish {
  readonly advisories?: readonly string[] | undefined;
  readonly failOn: FailLevel;
  readonly onlyFixed?: boolean | undefined;
  readonly vex?: readonly string[] | undefined;
  readonly output: ScanFormat;
}

/** Scans and prints; true where the answer is no. */
export async function runScan(text: string, options: ScanOptions): Promise<boolean> {
  const progress = createProgress(process.stderr);
  try {
    const statements = await readVexFiles(options.vex ?? []);
    progress.show('reading packages');
    const target = await readTarget(text, options);
    progress.show('reading advisories');
    const advisories = await openAdvisories(options.advisories ?? [], options);
    const report = await scanTarget(target, advisories, { onlyFixed: options.onlyFixed ?? false, statements });
    progress.clear();
    await printScan(report, target, options.output, systemClock.now());
    return failsAt(report, options.failOn);
  } finally {
    progress.clear();
  }
}
