import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { compileGlobs } from '../../lib/core/glob.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import {
  draftEvent,
  type EventBridgeEvent,
  type EventDraft,
  gateInputsChanged,
  imageCataloged,
  readEvent,
} from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { tagsOf } from '../../lib/inventory/index.ts';
import { policyConfigSchema } from '../../lib/policy/index.ts';
import { parseVerificationKey } from '../../lib/signing/index.ts';
import { dynamoVexStore } from '../../lib/vex/adapters/dynamo-vex-store.ts';
import { collectVex, type TrustedIssuer } from '../../lib/vex/collect-vex.ts';
import { runStage } from '../../lib/work/index.ts';
import type { Delivery } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { setting, stagePorts, table } from '../_pipe/wiring.ts';

const stage = once(stagePorts);
const vex = once(() => dynamoVexStore(table('verdicts')));
const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));
const issuers = once(() =>
  setting('policy', policyConfigSchema).vexIssuers.map(({ name, publicKey, repositories }) => ({
    name,
    key: parseVerificationKey(publicKey),
    covers: compileGlobs(repositories),
  })),
);

/** Takes in a VEX attestation, if it is one by somebody who is trusted for the repository. */
export async function collectAttestation(event: EventBridgeEvent, delivery: Delivery): Promise<void> {
  const { metadata, data } = readEvent(imageCataloged, event).detail;
  const { subject, referrerOf } = data;
  const trusted = issuers().filter(({ covers }) => covers(`${subject.registry}/${subject.repository}`));
  // Most attestations are our own, and mostly nobody's VEX is trusted: then there is no work to keep a record of.
  if (referrerOf === undefined || trusted.length === 0) return;
  await runStage(stage(), {
    key: { subject: locationKey(subject), stage: 'collect-vex', version: '1' },
    ...delivery,
    cause: metadata,
    perform: () => collect(subject, referrerOf, trusted),
  });
}

async function collect(
  { registry, repository, digest: referrer }: ImageLocation,
  of: Digest,
  trusted: readonly TrustedIssuer[],
): Promise<readonly EventDraft[]> {
  const ports = { registry: await registries().open(registry), vex: vex(), clock: systemClock };
  const collected = await collectVex(ports, { registry, repository, referrer, image: of }, trusted);
  if (collected.kind === 'left') {
    logger.info(`the attestation ${referrer} is left: ${collected.why}`);
    return [];
  }
  const image = await catalog().find({ registry, repository, digest: of });
  // An image that is not catalogued yet is decided upon later, and then with what was just taken in.
  if (image === undefined) return [];
  const tags = [...(await tagsOf(catalog(), image))];
  const about = { registry, repository, digest: of, mediaType: image.mediaType, tags };
  const detail = `VEX ${collected.record.origin.document.slice(0, 200)}`;
  return [draftEvent(gateInputsChanged, { subject: about, cause: 'vex', detail })];
}
