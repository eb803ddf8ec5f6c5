import { defineFunction } from '../_pipe/function.ts';

export const receiveProvenance = defineFunction({
  name: 'receive-provenance',
  description: 'Takes in what CI says of an image that it built, with the identity that GitHub or GitLab signed',
  trigger: { kind: 'http', routes: [{ method: 'POST', path: '/provenance', auth: 'signed' }] },
  memoryMb: 512,
  timeoutSeconds: 15,
  uses: [
    { table: 'signatures', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { bucket: 'documents', prefix: 'attestations/', access: 'write' },
    { setting: 'provenance' },
    { bus: 'lading' },
  ],
});
