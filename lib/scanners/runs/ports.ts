import type { EventDraft, ImageSubject } from '../../events/index.ts';
import type { ScannerReport } from '../model.ts';
import type { ScannerRun } from './model.ts';

/** Runs by image, scanner and day; the budgets of scanners. All writes are conditional, on one item each. */
export interface RunStore {
  /** False where there is one of this image, scanner and day. */
  add(run: ScannerRun): Promise<boolean>;
  /** False where another has written meanwhile; `run.revision` is that which was read. */
  save(run: ScannerRun): Promise<boolean>;
  of(image: string): Promise<readonly ScannerRun[]>;
  /** Those of a scanner that have not ended, in the order in which they may go on. */
  open(scanner: string, limit: number): Promise<readonly ScannerRun[]>;
  /** Of all images and scanners, the last to end first. */
  ended(limit: number): Promise<readonly ScannerRun[]>;
}

export interface RunBudget {
  /** One of `places` for the run until then; `undefined` where all are taken. The same run gets the same again. */
  takePlace(scanner: string, runId: string, places: number, until: Date): Promise<number | undefined>;
  freePlace(scanner: string, runId: string, place: number): Promise<void>;
  /** Counts one more run of that day; false where `most` were. */
  charge(scanner: string, day: string, most: number): Promise<boolean>;
}

/** How far a scanner is. What it cannot do for good is a `failed`; what may pass is thrown, retryable. */
export type Progress =
  | { readonly kind: 'running'; readonly handle: string }
  | { readonly kind: 'reported'; readonly report: ScannerReport }
  /** An SBOM, as its program wrote it. */
  | { readonly kind: 'listed'; readonly document: Uint8Array }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** Takes in the SBOMs that generators make. */
export interface SbomIntake {
  /** `drafts` tell others that it is there. What cannot be read is not kept. */
  takeIn(
    image: ImageSubject,
    document: Uint8Array,
    generator: string,
  ): Promise<
    | { readonly kind: 'kept'; readonly packages: number; readonly drafts: readonly EventDraft[] }
    | { readonly kind: 'unreadable'; readonly why: string }
  >;
}

/** How one scanner is set to work and asked for its end. No call waits for a scan. */
export interface ScannerDriver {
  /** Asked again under the same id, it is the same scan. */
  start(run: ScannerRun, id: string): Promise<Progress>;
  look(run: ScannerRun, handle: string): Promise<Progress>;
  /** After its time is over. */
  cancel?(handle: string): Promise<void>;
}
