import type { FunctionDeclaration } from './function.ts';

export const replicationUses: FunctionDeclaration['uses'] = [
  { table: 'work', access: 'read-write' },
  { table: 'replicas', access: 'read-write' },
  { table: 'catalog', access: 'read' },
  // Whether a copy that is to be taken away runs somewhere.
  { table: 'retention', access: 'read-write' },
  { registry: 'push' },
  { registry: 'delete' },
  { setting: 'registries' },
  { setting: 'replication' },
  { bus: 'lading' },
];
