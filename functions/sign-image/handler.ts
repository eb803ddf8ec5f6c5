import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { gateDecided, imageReplicated } from '../../lib/events/index.ts';
import { lastDecision } from '../../lib/inventory/index.ts';
import type { Registry } from '../../lib/registry/index.ts';
import { checkDerivation } from '../../lib/replication/index.ts';
import { awsSigner } from '../../lib/signing/adapters/aws-signer.ts';
import { dynamoSignatures } from '../../lib/signing/adapters/dynamo-signatures.ts';
import {
  imageSignedDraft,
  type SignImageOutcome,
  type SignImageRequest,
  signInFormats,
  signingConfigSchema,
  signingOptionsOf,
} from '../../lib/signing/index.ts';
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

function signAt(
  subject: ImageLocation,
  registry: Registry,
  decision: SignImageRequest['decision'] = 'allow',
): Promise<SignImageOutcome> {
  const { purpose, signer } = firstSigner();
  // No other format knows a post-quantum key.
  const wanted = purpose === 'signing' ? formats() : formats().slice(0, 1);
  return signInFormats({ ...ports(), signer, registry }, { subject, decision }, wanted, services());
}

const signing = route({
  on: gateDecided,
  // One signature per image, key and format, whatever number of verdicts allowed it.
  key: ({ subject }) => ({ subject: locationKey(subject), stage: 'sign', version: firstSigner().resource }),
  perform: async ({ subject, decision }) => {
    const outcome = await signAt(subject, await registries().open(subject.registry), decision);
    if (outcome.kind === 'signed') return [imageSignedDraft(subject, outcome.signature)];
    logger.info(`${locationKey(subject)} is not signed: ${outcome.reason}`);
    return outcome.reason === 'image-gone' ? undefined : [];
  },
});

const stage = once(stagePorts);

/** What Lading copied with fewer platforms is signed where it is, as the original was: no other proof is of its digest. */
const signingDerived = route({
  on: imageReplicated,
  key: ({ target, derived, subject }) => ({
    subject: locationKey({ ...target, digest: derived ?? subject.digest }),
    stage: 'sign-derived',
    version: firstSigner().resource,
  }),
  async perform({ subject, target, derived }) {
    if (derived === undefined) return [];
    // Rules may copy what was not allowed; such a copy is not vouched for.
    const decision = lastDecision(await stage().ledger.list(locationKey(subject)));
    if (decision !== 'allow') return [];
    const at = { ...target, digest: derived };
    const [source, registry] = await Promise.all([registries().open(subject.registry), registries().open(at.registry)]);
    const found = await checkDerivation({ source, target: registry }, subject, at);
    if (found === 'not-derived')
      throw new LadingError('derivation-false', `${locationKey(at)} is not made of ${subject.digest}`);
    if (found === 'derived') await signAt(at, registry);
    return [];
  },
});

export const handler = stageHandler(stage, [signing, signingDerived]);
