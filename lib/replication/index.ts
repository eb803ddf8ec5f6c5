export { createBlobPlaces } from './blob-places.ts';
export { checkDerivation } from './check-derivation.ts';
export { checkReplica } from './check-replica.ts';
export { compareReplica, type TargetView } from './compare-replica.ts';
export { type ReplicationConfig, replicationConfigSchema } from './config.ts';
export { copyGraph } from './copy-graph.ts';
export { deriveIndex } from './derive-index.ts';
export { type ExpectedImage, type ExpectedState, expectedStates } from './expected-state.ts';
export { followSchedules } from './follow-schedules.ts';
export { merkleTree } from './merkle.ts';
export { type PlannedCopy, planCopies } from './plan-copies.ts';
export { planRepairs, planWithdrawals, type SourceDeletions } from './plan-repairs.ts';
export type { ReplicaStates, ReplicaStore } from './ports.ts';
export { type ReplicaState, replicaStateSchema } from './replica-state.ts';
export { replicateImage } from './replicate-image.ts';
export { type CopyRun, replicateToTarget } from './replicate-to-target.ts';
export {
  asksForContent,
  type ImageTarget,
  imageTargets,
  type RuledImage,
  type RuledTarget,
  replicationTargets,
  ruledTargets,
} from './replication-targets.ts';
export { sourceView } from './source-view.ts';
export { type WithdrawPorts, withdrawReplica } from './withdraw-replica.ts';
