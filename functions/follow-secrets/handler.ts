import { dynamoSecretChanges } from '../../lib/registry/adapters/credentials/dynamo-secret-changes.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import { changedSources } from '../../lib/registry/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { setting, table } from '../_pipe/wiring.ts';

const config = once(() => setting('registries', registriesConfigSchema));
const changes = once(() => dynamoSecretChanges(table('credentials')));

export const handler = eventsHandler(async (event) => {
  for (const source of changedSources(event, config())) await changes().note(source, event.id);
});
