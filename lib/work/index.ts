export type { BeginResult, WorkKey, WorkRecord, WorkState } from './model.ts';
export type { WorkLedger } from './ports.ts';
export { runStage, type StagePorts, type StageResult, type StageWork } from './run-stage.ts';
