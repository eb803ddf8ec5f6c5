import { dynamoHealth } from '../../lib/availability/adapters/dynamo-health.ts';
import { recordedPlaces } from '../../lib/availability/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { replicationConfigSchema } from '../../lib/replication/index.ts';
import { once } from './once.ts';
import { registries } from './registries.ts';
import { setting, table } from './wiring.ts';

/** What finds the registry to pull an image from. */
export const resolverPorts = once(() => ({
  places: recordedPlaces(dynamoReplicas(table('replicas')), setting('replication', replicationConfigSchema)),
  health: dynamoHealth(table('replicas')),
  clock: systemClock,
  open: (registry: string) => registries().open(registry),
}));
