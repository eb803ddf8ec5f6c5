import { defineFunction } from '../_pipe/function.ts';

export const catalogImage = defineFunction({
  name: 'catalog-image',
  description: 'Reads the manifest of a pushed image and enters it, its tags and its relations in the catalogue',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: { source: ['lading.intake'], 'detail-type': ['Image Pushed', 'Image Deleted', 'Image Storage Changed'] },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'catalog', access: 'read-write' },
    { table: 'replicas', access: 'read' },
    { registry: 'pull' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
