export { type CheckPorts, type CheckRequest, checkReplica } from './check-replica.ts';
export { type ReplicationConfig, replicationConfigSchema } from './config.ts';
export {
  type DivergenceOptions,
  type DivergencePorts,
  divergedReplicas,
  type HeldImages,
} from './diverged-replicas.ts';
export type {
  ReplicaCheck,
  ReplicaRecord,
  ReplicationRequest,
  ReplicationResult,
  RepositoryAddress,
} from './model.ts';
export type { ReplicaReader, ReplicaStore, ReplicaWriter } from './ports.ts';
export { type ReplicationPorts, replicateImage } from './replicate-image.ts';
export { type ReplicationTarget, replicationTargets } from './replication-targets.ts';
