import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { findingsChanged, gateInputsChanged, type ImageSubject, scanCompleted } from '../../lib/events/index.ts';
import { dynamoVerdictStore } from '../../lib/policy/adapters/dynamo-verdict-store.ts';
import { decideGate, policyConfigSchema, policyDigest } from '../../lib/policy/index.ts';
import { dynamoScanStore } from '../../lib/vulnerabilities/adapters/dynamo-scan-store.ts';
import type { WorkKey } from '../../lib/work/index.ts';
import { once } from '../_pipe/once.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { testimony } from '../_pipe/testimony.ts';
import { documents, setting, stagePorts, table } from '../_pipe/wiring.ts';

const ports = once(() => ({
  verdicts: dynamoVerdictStore(table('verdicts')),
  documents: documents('documents'),
  clock: systemClock,
  testimony: testimony(),
}));
const scans = once(() => dynamoScanStore(table('scans')));
const policy = once(() => setting('policy', policyConfigSchema));

/** Another policy or another scan is another decision; the same ones are decided once. */
const keyOf = (subject: ImageSubject, scan: string): WorkKey => ({
  subject: locationKey(subject),
  stage: 'gate',
  version: `${policyDigest(policy())} ${scan}`,
});

export const handler = stageHandler(once(stagePorts), [
  route({
    on: scanCompleted,
    key: ({ subject, scan }) => keyOf(subject, scan.digest),
    perform: ({ subject, scan }, { occurredAt }) => decideGate(ports(), { subject, scan, asOf: occurredAt }, policy()),
  }),
  route({
    on: findingsChanged,
    // Findings can change back to what they were: then it is the change that is decided upon once.
    key: ({ subject, scan }, { id }) => keyOf(subject, `${scan.digest} ${id}`),
    perform: ({ subject, scan }, { occurredAt }) => decideGate(ports(), { subject, scan, asOf: occurredAt }, policy()),
  }),
  route({
    on: gateInputsChanged,
    // The same inputs can change back and forth: each change is decided upon once.
    key: ({ subject }, { id }) => keyOf(subject, `inputs ${id}`),
    async perform({ subject }, { occurredAt }) {
      const record = await scans().find(locationKey(subject));
      // Whatever has no scan yet is decided upon when it has one.
      if (record === undefined) return [];
      return decideGate(ports(), { subject, scan: record.scan, asOf: occurredAt }, policy());
    },
  }),
]);
