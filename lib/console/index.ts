export { advisoryStatus } from './advisory-status.ts';
export { createConsole } from './app.ts';
export type {
  Activity,
  ActivityFeed,
  AdvisoryOverview,
  AdvisoryStatus,
  ConsolePorts,
  FindingView,
  KeyReader,
  PlanPreview,
  ReportReader,
} from './ports.ts';
export type { SbomDesk } from './sbom-desk.ts';
export type { SecurityDesk } from './security-desk.ts';
export type { StorageDesk } from './storage-desk.ts';
