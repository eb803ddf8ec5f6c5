import type { Clock } from '../../core/clock.ts';
import { digestHex, digestOf } from '../../core/digest.ts';
import { describeError, isLadingError, unreachable } from '../../core/errors.ts';
import { type ImageLocation, locationKey } from '../../core/image-reference.ts';
import { draftEvent, type EventDraft, scannerRunEnded } from '../../events/index.ts';
import { type AddedReport, addReport, voteNews } from '../add-report.ts';
import { isGeneratorKind, type ScannerConfig, voterOfKind } from '../config.ts';
import { type ScannerReport, voterOf } from '../model.ts';
import type { VoteStore } from '../ports.ts';
import { dayOf, type EndState, isEnded, type RunState, type ScannerRun } from './model.ts';
import type { Progress, RunBudget, RunStore, SbomIntake, ScannerDriver } from './ports.ts';

export interface AdvancePorts {
  readonly runs: RunStore;
  readonly budget: RunBudget;
  readonly votes: VoteStore;
  readonly sboms: SbomIntake;
  readonly clock: Clock;
  publish(drafts: readonly EventDraft[]): Promise<void>;
  /** Whether the image is there: what was deleted since is not scanned. */
  exists(image: ImageLocation): Promise<boolean>;
  /** `undefined` where the configuration has no such scanner any more. */
  driver(scanner: string): { readonly config: ScannerConfig; readonly driver: ScannerDriver } | undefined;
}

/** Longer than the function runs: who holds it for so long was lost. Milliseconds. */
const LEASE_MS = 11 * 60_000;
const MOST_ATTEMPTS = 3;
const RETRY_MS = 2 * 60_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const leaseFrom = (now: Date): string => new Date(now.getTime() + LEASE_MS).toISOString();

/** One start of a run: what scanners tell a repetition by. 64 hexadecimal digits. */
export const startId = ({ subject, scanner, day, requestedAt, attempts }: ScannerRun): string =>
  digestHex(digestOf(JSON.stringify([locationKey(subject), scanner, day, requestedAt, attempts])));
const ownerOf = ({ subject, day }: ScannerRun): string => `${day} ${locationKey(subject)}`;

/**
 * Takes a run one step on: begins it where budgets allow, looks whether it has ended, gives it up when its time is
 * over. What is told of its end is published before the end is written down, so that no crash keeps it back.
 *
 * @returns `no-room` where the scanner's budgets are used up, for this run and for all that wait
 */
export async function advanceRun(ports: AdvancePorts, run: ScannerRun): Promise<'no-room' | undefined> {
  const { state } = run;
  const now = ports.clock.now();
  if (isEnded(state)) return undefined;
  const found = ports.driver(run.scanner);
  if (found === undefined) {
    await end(ports, run, failure(now, 'scanner-unknown', `no scanner "${run.scanner}" is configured any more`));
    return undefined;
  }
  const scanner = { ...found, ports };
  switch (state.kind) {
    case 'waiting':
      return new Date(state.notBefore) > now ? undefined : begin(scanner, run);
    case 'starting':
      if (new Date(state.leaseUntil) <= now) await beginAgain(scanner, run, state);
      return undefined;
    case 'running':
      await look(scanner, run, state);
      return undefined;
    default:
      return unreachable(state);
  }
}

interface Scanner {
  readonly ports: AdvancePorts;
  readonly config: ScannerConfig;
  readonly driver: ScannerDriver;
}
type Starting = Extract<RunState, { readonly kind: 'starting' }>;
type Running = Extract<RunState, { readonly kind: 'running' }>;

async function begin(scanner: Scanner, run: ScannerRun): Promise<'no-room' | undefined> {
  const { config, ports } = scanner;
  const { budget, clock } = ports;
  const now = clock.now();
  if (run.attempts >= MOST_ATTEMPTS) {
    await end(ports, run, failure(now, 'scanner-unavailable', run.lastProblem ?? 'it could not be begun'));
    return undefined;
  }
  if (!(await ports.exists(run.subject))) {
    await end(ports, run, failure(now, 'image-unknown', 'the image is not there'));
    return undefined;
  }
  const until = new Date(now.getTime() + config.timeoutMinutes * MINUTE_MS + 2 * LEASE_MS);
  const slot = await budget.takePlace(run.scanner, ownerOf(run), config.concurrent, until);
  if (slot === undefined) {
    await wait(ports, run, 'concurrency', now);
    return 'no-room';
  }
  const today = dayOf(now);
  if (run.charged !== today && !(await budget.charge(run.scanner, today, config.perDay))) {
    await budget.freePlace(run.scanner, ownerOf(run), slot);
    await wait(ports, run, 'daily-budget', new Date(Date.parse(today) + DAY_MS));
    return 'no-room';
  }
  const state: Starting = { kind: 'starting', since: now.toISOString(), slot, leaseUntil: leaseFrom(now) };
  const started = await write(ports, run, { charged: today, attempts: run.attempts + 1, state });
  // Another has begun it meanwhile, in the same place.
  if (started !== undefined) await start(scanner, started, state);
  return undefined;
}

/** Whoever began it was heard of no more. The scanner is asked under the same id, so that it is the same scan. */
async function beginAgain(scanner: Scanner, run: ScannerRun, state: Starting): Promise<void> {
  const { ports } = scanner;
  if (isOver(scanner, state)) return giveUp(scanner, run);
  const again = { ...state, leaseUntil: leaseFrom(ports.clock.now()) };
  const started = await write(ports, run, { state: again });
  if (started !== undefined) await start(scanner, started, again);
}

async function start({ ports, driver }: Scanner, run: ScannerRun, { slot, since }: Starting): Promise<void> {
  let progress: Progress;
  try {
    progress = await driver.start(run, startId(run));
  } catch (error) {
    const problem = describeError(error).slice(0, 1000);
    const now = ports.clock.now();
    if (!isPassing(error)) return end(ports, run, failure(now, codeOf(error), problem));
    await ports.budget.freePlace(run.scanner, ownerOf(run), slot);
    const notBefore = new Date(now.getTime() + RETRY_MS * 2 ** run.attempts);
    return wait(ports, { ...run, lastProblem: problem }, 'retry', notBefore);
  }
  if (progress.kind !== 'running') return conclude(ports, run, progress);
  await write(ports, run, { state: { kind: 'running', since, slot, handle: progress.handle } });
}

async function look(scanner: Scanner, run: ScannerRun, state: Running): Promise<void> {
  const { ports, driver } = scanner;
  try {
    const progress = await driver.look(run, state.handle);
    if (progress.kind !== 'running') return await conclude(ports, run, progress);
  } catch (error) {
    const problem = describeError(error).slice(0, 1000);
    if (!isPassing(error)) return end(ports, run, failure(ports.clock.now(), codeOf(error), problem));
    if (!isOver(scanner, state)) return void (await write(ports, run, { lastProblem: problem }));
  }
  if (!isOver(scanner, state)) return;
  // It may go on for nothing; that it cannot be stopped changes nothing about the vote.
  await driver.cancel?.(state.handle).catch(() => undefined);
  await giveUp(scanner, run);
}

const isOver = ({ ports, config }: Scanner, { since }: Starting | Running): boolean =>
  ports.clock.now().getTime() - Date.parse(since) > config.timeoutMinutes * MINUTE_MS;

const giveUp = ({ ports, config }: Scanner, run: ScannerRun): Promise<void> =>
  end(ports, run, {
    kind: 'timed-out',
    endedAt: ports.clock.now().toISOString(),
    reason:
      `it had not ended after ${config.timeoutMinutes} minutes${run.lastProblem ? `; ${run.lastProblem}` : ''}`.slice(
        0,
        1000,
      ),
  });

function conclude(
  ports: AdvancePorts,
  run: ScannerRun,
  progress: Exclude<Progress, { kind: 'running' }>,
): Promise<void> {
  switch (progress.kind) {
    case 'failed':
      return end(ports, run, failure(ports.clock.now(), progress.code, progress.reason));
    case 'listed':
      return list(ports, run, progress.document);
    case 'reported':
      return report(ports, run, progress.report);
    default:
      return unreachable(progress);
  }
}

async function list(ports: AdvancePorts, run: ScannerRun, document: Uint8Array): Promise<void> {
  const taken = await ports.sboms.takeIn(run.subject, document, run.scanner);
  const now = ports.clock.now();
  if (taken.kind === 'unreadable') return end(ports, run, failure(now, 'sbom-invalid', taken.why));
  await end(ports, run, { kind: 'completed', endedAt: now.toISOString(), packages: taken.packages }, taken.drafts);
}

async function report(ports: AdvancePorts, run: ScannerRun, said: ScannerReport): Promise<void> {
  const expected = voterOfKind(run.scanner as ScannerConfig['kind']);
  if (voterOf(said) !== expected) {
    const reason = `the report is one of ${voterOf(said)}, not of ${expected}`;
    return end(ports, run, failure(ports.clock.now(), 'report-mismatch', reason));
  }
  let added: AddedReport;
  try {
    added = await addReport(ports, run.subject, said, 'run');
  } catch (error) {
    if (!isLadingError(error) || error.retryable) throw error;
    return end(ports, run, failure(ports.clock.now(), error.code, error.message));
  }
  const { vote, outcome } = added;
  const endedAt = ports.clock.now().toISOString();
  const state: EndState = { kind: 'completed', endedAt, voter: vote.voter, findings: said.findings.length, outcome };
  // Unchanged may be what a run stored that then crashed: the gate hears of it all the same.
  const news = outcome === 'unchanged' ? [voteNews(run.subject, vote)] : added.drafts;
  await end(ports, run, state, news);
}

async function end(
  ports: AdvancePorts,
  run: ScannerRun,
  state: EndState,
  news: readonly EventDraft[] = [],
): Promise<void> {
  const { subject, scanner, day } = run;
  const { kind, endedAt: _endedAt, ...told } = state;
  await ports.publish([...news, draftEvent(scannerRunEnded, { subject, scanner, day, state: kind, ...told })]);
  const slot = 'slot' in run.state ? run.state.slot : undefined;
  if (slot !== undefined) await ports.budget.freePlace(run.scanner, ownerOf(run), slot);
  await arrangeNext(ports, run, state);
  await write(ports, run, { state });
}

/** Ends that the next time would be the same. */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'image-unknown',
  'image-elsewhere',
  'image-unscannable',
  'scanner-unknown',
]);

/** The next scan of the image is written down as this one ends: nobody has to look for images that were scanned long ago. */
async function arrangeNext({ runs, clock, driver }: AdvancePorts, run: ScannerRun, state: EndState): Promise<void> {
  const config = driver(run.scanner)?.config;
  // What an image holds does not change, unlike what is known of it.
  if (isGeneratorKind(run.scanner)) return;
  if (config?.on !== 'catalogued' || (state.kind === 'failed' && FOR_GOOD.has(state.code))) return;
  const next = new Date(clock.now().getTime() + config.againAfterDays * DAY_MS);
  await runs.add({
    ...{ subject: run.subject, scanner: run.scanner, day: dayOf(next) },
    ...{ requestedAt: clock.now().toISOString(), requestedBy: `${config.againAfterDays} days since the last` },
    state: { kind: 'waiting', reason: 'again', notBefore: next.toISOString() },
    ...{ attempts: 0, revision: 0 },
  });
}

async function wait(
  ports: AdvancePorts,
  run: ScannerRun,
  reason: Extract<RunState, { kind: 'waiting' }>['reason'],
  notBefore: Date,
): Promise<void> {
  await write(ports, run, { state: { kind: 'waiting', reason, notBefore: notBefore.toISOString() } });
}

async function write(
  { runs }: AdvancePorts,
  run: ScannerRun,
  change: Partial<ScannerRun>,
): Promise<ScannerRun | undefined> {
  const next = { ...run, ...change };
  return (await runs.save(next)) ? { ...next, revision: run.revision + 1 } : undefined;
}

const failure = (now: Date, code: string, reason: string): EndState => ({
  kind: 'failed',
  endedAt: now.toISOString(),
  code,
  reason: reason.slice(0, 1000),
});

/** What is not ours may be anything; it is tried again, and no more often than the rest. */
const isPassing = (error: unknown): boolean => !isLadingError(error) || error.retryable;
const codeOf = (error: unknown): string => (isLadingError(error) ? error.code : 'scanner-failed');
