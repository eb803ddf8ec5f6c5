export { handOver } from './hand-over.ts';
export type { BeginResult, WorkKey, WorkRecord, WorkState } from './model.ts';
export type { TaskRunner, WorkLedger } from './ports.ts';
export { runStage, type StagePorts, type StageResult, type StageWork } from './run-stage.ts';
