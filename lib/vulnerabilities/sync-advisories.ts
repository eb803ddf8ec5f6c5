import type { Clock } from '../core/clock.ts';
import { describeError, LadingError } from '../core/errors.ts';
import { type DocumentStore, saveJson } from '../documents/index.ts';
import { advisoriesUpdated, draftEvent, type EventDraft } from '../events/index.ts';
import { COMPILER_VERSION } from './compile-advisories.ts';
import { diffSnapshots, summarize } from './diff-snapshots.ts';
import { AdvisorySourceError, type SourceProblem } from './errors.ts';
import { isPseudoEcosystem, type Snapshot, type SourceSection } from './model.ts';
import type {
  AdvisorySource,
  AdvisoryStore,
  CurrentSnapshot,
  RematchProgress,
  SourceLog,
  SourceState,
} from './ports.ts';
import { type ReadOptions, readAndCompile, withoutThoseOf } from './read-source.ts';
import { composeSnapshot } from './snapshot.ts';

export interface SyncPorts {
  readonly sources: readonly AdvisorySource[];
  readonly store: AdvisoryStore;
  readonly progress: Pick<RematchProgress, 'lastRematched'>;
  readonly documents: DocumentStore;
  readonly clock: Clock;
  /** Absent where nobody watches the sources (a scan on the command line). */
  readonly log?: SourceLog;
}

export interface SyncOptions extends ReadOptions {
  /** Takes over a source that lost most of what it had; a person has looked at it. */
  readonly acceptShrink?: boolean;
  /** No source is begun after this, so that a run ends with what it has, however much there is to read at first. */
  readonly until?: Date;
  /** Nobody waits for news: what changed is not worked out, and no event tells of it. */
  readonly quiet?: boolean;
}

export interface SourceReport {
  readonly name: string;
  /** `postponed`: there was no time for it; what it said before counts, and the next run begins with it. */
  readonly state: 'updated' | 'unchanged' | 'failed' | 'postponed';
  readonly advisories: number;
  readonly rejected: number;
  readonly problem?: { readonly kind: SourceProblem; readonly message: string };
  /** Seconds since it was last read or found unchanged, or since it first failed where it never was. */
  readonly staleSeconds?: number;
  /** Bytes that were fetched for it in this run. */
  readonly fetchedBytes?: number;
}

export interface SyncResult {
  /** `failed`: there is no snapshot, and no source gave anything to make one of. */
  readonly kind: 'updated' | 'unchanged' | 'failed';
  readonly snapshot: Snapshot | undefined;
  readonly sources: readonly SourceReport[];
  readonly events: readonly EventDraft[];
}

/**
 * Reads the sources and makes a new snapshot of what they say. A source that fails, in whatever way, keeps its part of
 * the last snapshot; the others go on. A source that is no longer configured loses its part.
 *
 * @throws LadingError `advisories-conflict` (retryable) when another sync finished meanwhile
 */
export async function syncAdvisories(ports: SyncPorts, options: SyncOptions = {}): Promise<SyncResult> {
  const current = await ports.store.currentSnapshot();
  const sections: SourceSection[] = [];
  const found: SourceReport[] = [];
  for (const source of await inTurn(ports)) {
    const previous = current?.snapshot.sources.find(({ name }) => name === source.name);
    if (options.until && ports.clock.now() >= options.until) {
      if (previous) sections.push(previous);
      const held = { advisories: previous?.advisories ?? 0, rejected: previous?.rejected.count ?? 0 };
      found.push({ name: source.name, state: 'postponed', ...held });
      continue;
    }
    const { section, report } = await readSource(ports, source, previous, options);
    if (section) sections.push(section);
    found.push(report);
  }
  const reports = await watch(ports, found);
  if (sections.length === 0) return { kind: 'failed', snapshot: current?.snapshot, sources: reports, events: [] };
  const snapshot = composeSnapshot(sections, ports.clock.now(), current?.snapshot.id);
  if (snapshot.id === current?.snapshot.id) {
    await renew(ports.store, snapshot, current);
    const events = options.quiet ? [] : await remind(ports, current, reports);
    return { kind: 'unchanged', snapshot: current.snapshot, sources: reports, events };
  }
  const stored = await ports.store.putSnapshot(snapshot, current);
  if (stored === 'conflict') {
    throw new LadingError('advisories-conflict', 'another sync of advisories finished meanwhile', { retryable: true });
  }
  const events = options.quiet ? [] : [await announce(ports, snapshot, current?.snapshot, reports)];
  return { kind: 'updated', snapshot, sources: reports, events };
}

/** News that says nothing new: next time it must not be fetched again. */
async function renew(store: AdvisoryStore, { sources }: Snapshot, current: CurrentSnapshot): Promise<void> {
  const { snapshot } = current;
  const validators = (of: readonly SourceSection[]): string =>
    JSON.stringify(of.map(({ validator }) => validator ?? ''));
  if (validators(sources) !== validators(snapshot.sources))
    await store.renewSnapshot({ ...snapshot, sources }, current);
}

/**
 * Tells of the snapshot in force again while images have not all been told of it: a crash between storing a snapshot
 * and publishing its event, or a lost event, is made good by the next tick of the schedule.
 */
async function remind(
  ports: SyncPorts,
  current: CurrentSnapshot,
  reports: readonly SourceReport[],
): Promise<readonly EventDraft[]> {
  const last = await ports.progress.lastRematched();
  if (last && last.sequence >= current.sequence) return [];
  const previous = last ? await ports.store.snapshot(last.id) : undefined;
  return [await announce(ports, current.snapshot, previous, reports)];
}

/** Those first whose data are the oldest; what failed comes last, so that it cannot use up the others' time. */
async function inTurn({ sources, log }: SyncPorts): Promise<readonly AdvisorySource[]> {
  if (!log) return sources;
  const states = await log.sourceStates();
  const turn = ({ name }: AdvisorySource): string => {
    const state = Object.hasOwn(states, name) ? states[name] : undefined;
    return `${state?.problem ? 1 : 0} ${state?.goodAt ?? ''}`;
  };
  return [...sources].sort((a, b) => (turn(a) < turn(b) ? -1 : turn(a) > turn(b) ? 1 : 0));
}

/** Remembers how it stands with each source; those that are no longer configured are forgotten. */
async function watch(ports: SyncPorts, reports: readonly SourceReport[]): Promise<readonly SourceReport[]> {
  if (!ports.log) return reports;
  const now = ports.clock.now();
  const known = await ports.log.sourceStates();
  const states = reports.map(({ name, state, problem, fetchedBytes: last }): [string, SourceState] => {
    const before = Object.hasOwn(known, name) ? known[name] : undefined;
    if (state === 'postponed') return [name, before ?? {}];
    const fetched = last === undefined ? {} : { fetched: { last, total: (before?.fetched?.total ?? 0) + last } };
    if (!problem) return [name, { goodAt: now.toISOString(), ...fetched }];
    const since = before?.problem?.since ?? now.toISOString();
    const told = { ...problem, message: problem.message.slice(0, 500), since };
    return [name, { goodAt: before?.goodAt, problem: told, fetched: before?.fetched }];
  });
  await ports.log.recordStates(Object.fromEntries(states));
  return reports.map((report, i) => {
    const state = states[i]?.[1];
    const from = Date.parse(state?.goodAt ?? state?.problem?.since ?? now.toISOString());
    return { ...report, staleSeconds: Math.max(0, Math.round((now.getTime() - from) / 1000)) };
  });
}

interface SourceOutcome {
  readonly section: SourceSection | undefined;
  readonly report: SourceReport;
}

async function readSource(
  ports: SyncPorts,
  source: AdvisorySource,
  previous: SourceSection | undefined,
  options: SyncOptions,
): Promise<SourceOutcome> {
  const reusable = previous?.compiler === COMPILER_VERSION ? previous : undefined;
  const report = (state: SourceReport['state'], section: SourceSection | undefined): SourceReport => ({
    name: source.name,
    state,
    advisories: section?.advisories ?? 0,
    rejected: section?.rejected.count ?? 0,
  });
  try {
    const { reading, compiled } = await readAndCompile(ports, source, reusable, options);
    const fetched = reading.fetchedBytes === undefined ? {} : { fetchedBytes: reading.fetchedBytes };
    if (reading.kind === 'unchanged') {
      if (reusable) return { section: reusable, report: { ...report('unchanged', reusable), ...fetched } };
      throw new AdvisorySourceError('broken', 'it says "unchanged", and nothing was read from it before');
    }
    if (reading.kind === 'absent') {
      return { section: undefined, report: report('updated', undefined) };
    }
    if (!compiled) throw new AdvisorySourceError('broken', 'it gave nothing that could be compiled');
    const { section: made, shards } = compiled;
    if (previous && !options.acceptShrink) checkShrink(previous, made);
    // Few shards are other ones after a few changes, and those of the section in force are stored.
    await ports.store.putShards(reading.kind === 'changes' ? withoutThoseOf(reusable, shards) : shards);
    const section: SourceSection = {
      name: source.name,
      scope: source.scope,
      readAt: ports.clock.now().toISOString(),
      ...made,
      ...(reading.validator === undefined ? {} : { validator: reading.validator }),
    };
    return { section, report: { ...report('updated', section), ...fetched } };
  } catch (error) {
    if (!(error instanceof AdvisorySourceError)) throw error;
    const problem = { kind: error.problem, message: describeError(error) };
    return { section: previous, report: { ...report('failed', previous), problem } };
  }
}

/** Below this, a source is too small for its losses to mean anything. */
const SHRINK_FLOOR = 20;

/** @throws AdvisorySourceError `shrunk` */
function checkShrink(previous: SourceSection, next: Pick<SourceSection, 'advisories' | 'ecosystems'>): void {
  const refuse = (what: string, before: number, after: number): never => {
    throw new AdvisorySourceError('shrunk', `${what} had ${before} advisories and now has ${after}`);
  };
  if (previous.advisories >= SHRINK_FLOOR && next.advisories * 2 < previous.advisories) {
    refuse('it', previous.advisories, next.advisories);
  }
  for (const { name, advisories } of previous.ecosystems) {
    const now = next.ecosystems.find((ecosystem) => ecosystem.name === name)?.advisories ?? 0;
    if (advisories >= SHRINK_FLOOR && now * 2 < advisories) refuse(name, advisories, now);
  }
}

const countPackages = ({ sources }: Snapshot): number =>
  sources
    .flatMap(({ ecosystems }) => ecosystems)
    .reduce((sum, { name, packages }) => sum + (isPseudoEcosystem(name) ? 0 : packages), 0);

/** Where all ratings came at once, their ids say nothing. */
const MAX_FACTS_NAMED = 10_000;

async function announce(
  ports: SyncPorts,
  snapshot: Snapshot,
  previous: Snapshot | undefined,
  reports: readonly SourceReport[],
): Promise<EventDraft> {
  const { packages, facts, coverageChanged } = await diffSnapshots(ports.store, previous, snapshot);
  const difference = await saveJson(ports.documents, 'advisories/differences', {
    schemaVersion: 1,
    snapshot: snapshot.id,
    previous: previous?.id,
    coverageChanged,
    facts: facts.slice(0, MAX_FACTS_NAMED),
    packages: packages.map(summarize),
  });
  return draftEvent(advisoriesUpdated, {
    snapshot: snapshot.id,
    previous: previous?.id,
    difference,
    advisories: snapshot.sources.reduce((sum, { advisories }) => sum + advisories, 0),
    changedPackages: previous ? packages.length : countPackages(snapshot),
    sources: reports.map(({ name, advisories, problem }) => ({
      name,
      advisories,
      ...(problem ? { problem: problem.message.slice(0, 500) } : {}),
    })),
  });
}
