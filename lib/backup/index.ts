export { type BackupConfig, backupConfigSchema } from './config.ts';
export { signDrill } from './drill-statement.ts';
export type { Fault, Snapshot, StoredSnapshot } from './model.ts';
export type { SnapshotStore } from './ports.ts';
export { type RestoreReport, type RestoreSelection, restoreSnapshot } from './restore-snapshot.ts';
export { type DrillReport, runDrill } from './run-drill.ts';
export { type BackupPorts, takeSnapshot } from './take-snapshot.ts';
export { backupDraft } from './tell-backup.ts';
