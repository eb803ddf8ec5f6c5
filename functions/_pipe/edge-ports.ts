import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { dynamoEdge } from '../../lib/edge/adapters/dynamo-edge.ts';
import { type EdgeConfig, edgeConfigSchema, type HubPorts } from '../../lib/edge/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import { trustedKeys } from '../../lib/keys/index.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { once } from './once.ts';
import { documents, setting, table } from './wiring.ts';

export const edgeConfig = once((): EdgeConfig => setting('edge', edgeConfigSchema));

/** The registry that sites are served from: infra fills in the first source. */
export const hubConfig = once((): EdgeConfig & { readonly registry: string } => {
  const { registry, ...config } = edgeConfig();
  if (registry === undefined) throw new LadingError('registry-unknown', 'there is no registry to serve sites from');
  return { ...config, registry };
});

export const edgeStore = once(() => dynamoEdge(table('replicas'), systemClock));

/** What is needed to take a report in. */
export const reportPorts = once(() => ({
  desired: edgeStore(),
  reports: edgeStore(),
  documents: documents('documents'),
  clock: systemClock,
  trustedKeys: async () => trustedKeys(await dynamoKeys(table('signatures')).all()),
}));

/** What is needed to know the images of the hub. */
export const hubPorts = once(
  (): HubPorts => ({
    catalog: dynamoCatalog(table('catalog'), systemClock),
    ledger: dynamoLedger(table('work'), systemClock),
    usage: dynamoRetention(table('retention'), systemClock),
    verdicts: dynamoVerdictBoard(table('signatures')),
  }),
);
