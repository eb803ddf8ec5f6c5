import type { CopySlots } from './ports.ts';

export interface SlotWait {
  readonly slots: CopySlots;
  /** False once waiting is of no use any more. */
  readonly mayGoOn: () => boolean;
  readonly pause: (ms: number) => Promise<unknown>;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A worker that waits does nothing for other targets. */
const PATIENCE_MS = 20_000;
const KEEP_EVERY_MS = 25_000;

/**
 * Does work while it holds one of a target's slots; waits for one as long as it may.
 *
 * @returns `busy` where all stayed taken; nothing was done
 */
export async function holdSlot<T>(
  { slots, mayGoOn, pause }: SlotWait,
  target: string,
  most: number,
  work: () => Promise<T>,
): Promise<T | 'busy'> {
  let slot = await slots.take(target, most);
  let waited = 0;
  for (let wait = FIRST_WAIT_MS; slot === undefined; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
    if (!mayGoOn() || waited >= PATIENCE_MS) return 'busy';
    await pause(wait);
    waited += wait;
    slot = await slots.take(target, most);
  }
  const held = slot;
  // A lease that could not be renewed may be taken over: then one copy more runs for a while, and none is lost.
  const keeping = setInterval(() => void held.keep().catch(() => undefined), KEEP_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(keeping);
    await held.release().catch(() => undefined);
  }
}
