import { systemClock } from '../../lib/core/clock.ts';
import { dynamoEdge } from '../../lib/edge/adapters/dynamo-edge.ts';
import { type EdgeConfig, edgeConfigSchema } from '../../lib/edge/index.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import { trustedKeys } from '../../lib/keys/index.ts';
import { once } from './once.ts';
import { documents, setting, table } from './wiring.ts';

export const edgeConfig = once((): EdgeConfig => setting('edge', edgeConfigSchema));

export const edgeStore = once(() => dynamoEdge(table('replicas'), systemClock));

/** What is needed to take a report in. */
export const reportPorts = once(() => ({
  desired: edgeStore(),
  reports: edgeStore(),
  documents: documents('documents'),
  clock: systemClock,
  trustedKeys: async () => trustedKeys(await dynamoKeys(table('signatures')).all()),
}));
