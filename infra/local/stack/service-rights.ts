import { LadingError } from '../../../lib/core/errors.ts';
import type { AccessControl } from '../facade/iam/access-control.ts';
import type { LocalFunctions } from '../lambda/local-functions.ts';
import type { FunctionDefinition } from '../template/backends.ts';

/**
 * Checks what AWS itself does with a function's role, and the local stack does without asking: polling its queue,
 * logging, tracing, dead letters. What is missing is kept as a denied call; it also counts as use of the grant.
 *
 * @throws LadingError `permission-missing` for an event source that AWS would refuse to make
 */
export function checkServiceRights(access: AccessControl, functions: LocalFunctions, now: Date): void {
  const may = (fn: FunctionDefinition, action: string, resource: string): boolean =>
    access.check(fn.principal, { action, resource }, new Map(), now).allowed;
  for (const { definition } of functions.all()) {
    const { region, accountId, logGroup, traced, deadLetterArn } = definition;
    const stream = `arn:aws:logs:${region}:${accountId}:log-group:${logGroup}:log-stream:local`;
    for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) may(definition, action, stream);
    if (traced) {
      for (const action of ['xray:PutTraceSegments', 'xray:PutTelemetryRecords']) may(definition, action, '*');
    }
    if (deadLetterArn?.startsWith('arn:aws:sqs:')) may(definition, 'sqs:SendMessage', deadLetterArn);
  }
  for (const { functionArn, queueArn } of functions.eventSources) {
    const { definition } = functions.find(functionArn);
    // "Using Lambda with Amazon SQS", execution role permissions.
    for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']) {
      if (may(definition, action, queueArn)) continue;
      throw new LadingError(
        'permission-missing',
        `the role of ${definition.name} does not allow ${action} on ${queueArn}`,
        {
          hint: 'AWS refuses to make such an event source mapping: grant it in the CDK app',
        },
      );
    }
  }
}
