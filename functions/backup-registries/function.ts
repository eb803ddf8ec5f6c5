import { defineFunction } from '../_pipe/function.ts';

export const backupRegistries = defineFunction({
  name: 'backup-registries',
  description: 'Copies what is new in the registries to the backup, and writes down what they hold',
  trigger: { kind: 'schedule', setting: 'backupRegistries' },
  onlyWith: 'backups',
  memoryMb: 1024,
  timeoutSeconds: 900,
  uses: [
    { table: 'catalog', access: 'read' },
    { bucket: 'backup', prefix: 'images/', access: 'read-write' },
    { bucket: 'backup', prefix: 'snapshots/', access: 'write' },
    { registry: 'list' },
    { setting: 'registries' },
    { setting: 'backup' },
    { bus: 'lading' },
  ],
});
