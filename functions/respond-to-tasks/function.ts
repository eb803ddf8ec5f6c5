import { defineFunction } from '../_pipe/function.ts';

export const respondToTasks = defineFunction({
  name: 'respond-to-tasks',
  description: 'Looks at what ECS starts: tells of images that are not trusted, and stops their tasks where it may',
  trigger: {
    kind: 'events',
    bus: 'default',
    pattern: {
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: { lastStatus: ['PENDING', 'ACTIVATING', 'RUNNING'] },
    },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 512,
  timeoutSeconds: 30,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'signatures', access: 'read' },
    { table: 'replicas', access: 'read' },
    { tasks: 'stop' },
    { registry: 'pull', onlyWith: 'trusted signatures' },
    { revocations: 'aws-signer' },
    { setting: 'registries' },
    { setting: 'trust' },
    { setting: 'admission' },
    { bus: 'lading' },
  ],
});
