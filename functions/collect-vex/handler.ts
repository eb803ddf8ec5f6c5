import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { compileGlobs } from '../../lib/core/glob.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { draftEvent, type EventDraft, gateInputsChanged, imageCataloged } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { tagsOf } from '../../lib/inventory/index.ts';
import { policyConfigSchema } from '../../lib/policy/index.ts';
import { parseVerificationKey } from '../../lib/signing/index.ts';
import { dynamoVexStore } from '../../lib/vex/adapters/dynamo-vex-store.ts';
import { collectVex } from '../../lib/vex/collect-vex.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { setting, stagePorts, table } from '../_pipe/wiring.ts';

const vex = once(() => dynamoVexStore(table('verdicts')));
const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));
const issuers = once(() =>
  setting('policy', policyConfigSchema).vexIssuers.map(({ name, publicKey, repositories }) => ({
    name,
    key: parseVerificationKey(publicKey),
    covers: compileGlobs(repositories),
  })),
);

export const handler = stageHandler(once(stagePorts), [
  route({
    on: imageCataloged,
    key: ({ subject }) => ({ subject: locationKey(subject), stage: 'collect-vex', version: '1' }),
    async perform({ subject, referrerOf }): Promise<readonly EventDraft[]> {
      if (referrerOf === undefined) return [];
      const { registry, repository, digest: referrer } = subject;
      const trusted = issuers().filter(({ covers }) => covers(`${registry}/${repository}`));
      if (trusted.length === 0) return [];
      const ports = { registry: await registries().open(registry), vex: vex(), clock: systemClock };
      const collected = await collectVex(ports, { registry, repository, referrer, image: referrerOf }, trusted);
      if (collected.kind === 'left') {
        logger.info(`the attestation ${referrer} is left: ${collected.why}`);
        return [];
      }
      const image = await catalog().find({ registry, repository, digest: referrerOf });
      // An image that is not catalogued yet is decided upon later, and then with what was just taken in.
      if (image === undefined) return [];
      const tags = [...(await tagsOf(catalog(), image))];
      const about = { registry, repository, digest: referrerOf, mediaType: image.mediaType, tags };
      const detail = `VEX ${collected.record.origin.document.slice(0, 200)}`;
      return [draftEvent(gateInputsChanged, { subject: about, cause: 'vex', detail })];
    },
  }),
]);
