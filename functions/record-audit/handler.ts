import { dynamoAudit } from '../../lib/audit/adapters/dynamo-audit.ts';
import { createAuditLog, recordEvents } from '../../lib/audit/index.ts';
import { dynamoClient } from '../../lib/aws/clients.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { once } from '../_pipe/once.ts';
import { wholeBatchHandler } from '../_pipe/whole-batch-handler.ts';
import { documents, tableName } from '../_pipe/wiring.ts';

const ports = once(() => ({
  log: createAuditLog({ ...dynamoAudit(dynamoClient(), tableName('audit')), clock: systemClock }),
  evidence: documents('evidence'),
}));

export const handler = wholeBatchHandler(async (events) => {
  await recordEvents(ports(), events);
});
