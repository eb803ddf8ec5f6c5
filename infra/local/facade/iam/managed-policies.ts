const allow = (...Action: string[]): unknown => ({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];

/** What AWS's own policies grant that functions usually have (AWS managed policy reference). */
const POLICIES: ReadonlyMap<string, unknown> = new Map([
  ['AWSLambdaBasicExecutionRole', allow(...LOGS)],
  [
    'AWSLambdaSQSQueueExecutionRole',
    allow('sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', ...LOGS),
  ],
  ['AWSXRayDaemonWriteAccess', allow('xray:PutTraceSegments', 'xray:PutTelemetryRecords')],
]);

/** By ARN or bare name. */
export const managedPolicy = (arn: string): unknown => POLICIES.get(arn.split('/').at(-1) ?? arn);
