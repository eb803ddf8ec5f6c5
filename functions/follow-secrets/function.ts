import { defineFunction } from '../_pipe/function.ts';

export const followSecrets = defineFunction({
  name: 'follow-secrets',
  description: 'Notes that a secret or parameter with credentials was changed, so that it is read anew',
  trigger: {
    kind: 'events',
    bus: 'default',
    pattern: {
      source: ['aws.secretsmanager', 'aws.ssm'],
      'detail-type': ['AWS API Call via CloudTrail', 'AWS Service Event via CloudTrail', 'Parameter Store Change'],
      detail: {
        $or: [
          { eventName: ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'RotationSucceeded'] },
          { operation: ['Create', 'Update'] },
        ],
      },
    },
    batchSize: 10,
    maxConcurrency: 2,
  },
  onlyWith: 'stored credentials',
  memoryMb: 256,
  timeoutSeconds: 30,
  uses: [{ table: 'credentials', access: 'write' }, { setting: 'registries' }],
});
