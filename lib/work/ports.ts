import type { EventBridgeEvent, EventDraft } from '../events/index.ts';
import type { BeginResult, WorkKey, WorkRecord } from './model.ts';

/** Who does which work. Each call is one conditional write on one item. */
export interface WorkLedger {
  /** Takes the lease if the work is new, was released, or its lease has run out; also from `owner`, which is unique to this attempt or was handed over. */
  begin(key: WorkKey, owner: string, leaseMs: number): Promise<BeginResult>;
  /** Holds the lease for so long from now; false when it was lost to another owner meanwhile. */
  renew(key: WorkKey, owner: string, leaseMs: number): Promise<boolean>;
  /** False when the lease was lost to another owner meanwhile, who will publish the same result. */
  complete(key: WorkKey, owner: string, outcome: readonly EventDraft[]): Promise<boolean>;
  /** Gives the lease back after a failure, so that the retry need not wait for it to run out. */
  release(key: WorkKey, owner: string): Promise<void>;
  /** Every piece of work of a subject: what the dashboard and the sweep look at. */
  list(subject: string): Promise<readonly WorkRecord[]>;
  /**
   * Lets these stages of a subject count as not done, whatever their state: it is gone, and if it comes again it is
   * worked on again. What they had published stays to be looked at.
   */
  lapse(subject: string, stages: readonly string[]): Promise<void>;
}

/** Starts workers apart from us, which have more time and room. */
export interface TaskRunner {
  /** To work on this event as `owner`, who holds the lease of its work. Under the same id it is the same task. */
  start(task: { readonly event: EventBridgeEvent; readonly owner: string }, id: string): Promise<void>;
}
