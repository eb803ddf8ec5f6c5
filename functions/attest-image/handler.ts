import { attestImage } from '../../lib/attestation/index.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import {
  type EventBridgeEvent,
  type EventDefinition,
  type EventMetadata,
  gateDecided,
  imageSigned,
  provenanceRecorded,
  readEvent,
  signatureRequested,
} from '../../lib/events/index.ts';
import { dynamoVerdictStore } from '../../lib/policy/adapters/dynamo-verdict-store.ts';
import type { Verdict } from '../../lib/policy/index.ts';
import { runStage } from '../../lib/work/index.ts';
import { attestPorts } from '../_pipe/attestation-ports.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { requiredKeys, trust } from '../_pipe/trust.ts';
import { stagePorts, table } from '../_pipe/wiring.ts';

const stage = once(stagePorts);
const verdicts = once(() => dynamoVerdictStore(table('verdicts')));

const triggers = new Map<string, EventDefinition>(
  [imageSigned, gateDecided, signatureRequested, provenanceRecorded].map((one) => [
    one.detailType,
    one as unknown as EventDefinition,
  ]),
);

function readTrigger(event: EventBridgeEvent): { readonly subject: ImageLocation; readonly metadata: EventMetadata } {
  const definition = triggers.get(event['detail-type']);
  if (!definition) throw new LadingError('event-unexpected', `nothing is attested on "${event['detail-type']}"`);
  const { metadata, data } = readEvent(definition, event).detail;
  return { subject: (data as { readonly subject: ImageLocation }).subject, metadata };
}

/** Whatever triggers it, what is said is the verdict that stands, under the keys of today: that is what is done once. */
async function versionOf(verdict: Verdict, event: EventBridgeEvent): Promise<string> {
  const keys = (await requiredKeys()).map(({ keyId }) => keyId);
  const base = `${verdict.inputs.digest} ${verdict.asOf} ${keys.join(' ')}`;
  return `${base}${given(event)}`;
}

export const handler = eventsHandler(async (event, delivery) => {
  const { subject: at, metadata } = readTrigger(event);
  const image = locationKey(at);
  const verdict = await verdicts().standing(image);
  if (verdict === undefined) return logger.info(`${image} has no verdict yet, and so nothing to say`);
  // The event of the signature comes before its work is completed in the ledger, and never again after that.
  const tellsOfSignature = event['detail-type'] === imageSigned.detailType;
  if (verdict.decision === 'allow' && !tellsOfSignature && !(await isSigned(image))) {
    return logger.info(`${image} is not signed yet: what is said of it follows its signature`);
  }
  const { subject } = verdict;
  await runStage(stage(), {
    key: { subject: image, stage: 'attest', version: await versionOf(verdict, event) },
    ...delivery,
    cause: metadata,
    perform: async () => {
      if (trust().attest.length === 0) return [];
      const version = `${verdict.inputs.digest} ${verdict.asOf}${given(event)}`;
      const outcome = await attestImage(await attestPorts(subject), { subject, verdict, version }, trust());
      if (outcome.kind === 'attested') return [outcome.event];
      logger.info(`nothing is said of ${image}: ${outcome.kind}`);
      return outcome.kind === 'image-gone' ? undefined : [];
    },
  });
});

/** Where something new is said, the summary names it, and so is another one. */
const given = (event: EventBridgeEvent): string =>
  event['detail-type'] === provenanceRecorded.detailType ? ` ${event.id}` : '';

/** The first signature is the fast path's; two at once would lose one of them where a registry has no list of referrers. */
async function isSigned(image: string): Promise<boolean> {
  const records = await stage().ledger.list(image);
  return records.some((record) => record.stage === 'sign' && record.state === 'completed');
}
