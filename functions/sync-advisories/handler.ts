import { setTimeout as pause } from 'node:timers/promises';
import { putMetrics } from '../../lib/aws/metrics.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { bundledSource } from '../../lib/vulnerabilities/adapters/bundled-source.ts';
import { documentAdvisoryStore } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { inboxSource } from '../../lib/vulnerabilities/adapters/inbox-source.ts';
import { publisherSource } from '../../lib/vulnerabilities/adapters/publisher-source.ts';
import { advisoriesConfigSchema, configuredSources, syncAdvisories } from '../../lib/vulnerabilities/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { documents, publisher, setting, table } from '../_pipe/wiring.ts';

const network = {
  fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
  now: () => systemClock.now(),
  pause: async (ms: number) => void (await pause(ms)),
};

const ports = once(() => {
  const store = documents('documents');
  const advisories = documentAdvisoryStore(store, table('scans'));
  const config = setting('advisories', advisoriesConfigSchema);
  return {
    sources: [
      ...(config.bundled ? [bundledSource()] : []),
      inboxSource(store),
      ...configuredSources(config).map((source) => publisherSource(source, network)),
    ],
    store: advisories,
    progress: advisories,
    log: advisories,
    documents: store,
    clock: systemClock,
  };
});
const bus = once(publisher);

/** Of the time that a run has; the rest is for the source that was begun last, and for storing. */
const SHARE_FOR_READING = 0.6;
const SHARE_FOR_LAST = 0.85;

export const handler = eventsHandler(async (tick, { leaseMs }) => {
  const after = (share: number): Date => new Date(systemClock.now().getTime() + leaseMs * share);
  const limits = { until: after(SHARE_FOR_READING), deadline: after(SHARE_FOR_LAST) };
  const { kind, sources, events } = await syncAdvisories(ports(), limits);
  for (const { name, state, advisories, rejected, problem, fetchedBytes = 0 } of sources) {
    const what = `advisories of "${name}": ${state}, ${advisories} held, ${rejected} not readable, ${fetchedBytes} bytes fetched`;
    if (problem) logger.error(`${what}; ${problem.kind}: ${problem.message}`);
    else logger.info(what);
  }
  logger.info(`advisory snapshot ${kind}`);
  putMetrics({
    AdvisorySourcesFailing: { value: sources.filter(({ problem }) => problem).length, unit: 'Count' },
    AdvisoryAge: { value: Math.max(0, ...sources.map(({ staleSeconds }) => staleSeconds ?? 0)), unit: 'Seconds' },
  });
  await bus().publish(events.map((draft) => publishable(draft, { root: tick.id }, systemClock.now())));
});
