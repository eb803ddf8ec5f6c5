export { type RetentionConfig, type RetentionPolicy, retentionConfigSchema } from './config.ts';
export { type Dialect, type DialectName, dialects, type Reading, type Writing } from './dialects/index.ts';
export { type ExpirePorts, type ExpireResult, expireGraph } from './expire-graph.ts';
export { type ExpiringGraph, type Lease, type Pulls, type RetentionPlan, retentionPlanSchema } from './model.ts';
export { type PlanPorts, planRegistry, recordPlans } from './plan-registry.ts';
export { planRetention, type RetentionInputs } from './plan-retention.ts';
export type { LeaseStore, PlanLog, UsageStore } from './ports.ts';
export { recordUsage, type UsagePorts } from './record-usage.ts';
