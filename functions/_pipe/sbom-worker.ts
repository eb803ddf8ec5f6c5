import type { FunctionDeclaration } from './function.ts';

/** Bytes of an image as stored, from which on it goes to the larger worker: a minute of reading at 35 MB/s. */
export const LARGE_IMAGE_BYTES = 2 * 1024 ** 3;

/** Images cataloged, by their size: each goes to one of the two workers, and the size is told before anything is read. */
export const sbomTrigger = (
  size: 'usual' | 'large',
  most: { readonly batchSize: number; readonly maxConcurrency: number },
) =>
  ({
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.inventory'],
      'detail-type': ['Image Cataloged'],
      detail: {
        data: {
          artifactClass: ['image', 'index', 'model', 'wasm'],
          replicaOf: [{ exists: false }],
          sizeBytes: [{ numeric: [size === 'large' ? '>' : '<=', LARGE_IMAGE_BYTES] }],
        },
      },
    },
    ...most,
  }) as const satisfies FunctionDeclaration['trigger'];

export const sbomUses: FunctionDeclaration['uses'] = [
  { table: 'work', access: 'read-write' },
  // Which known image the lowest layers are.
  { table: 'catalog', access: 'read' },
  { bucket: 'documents', prefix: 'layers/', access: 'read-write' },
  { bucket: 'documents', prefix: 'sboms/', access: 'write' },
  { registry: 'pull' },
  { setting: 'registries' },
  { bus: 'lading' },
];
