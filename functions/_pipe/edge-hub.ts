import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import type { EdgeConfig, HubPorts } from '../../lib/edge/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { edgeConfig } from './edge-ports.ts';
import { once } from './once.ts';
import { table } from './wiring.ts';

/** The registry that sites are served from: infra fills in the first source. */
export const hubConfig = once((): EdgeConfig & { readonly registry: string } => {
  const { registry, ...config } = edgeConfig();
  if (registry === undefined) throw new LadingError('registry-unknown', 'there is no registry to serve sites from');
  return { ...config, registry };
});

/** What is needed to know the images of the hub. */
export const hubPorts = once(
  (): HubPorts => ({
    catalog: dynamoCatalog(table('catalog'), systemClock),
    ledger: dynamoLedger(table('work'), systemClock),
    usage: dynamoRetention(table('retention'), systemClock),
    verdicts: dynamoVerdictBoard(table('signatures')),
  }),
);
