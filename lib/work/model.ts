import type { EventDraft } from '../events/index.ts';

/** One piece of work that is done once: a stage, at a version of its code or data, for a subject. */
export interface WorkKey {
  /** Mostly an image's location key (`registry/repository@digest`). */
  readonly subject: string;
  readonly stage: string;
  /** What the result depends on besides the subject. Another version is another piece of work. */
  readonly version: string;
}

/** `lapsed`: it was begun or done for a subject that is gone since. Like no row at all to who begins it. */
export type WorkState = 'in-progress' | 'completed' | 'lapsed';

export interface WorkRecord extends WorkKey {
  readonly state: WorkState;
  readonly attempts: number;
  readonly updatedAt: string;
  /** What the stage published, kept so that a sweep can publish it again. */
  readonly outcome: readonly EventDraft[];
}

/** `held`: another worker has the lease. Only `completed` means that the work is a duplicate. */
export type BeginResult =
  | { readonly kind: 'started'; readonly attempt: number }
  | { readonly kind: 'completed'; readonly outcome: readonly EventDraft[] }
  | { readonly kind: 'held'; readonly until: Date };
