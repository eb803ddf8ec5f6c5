import { putMetrics } from '../../lib/aws/metrics.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { bundledSource } from '../../lib/vulnerabilities/adapters/bundled-source.ts';
import { documentAdvisoryStore } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { httpsSource } from '../../lib/vulnerabilities/adapters/https-source.ts';
import { inboxSource } from '../../lib/vulnerabilities/adapters/inbox-source.ts';
import { advisoriesConfigSchema, configuredSources, syncAdvisories } from '../../lib/vulnerabilities/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { documents, publisher, setting, table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const store = documents('documents');
  const advisories = documentAdvisoryStore(store, table('scans'));
  const config = setting('advisories', advisoriesConfigSchema);
  return {
    sources: [
      ...(config.bundled ? [bundledSource()] : []),
      inboxSource(store),
      ...configuredSources(config).map((source) => httpsSource({ ...source, fetch: (...args) => fetch(...args) })),
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

export const handler = eventsHandler(async (tick, { leaseMs }) => {
  const until = new Date(systemClock.now().getTime() + leaseMs * SHARE_FOR_READING);
  const { kind, sources, events } = await syncAdvisories(ports(), { until });
  for (const { name, state, advisories, rejected, problem } of sources) {
    const what = `advisories of "${name}": ${state}, ${advisories} held, ${rejected} not readable`;
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
