import { locationKey } from '../../lib/core/image-reference.ts';
import { sbomCreated } from '../../lib/events/index.ts';
import { MATCHER, matchImage } from '../../lib/vulnerabilities/index.ts';
import { once } from '../_pipe/once.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { vulnerabilityPorts } from '../_pipe/vulnerability-ports.ts';
import { stagePorts } from '../_pipe/wiring.ts';

const matching = route({
  on: sbomCreated,
  // Another SBOM of the image (of a newer generator) is other work.
  key: ({ subject, sbom }) => ({
    subject: locationKey(subject),
    stage: 'match',
    version: `${MATCHER} ${sbom.generator}`,
  }),
  perform: async ({ subject, sbom }) => {
    const ports = vulnerabilityPorts();
    return matchImage(ports, { subject, sbom, packages: await ports.packages.packagesOf(sbom) });
  },
});

export const handler = stageHandler(once(stagePorts), [matching]);
