import { manualClock } from '../../../lib/core/clock.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import type { EventDraft } from '../../../lib/events/index.ts';
import { memoryRunBudget, memoryRunStore } from '../../../lib/scanners/adapters/memory-run-store.ts';
import { memoryVoteStore } from '../../../lib/scanners/adapters/memory-vote-store.ts';
import { scannersConfigSchema } from '../../../lib/scanners/config.ts';
import {
  type AdvancePorts,
  advanceRun,
  advanceRuns,
  readReportValue,
  requestRuns,
  type ScannerDriver,
  type ScannerRun,
} from '../../../lib/scanners/index.ts';
import type { Progress } from '../../../lib/scanners/runs/ports.ts';
import * as samples from './samples.ts';
import { subject } from './support.ts';

export const NOW = '2026-11-24T10:00:00.000Z';
export const passing = new LadingError('scanner-unavailable', 'busy', { retryable: true });
export const report = (more: object = {}) => readReportValue({ ...samples.trivy, Metadata: {}, ...more });
export const reported: Progress = { kind: 'reported', report: report() };
export const running: Progress = { kind: 'running', handle: 'h' };

/** A stack with one scanner, whose driver does what it is told, step by step. */
export function setUp(
  limits: { concurrent?: number; perDay?: number; timeoutMinutes?: number; againAfterDays?: number; on?: string } = {},
) {
  const clock = manualClock(NOW);
  const [config] = scannersConfigSchema.parse({
    use: [{ kind: 'trivy-server', url: 'https://t.example', ...limits }],
  }).use;
  if (config === undefined) throw new Error('no scanner');
  const asked: string[] = [];
  const published: EventDraft[] = [];
  const gone = new Set<string>();
  const script: { start: (() => Progress)[]; look: (() => Progress)[] } = { start: [], look: [] };
  const next = (steps: (() => Progress)[]): Progress => (steps.length > 1 ? steps.shift() : steps[0])?.() ?? running;
  const cancelled: string[] = [];
  const driver: ScannerDriver = {
    async start(_run, id) {
      asked.push(id);
      return next(script.start);
    },
    look: async () => next(script.look),
    cancel: async (handle) => void cancelled.push(handle),
  };
  const ports: AdvancePorts = {
    ...{ runs: memoryRunStore(), votes: memoryVoteStore(), clock },
    budget: memoryRunBudget(() => clock.now()),
    sboms: {
      takeIn: async (_image, document) =>
        document.length === 0
          ? { kind: 'unreadable', why: 'it is empty' }
          : { kind: 'kept', packages: document.length, drafts: [] },
    },
    exists: async (image) => !gone.has(image.digest),
    publish: async (drafts) => void published.push(...drafts),
    driver: (kind) => (kind === 'trivy-server' ? { config, driver } : undefined),
  };
  const request = (
    digest = subject.digest as `sha256:${string}`,
    because: 'catalogued' | 'command' | 'sweep' = 'catalogued',
  ) => requestRuns(ports, [config], { subject: { ...subject, digest, tags: [] }, by: 'test', because });
  const image = locationKey(subject);
  /** Of today; the next one, days from now, is arranged as it ends. */
  const only = async (): Promise<ScannerRun> =>
    (await ports.runs.of(image)).find(({ day }) => day === NOW.slice(0, 10)) as ScannerRun;
  const step = async (): Promise<ScannerRun> => {
    await advanceRun(ports, await only());
    return only();
  };
  const advance = () => advanceRuns(ports, ['trivy-server'], { onProblem: (what) => problems.push(what) });
  const problems: string[] = [];
  const votes = () => ports.votes.of(image);
  return {
    ...{ clock, ports, script, asked, published, cancelled, problems, gone },
    request,
    only,
    step,
    advance,
    votes,
  };
}
