import { describeError } from '../../core/errors.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type AdvancePorts, advanceRun } from './advance-run.ts';

/** Of one scanner, at a time: the rest is looked at the next time. */
const MOST_RUNS = 200;

/** Takes every open run of the scanners a step on. One that fails keeps the others from nothing. */
export async function advanceRuns(
  ports: AdvancePorts,
  scanners: readonly string[],
  options: {
    /** Between runs, so that work ends before the function's time does. */
    readonly signal?: AbortSignal;
    readonly onProblem: (what: string) => void;
  },
): Promise<void> {
  for (const scanner of scanners) {
    // Those that run are looked at first: their ends make places for those that wait.
    const open = await ports.runs.open(scanner, MOST_RUNS);
    const sorted = open.toSorted((a, b) => Number(a.state.kind === 'waiting') - Number(b.state.kind === 'waiting'));
    for (const run of sorted) {
      if (options.signal?.aborted) return;
      try {
        // Those that wait are last, in their order: where there is no room for one, there is none for the next.
        if ((await advanceRun(ports, run)) === 'no-room') break;
      } catch (error) {
        options.onProblem(`${scanner} on ${locationKey(run.subject)}: ${describeError(error)}`);
      }
    }
  }
}
