import { logger } from '../../lib/aws/telemetry.ts';
import { documentSnapshots } from '../../lib/backup/adapters/document-snapshots.ts';
import { backupConfigSchema, backupDraft, takeSnapshot } from '../../lib/backup/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { compileGlobs } from '../../lib/core/glob.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { listRepositories, untaggedOf } from '../../lib/inventory/index.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { bucketRegistry, documents, publisher, setting, table } from '../_pipe/wiring.ts';

const config = once(() => setting('backup', backupConfigSchema));
const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));
const bus = once(publisher);
const ports = once(() => ({
  vault: bucketRegistry('backup'),
  snapshots: documentSnapshots(documents('backup')),
  clock: systemClock,
}));

export const handler = eventsHandler(async (tick) => {
  const { attempt, end } = createAttempts();
  for (const { registry, repositories } of config().sources) {
    await attempt(`the backup of ${registry}`, async () => {
      const source = await registries().open(registry);
      const untagged = (repository: string) => untaggedOf(catalog(), { registry, repository });
      const names = (await listRepositories(source, catalog())).filter(compileGlobs(repositories));
      const stored = await takeSnapshot({ ...ports(), source, untagged }, names);
      const draft = backupDraft(stored);
      await bus().publish([publishable(draft, { root: tick.id }, systemClock.now())]);
      logger.info(`backed ${registry} up`, { ...(draft.data as object) });
    });
  }
  end();
});
