export { type AddedReport, type AddReportPorts, addReport } from './add-report.ts';
export { type Agreement, type Ballot, compareVotes } from './compare-votes.ts';
export { type ScannerConfig, voterOfKind } from './config.ts';
export { clairDriver } from './drivers/clair.ts';
export { ecrBasicDriver } from './drivers/ecr-basic.ts';
export { harborDriver } from './drivers/harbor.ts';
export { inspectorDriver } from './drivers/inspector.ts';
export { taskDriver } from './drivers/task-driver.ts';
export { trivyServerDriver } from './drivers/trivy-server.ts';
export { scannedImage, scannerOfTask } from './ecr-scan-event.ts';
export {
  type ScannerReport,
  type Vote,
  type VotedFinding,
  voterOf,
  voteSchema,
} from './model.ts';
export type { CallApi, LayerLocator, VoteStore } from './ports.ts';
export { readReport, readReportValue } from './read-report.ts';
export { type AdvancePorts, advanceRun } from './runs/advance-run.ts';
export { advanceRuns } from './runs/advance-runs.ts';
export { isDue, type ScannerRun } from './runs/model.ts';
export type { RunStore, SbomIntake, ScannerDriver } from './runs/ports.ts';
export { type RunRequest, requestRuns, scansOf } from './runs/request-runs.ts';
