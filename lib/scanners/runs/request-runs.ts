import type { Clock } from '../../core/clock.ts';
import { compileGlobs } from '../../core/glob.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { ImageSubject } from '../../events/index.ts';
import type { ScannerConfig } from '../config.ts';
import { dayOf, type ScannerRun } from './model.ts';
import type { RunStore } from './ports.ts';

export interface RequestPorts {
  readonly runs: Pick<RunStore, 'add' | 'save' | 'of'>;
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
 * for. One that came to nothing goes on when somebody asks for it. The names of those that have something to do now.
 */
export async function requestRuns(
  { runs, clock }: RequestPorts,
  configured: readonly ScannerConfig[],
  { subject, by, because, scanners }: RunRequest,
): Promise<readonly string[]> {
  const now = clock.now();
  const image = locationKey(subject);
  const wanted = scansOf(configured, { subject, because, scanners });
  const known = because !== 'catalogued' && wanted.length > 0 ? await runs.of(image) : [];
  const added: string[] = [];
  for (const { kind } of wanted) {
    if (because === 'sweep' && known.some((run) => run.scanner === kind)) continue;
    const run: ScannerRun = {
      ...{ subject, scanner: kind, day: dayOf(now), requestedAt: now.toISOString(), requestedBy: by.slice(0, 300) },
      state: { kind: 'waiting', reason: 'new', notBefore: now.toISOString() },
      ...{ attempts: 0, revision: 0 },
    };
    const before = known.find((one) => one.scanner === kind && one.day === run.day);
    const isNew =
      before === undefined
        ? await runs.add(run)
        : because === 'command' && isIdle(before) && (await runs.save({ ...run, revision: before.revision }));
    if (isNew) added.push(kind);
  }
  return added;
}

/** It has ended without a vote, or waits for its day. */
const isIdle = ({ state }: ScannerRun): boolean =>
  state.kind === 'failed' || state.kind === 'timed-out' || (state.kind === 'waiting' && state.reason === 'again');

/** Manifests that are lists of images: each image is scanned by itself, as each is what runs. */
const LISTS = /^application\/vnd\.(?:oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json$/;

/** Which scanners an image is one for. */
export const scansOf = (
  configured: readonly ScannerConfig[],
  { subject, because, scanners }: Omit<RunRequest, 'by'>,
): readonly ScannerConfig[] =>
  LISTS.test(subject.mediaType)
    ? []
    : configured.filter(
        ({ kind, on, repositories }) =>
          compileGlobs(repositories)(`${subject.registry}/${subject.repository}`) &&
          (scanners === undefined || scanners.includes(kind)) &&
          (because === 'command' || on === 'catalogued'),
      );
