import type { Clock } from '../../core/clock.ts';
import { compileGlobs } from '../../core/glob.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { ImageSubject } from '../../events/index.ts';
import type { ScannerConfig } from '../config.ts';
import { dayOf, type ScannerRun } from './model.ts';
import type { RunStore } from './ports.ts';

export interface RequestPorts {
  readonly runs: Pick<RunStore, 'add' | 'of'>;
  readonly clock: Clock;
}

export interface RunRequest {
  readonly subject: ImageSubject;
  readonly by: string;
  /** `catalogued`: those that scan each new image. `command`: the named ones, or all. `sweep`: those that never did. */
  readonly because: 'catalogued' | 'command' | 'sweep';
  readonly scanners?: readonly string[] | undefined;
}

/**
 * Writes down which scanners are to scan an image: one run for each image, scanner and day, however often it is asked
 * for. The names of those with a run that was not there before.
 */
export async function requestRuns(
  { runs, clock }: RequestPorts,
  configured: readonly ScannerConfig[],
  { subject, by, because, scanners }: RunRequest,
): Promise<readonly string[]> {
  const now = clock.now();
  const image = locationKey(subject);
  const wanted = configured.filter(
    (scanner) =>
      compileGlobs(scanner.repositories)(`${subject.registry}/${subject.repository}`) &&
      (scanners === undefined || scanners.includes(scanner.kind)) &&
      (because === 'command' || scanner.on === 'catalogued'),
  );
  const known = because === 'sweep' && wanted.length > 0 ? await runs.of(image) : [];
  const added: string[] = [];
  for (const { kind } of wanted) {
    if (known.some((run) => run.scanner === kind)) continue;
    const run: ScannerRun = {
      ...{ subject, scanner: kind, day: dayOf(now), requestedAt: now.toISOString(), requestedBy: by.slice(0, 300) },
      state: { kind: 'waiting', reason: 'new', notBefore: now.toISOString() },
      ...{ attempts: 0, revision: 0 },
    };
    if (await runs.add(run)) added.push(kind);
  }
  return added;
}
