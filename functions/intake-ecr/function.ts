import { ecrEventPattern } from '../../lib/intake/index.ts';
import { defineFunction } from '../_pipe/function.ts';

export const intakeEcr = defineFunction({
  name: 'intake-ecr',
  description: 'Turns events of ECR into image events of the bus',
  trigger: { kind: 'events', bus: 'default', pattern: ecrEventPattern, batchSize: 10, maxConcurrency: 5 },
  memoryMb: 512,
  timeoutSeconds: 30,
  uses: [{ bus: 'lading' }],
});
