import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { gateDecided } from '../../lib/events/index.ts';
import { awsSigner } from '../../lib/signing/adapters/aws-signer.ts';
import { dynamoSignatures } from '../../lib/signing/adapters/dynamo-signatures.ts';
import { imageSignedDraft, signInFormats, signingConfigSchema, signingOptionsOf } from '../../lib/signing/index.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { timestamperAt } from '../_pipe/timestamps.ts';
import { firstSigner } from '../_pipe/trust.ts';
import { setting, stagePorts, table } from '../_pipe/wiring.ts';

const ports = once(() => ({
  store: dynamoSignatures(table('signatures')),
  clock: systemClock,
}));

const config = once(() => setting('signing', signingConfigSchema));

const services = once(() => {
  const { profile } = config();
  return profile === undefined ? [] : [{ id: profile, signer: awsSigner(profile) }];
});

const formats = once(() => {
  const { timestamps } = config();
  return signingOptionsOf(config(), timestamps && timestamperAt(timestamps));
});

const signing = route({
  on: gateDecided,
  // One signature per image, key and format, whatever number of verdicts allowed it.
  key: ({ subject }) => ({ subject: locationKey(subject), stage: 'sign', version: firstSigner().resource }),
  perform: async ({ subject, decision }) => {
    const registry = await registries().open(subject.registry);
    const { purpose, signer } = firstSigner();
    // No other format knows a post-quantum key.
    const wanted = purpose === 'signing' ? formats() : formats().slice(0, 1);
    const outcome = await signInFormats({ ...ports(), signer, registry }, { subject, decision }, wanted, services());
    if (outcome.kind === 'signed') return [imageSignedDraft(subject, outcome.signature)];
    logger.info(`${locationKey(subject)} is not signed: ${outcome.reason}`);
    return outcome.reason === 'image-gone' ? undefined : [];
  },
});

export const handler = stageHandler(once(stagePorts), [signing]);
