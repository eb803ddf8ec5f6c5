import { defineFunction } from '../_pipe/function.ts';

export const recordProvenance = defineFunction({
  name: 'record-provenance',
  description: 'Keeps how images were built that CodeBuild pushed: the build and the push meet by the id of the build',
  trigger: {
    kind: 'events',
    bus: 'default',
    pattern: {
      $or: [
        {
          source: ['aws.codebuild'],
          'detail-type': ['CodeBuild Build State Change'],
          detail: { 'build-status': ['SUCCEEDED'] },
        },
        {
          source: ['aws.ecr'],
          'detail-type': ['AWS API Call via CloudTrail'],
          detail: { eventSource: ['ecr.amazonaws.com'], eventName: ['PutImage'] },
        },
      ],
    },
    batchSize: 10,
    maxConcurrency: 2,
  },
  memoryMb: 256,
  timeoutSeconds: 30,
  uses: [
    { table: 'signatures', access: 'read-write' },
    { bucket: 'documents', prefix: 'attestations/', access: 'read-write' },
    { setting: 'provenance' },
    { bus: 'lading' },
  ],
});
