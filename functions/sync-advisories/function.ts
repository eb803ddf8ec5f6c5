import { defineFunction } from '../_pipe/function.ts';

export const syncAdvisories = defineFunction({
  name: 'sync-advisories',
  description: 'Fetches advisories, compiles them into shards, and names the snapshot in force',
  trigger: { kind: 'schedule', setting: 'syncAdvisories' },
  memoryMb: 3008,
  timeoutSeconds: 900,
  uses: [
    { table: 'scans', access: 'read-write' },
    { bucket: 'documents', prefix: 'advisories/', access: 'read-write' },
    { setting: 'advisories' },
    { bus: 'lading' },
  ],
});
