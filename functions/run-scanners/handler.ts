import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import {
  type EventMetadata,
  publishable,
  readEvent,
  sbomCreated,
  scannerRunsDue,
  scanRequested,
} from '../../lib/events/index.ts';
import { type AdvancePorts, advanceRun, advanceRuns, type RunRequest, requestRuns } from '../../lib/scanners/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { configuredScanners } from '../_pipe/scanners.ts';
import { publisher } from '../_pipe/wiring.ts';
import { runPorts } from './ports.ts';

const bus = once(publisher);
/** Before the function's time is up: what is not looked at now is looked at the next time. */
const ABORT_BEFORE_MS = 150_000;

export const handler = eventsHandler(async (event, { leaseMs }) => {
  switch (event['detail-type']) {
    case sbomCreated.detailType: {
      const { metadata, data } = readEvent(sbomCreated, event).detail;
      const because = metadata.sweep ? 'sweep' : 'catalogued';
      return request(metadata, { subject: data.subject, because, by: 'Image Cataloged' });
    }
    case scanRequested.detailType: {
      const { metadata, data } = readEvent(scanRequested, event).detail;
      return request(metadata, { ...data, because: 'command' });
    }
    default: {
      const { metadata, data } = readEvent(scannerRunsDue, event).detail;
      const signal = AbortSignal.timeout(Math.max(1, leaseMs - ABORT_BEFORE_MS));
      return advanceRuns(portsFor(metadata), data.scanners, { signal, onProblem: (what) => logger.error(what) });
    }
  }
});

async function request(metadata: EventMetadata, asked: RunRequest): Promise<void> {
  const ports = portsFor(metadata);
  const added = await requestRuns(ports, configuredScanners(), asked);
  if (added.length > 0) logger.info(`${added.join(', ')} shall scan ${locationKey(asked.subject)}`);
  // Also those that were there before: this may be the same event again, after a crash.
  for (const run of await ports.runs.of(locationKey(asked.subject))) await advanceRun(ports, run);
}

const portsFor = (cause: EventMetadata): AdvancePorts => ({
  ...runPorts(),
  publish: (drafts) => bus().publish(drafts.map((draft) => publishable(draft, cause, systemClock.now()))),
});
