export { type ArchivePorts, archiveGraph, archiveRepository } from './archive-graph.ts';
export { type BringBackPorts, bringBack } from './bring-back.ts';
export { type CarryOutPorts, carryOutPlan, type PlanStep } from './carry-out-plan.ts';
export { type RetentionConfig, type RetentionPolicy, retentionConfigSchema } from './config.ts';
export { type Dialect, type DialectName, dialects, type Reading, type Writing } from './dialects/index.ts';
export { diffPlans, type PlanDifference } from './diff-plans.ts';
export { keepArchive } from './drop-archived.ts';
export { type Explanation, explainImage } from './explain-image.ts';
export { blobsOfEntry } from './freed-bytes.ts';
export {
  type ExpiringGraph,
  type Hold,
  holdSchema,
  type Lease,
  type Pulls,
  type Quarantine,
  quarantineSchema,
  type RetentionPlan,
  retentionPlanSchema,
} from './model.ts';
export { applyNatively, type NativeOutcome } from './native/apply-natively.ts';
export type { NativeRules } from './native/ports.ts';
export { type PlanPorts, planRegistry, recordPlans } from './plan-registry.ts';
export { planRetention, type RetentionInputs } from './plan-retention.ts';
export type {
  CollectorLog,
  HoldStore,
  Judgements,
  LeaseStore,
  PlanLog,
  QuarantineStore,
  RestoreLog,
  RetentionStore,
  UsageStore,
} from './ports.ts';
export { recordUsage, type UsagePorts } from './record-usage.ts';
export { checkRegret } from './replay/check-regret.ts';
export { type EventHistory, type Replay, replaySchema } from './replay/model.ts';
export { type ReplayPorts, replayRetention } from './replay/replay-retention.ts';
export { type RequestRestorePorts, type RestoreAnswer, requestRestore } from './request-restore.ts';
export { parseRestoreRequest, type RestorePorts, type RestoreRequest, restoreImage } from './restore-image.ts';
export { collectAwsUsage } from './usage/collect-aws-usage.ts';
export { type UsageReport, type UsedImage, usageReportSchema } from './usage/model.ts';
export { type ReportPorts, reportUsage } from './usage/report-usage.ts';
export type { ArchivePrices } from './weigh-archive.ts';
