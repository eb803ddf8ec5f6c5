import { z } from 'zod';
import { lapseVerdict, type RenewPorts, renewVerdict, type StandingVerdict } from '../../lib/attestation/index.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { dynamoVerdictStore } from '../../lib/policy/adapters/dynamo-verdict-store.ts';
import { policyConfigSchema } from '../../lib/policy/index.ts';
import { runStage } from '../../lib/work/index.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { attestPorts, verdictBoard } from '../_pipe/attestation-ports.ts';
import { type Delivery, eventsHandler } from '../_pipe/events-handler.ts';
import { matchingPorts } from '../_pipe/matching-ports.ts';
import { once } from '../_pipe/once.ts';
import { testimony } from '../_pipe/testimony.ts';
import { trust } from '../_pipe/trust.ts';
import { setting, stagePorts, table } from '../_pipe/wiring.ts';
import { askForSignatures } from './ask-for-signatures.ts';

const stage = once(stagePorts);
const policy = once(() => setting('policy', policyConfigSchema));
const gate = once(() => ({
  ...matchingPorts(),
  verdicts: dynamoVerdictStore(table('verdicts')),
  testimony: testimony(),
}));

const HOUR_MS = 3_600_000;

/** EventBridge's tick has no detail; a run that is asked for by hand may say that it looks further ahead. */
const tickSchema = z.object({ renewBeforeHours: z.number().positive().optional() }).catch({});

/** Each verdict is renewed once: the one that takes its place has another digest and another end. */
async function renew(ending: StandingVerdict, delivery: Delivery, cause: { readonly root: string }): Promise<void> {
  await runStage(stage(), {
    key: { subject: locationKey(ending.subject), stage: 'renew', version: ending.digest },
    ...delivery,
    cause,
    perform: async () => {
      const ports: RenewPorts = { attest: await attestPorts(ending.subject), gate: gate(), rematch: matchingPorts() };
      const events = await renewVerdict(ports, ending, { policy: policy(), trust: trust() });
      if (events === undefined) await verdictBoard().lapse(ending);
      return events ?? [];
    },
  });
}

async function lapse(ended: StandingVerdict, delivery: Delivery, cause: { readonly root: string }): Promise<void> {
  await runStage(stage(), {
    key: { subject: locationKey(ended.subject), stage: 'lapse', version: ended.digest },
    ...delivery,
    cause,
    perform: () => lapseVerdict(verdictBoard(), ended, 'its time was over before it could be renewed'),
  });
}

export const handler = eventsHandler(async (tick, delivery) => {
  const cause = { root: tick.id };
  const now = systemClock.now();
  const hours = tickSchema.parse(tick.detail).renewBeforeHours ?? trust().verdict.renewBeforeHours;
  const soon = new Date(now.getTime() + hours * HOUR_MS);
  const { attempt, end } = createAttempts();
  let due = 0;
  for await (const ending of verdictBoard().endingBefore(soon)) {
    due++;
    const image = locationKey(ending.subject);
    await attempt(`renewing the verdict of ${image}`, () => renew(ending, delivery, cause));
    if (new Date(ending.validUntil) > now) continue;
    const standing = await verdictBoard().find(ending.subject);
    if (standing?.digest !== ending.digest || standing.state === 'lapsed') continue;
    await attempt(`letting the verdict of ${image} lapse`, () => lapse(ending, delivery, cause));
  }
  logger.info(`${due} verdicts were due`);
  await attempt('the campaign for missing signatures', () => askForSignatures(tick.id));
  end();
});
