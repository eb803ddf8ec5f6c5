import { createHash } from 'node:crypto';
import { describeError, LadingError } from '../core/errors.ts';
import type { EventBridgeEvent } from '../events/index.ts';
import type { WorkKey } from './model.ts';
import type { TaskRunner, WorkLedger } from './ports.ts';

/** So long a task may take until it begins: it is placed, and its image pulled. Milliseconds. */
const START_MS = 10 * 60_000;
/** Each task counts as two: its start, and its own beginning. */
const MOST_ATTEMPTS = 6;

/**
 * Has a task do a piece of work, under the lease that was taken here for it. Returns where this worker should go on as if
 * there were no tasks: the work is done, no task can be started, or three of them have died.
 *
 * @throws LadingError `work-handed-over` (retryable): the message stays, so that it is seen whether the task ends it;
 * `work-held` (retryable) while it or another worker holds the lease
 */
export async function handOver(
  ledger: Pick<WorkLedger, 'begin' | 'release'>,
  tasks: TaskRunner,
  { key, owner, event }: { readonly key: WorkKey; readonly owner: string; readonly event: EventBridgeEvent },
  note: (message: string) => void,
): Promise<void> {
  const begun = await ledger.begin(key, owner, START_MS);
  const about = `${key.stage} of ${key.subject}`;
  // Not waited for: whose lease ends meanwhile is a task that died, and the next one goes to a task again.
  if (begun.kind === 'held') {
    const until = begun.until.toISOString();
    throw new LadingError('work-held', `${about} is being worked on until ${until}`, { retryable: true });
  }
  if (begun.kind === 'completed') return;
  if (begun.attempt > MOST_ATTEMPTS) {
    note(`${about} goes on here: the tasks that were started for it did not end it`);
    return ledger.release(key, owner);
  }
  try {
    await tasks.start({ event, owner }, tokenOf(key, event.id, begun.attempt));
  } catch (error) {
    note(`${about} goes on here: no task can be started: ${describeError(error)}`);
    return ledger.release(key, owner);
  }
  throw new LadingError('work-handed-over', `${about} was handed to a task`, { retryable: true });
}

/** RunTask takes 64 characters. */
const tokenOf = ({ subject, stage, version }: WorkKey, eventId: string, attempt: number): string =>
  createHash('sha256')
    .update(JSON.stringify([subject, stage, version, eventId, attempt]))
    .digest('hex');
