import type { Hono } from 'hono';
import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, scanRequested } from '../events/index.ts';
import { type ScannerConfig, type ScannerRun, scansOf, voterOfKind } from '../scanners/index.ts';
import { imageOf, numberOf } from './find.ts';
import type { ConsolePorts } from './ports.ts';
import { runScannersRequest } from './scanner-schemas.ts';
import { bodyOf, callerOf, limited, publish, read } from './security-routes.ts';

const MOST_RUNS = 200;

/** Other scanners: which are set to work here, how far they are, and setting them to work. */
export function addScannerApi(app: Hono, ports: ConsolePorts): void {
  const desk = ports.security;
  const { configured, runs } = desk.scanners;
  app.get('/api/scanners', async (context) => {
    const ref = context.req.query('ref');
    const limit = numberOf(context.req.query('limit'), 1, MOST_RUNS, 50);
    const found =
      ref === undefined ? await allRuns(ports, limit) : await runs.of(locationKey((await imageOf(ports, ref)).entry));
    return context.json({ scanners: configured.map(shownScanner), runs: found.map(shownRun) });
  });
  app.post('/api/scanners/run', limited, async (context) => {
    const { scanners } = read(await bodyOf(context), runScannersRequest);
    const { entry, tags } = await imageOf(ports, context.req.query('ref'));
    if (entry.artifactClass !== 'image') {
      throw new LadingError(
        'image-unscannable',
        `it is of the class "${entry.artifactClass}"; scanners read single images`,
        {
          hint: 'of an index, name one of its images by digest',
        },
      );
    }
    const unknown = (scanners ?? []).filter((name) => !configured.some(({ kind }) => kind === name));
    if (configured.length === 0 || unknown.length > 0) {
      const known = configured.map(({ kind }) => kind).join(', ') || 'none';
      throw new LadingError(
        'scanner-unknown',
        `${unknown.join(', ') || 'a scanner'} is not configured; configured: ${known}`,
        {
          hint: 'the setting "scanners" names those that are set to work here; see docs/scanners.md',
        },
      );
    }
    const { registry, repository, digest, mediaType, platform } = entry;
    const subject = { registry, repository, digest, mediaType, tags: [...tags], ...(platform ? { platform } : {}) };
    const asked = scansOf(configured, { subject, because: 'command', scanners }).map(({ kind }) => kind);
    if (asked.length === 0)
      throw new LadingError('image-unscannable', 'no configured scanner looks at this repository');
    const by = callerOf(context) ?? 'the local stack';
    await publish(desk, [draftEvent(scanRequested, { subject, scanners: asked, by })]);
    return context.json({ image: locationKey(entry), scanners: asked });
  });
}

/** What goes on, and what ended last. */
async function allRuns({ security: { scanners } }: ConsolePorts, limit: number): Promise<readonly ScannerRun[]> {
  const open = await Promise.all(scanners.configured.map(({ kind }) => scanners.runs.open(kind, limit)));
  // Nothing ever ran where none is configured, and the index is no matter of this function then.
  const ended = scanners.configured.length === 0 ? [] : await scanners.runs.ended(limit);
  return [...open.flat(), ...ended].slice(0, limit);
}

const shownScanner = ({ kind, on, repositories, concurrent, perDay, timeoutMinutes }: ScannerConfig) => ({
  ...{ scanner: kind, voter: voterOfKind(kind), on, repositories, concurrent, perDay, timeoutMinutes },
});

function shownRun({ subject, scanner, day, requestedAt, requestedBy, state, attempts, lastProblem }: ScannerRun) {
  const { kind, ...rest } = state;
  const told = {
    ...('reason' in rest ? { reason: rest.reason } : {}),
    ...('code' in rest ? { code: rest.code } : {}),
    ...('findings' in rest && rest.findings !== undefined ? { findings: rest.findings } : {}),
    ...('packages' in rest && rest.packages !== undefined ? { packages: rest.packages } : {}),
    ...('since' in rest ? { since: rest.since } : {}),
    ...('notBefore' in rest ? { notBefore: rest.notBefore } : {}),
    ...('endedAt' in rest ? { endedAt: rest.endedAt } : {}),
  };
  return {
    ...{ image: locationKey(subject), scanner, day, requestedAt, requestedBy, state: kind, ...told, attempts },
    ...(lastProblem === undefined ? {} : { lastProblem }),
  };
}
