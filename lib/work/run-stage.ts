import type { Clock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import { type EventCause, type EventDraft, type EventPublisher, publishable } from '../events/index.ts';
import type { BeginResult, WorkKey } from './model.ts';
import type { WorkLedger } from './ports.ts';

export interface StagePorts {
  readonly ledger: WorkLedger;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  /**
   * How long to wait for another worker that holds the lease, and how. Two events about one digest often come in one
   * batch (a push by digest, and its tag): the second is a duplicate a moment later, and need not go back to its queue.
   */
  readonly patience?: { readonly totalMs: number; pause(ms: number): Promise<void> };
}

export interface StageWork {
  readonly key: WorkKey;
  /** Unique to this attempt (a random id), so that two deliveries of one message cannot share a lease. */
  readonly owner: string;
  /** How long the attempt can run at most: the function's remaining time. No lease is held longer. */
  readonly leaseMs: number;
  readonly cause: EventCause;
  /**
   * Does the work and returns what to publish. It must be safe to do again: effects are recorded before they are made.
   * `undefined`: there is nothing to work on, now; that is no completed work, since what is gone may come again.
   */
  perform(attempt: number): Promise<readonly EventDraft[] | undefined>;
}

/**
 * A lease is short, so that the work of a worker that died is soon taken over, however long its function could have
 * run; while the work goes on, it is renewed. Milliseconds.
 */
const LEASE_MS = 15_000;
const RENEWALS_PER_LEASE = 3;

export type StageResult = 'done' | 'duplicate' | 'republished' | 'nothing-there';

/**
 * Runs a piece of work at most once to completion, however often its event is delivered.
 *
 * The order is: lease, work, publish, complete. A crash before `complete` lets the next delivery do it again and
 * publish the same event ids; a crash after it leaves nothing undone. Only a completed row is a duplicate; a row in
 * progress is either still being worked on (the message goes back to its queue) or its lease has run out.
 *
 * @throws LadingError `work-held` (retryable) while another worker holds the lease
 */
export async function runStage(ports: StagePorts, work: StageWork): Promise<StageResult> {
  const { ledger, publisher, clock } = ports;
  const leaseMs = Math.min(work.leaseMs, LEASE_MS);
  const begun = await beginPatiently(ports, work, leaseMs);
  const publish = (drafts: readonly EventDraft[]): Promise<void> =>
    drafts.length === 0
      ? Promise.resolve()
      : publisher.publish(drafts.map((draft) => publishable(draft, work.cause, clock.now())));
  if (begun.kind === 'held') {
    throw new LadingError(
      'work-held',
      `${work.key.stage} of ${work.key.subject} is being worked on until ${begun.until.toISOString()}`,
      { retryable: true },
    );
  }
  if (begun.kind === 'completed') {
    if (!work.cause.sweep) return 'duplicate';
    await publish(begun.outcome);
    return 'republished';
  }
  const stopRenewing = renewLease(ledger, work, leaseMs);
  try {
    const drafts = await work.perform(begun.attempt);
    if (drafts === undefined) {
      await ledger.release(work.key, work.owner);
      return 'nothing-there';
    }
    await publish(drafts);
    await ledger.complete(work.key, work.owner, drafts);
    return 'done';
  } catch (error) {
    // The lease would run out by itself; giving it back only saves time, so its own failure changes nothing.
    await ledger.release(work.key, work.owner).catch(() => undefined);
    throw error;
  } finally {
    stopRenewing();
  }
}

const FIRST_PAUSE_MS = 25;

async function beginPatiently(
  { ledger, patience }: StagePorts,
  { key, owner }: StageWork,
  leaseMs: number,
): Promise<BeginResult> {
  let waited = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const begun = await ledger.begin(key, owner, leaseMs);
    if (begun.kind !== 'held' || patience === undefined || waited + pause > patience.totalMs) return begun;
    await patience.pause(pause);
    waited += pause;
  }
}

/** A renewal that fails or comes too late costs only that another may do the same work beside us, to the same result. */
function renewLease(ledger: Pick<WorkLedger, 'renew'>, { key, owner }: StageWork, leaseMs: number): () => void {
  const renew = (): void => void ledger.renew(key, owner, leaseMs).catch(() => undefined);
  const timer = setInterval(renew, leaseMs / RENEWALS_PER_LEASE);
  return () => clearInterval(timer);
}
