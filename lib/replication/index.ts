export { createBlobPlaces } from './blob-places.ts';
export { checkReplica } from './check-replica.ts';
export { replicationConfigSchema } from './config.ts';
export { copyGraph } from './copy-graph.ts';
export { divergedReplicas } from './diverged-replicas.ts';
export type { ReplicaStore } from './ports.ts';
export { replicateImage } from './replicate-image.ts';
export { replicateToTargets } from './replicate-to-targets.ts';
export { replicationTargets } from './replication-targets.ts';
