import type { CheckpointStore, UploadCheckpoint } from '../transfer-limits.ts';

/** For one process: what a retry in it goes on with. */
export function memoryCheckpoints(): CheckpointStore {
  const checkpoints = new Map<string, UploadCheckpoint>();
  return {
    load: async (upload) => checkpoints.get(upload),
    save: async (upload, checkpoint) => void checkpoints.set(upload, checkpoint),
    forget: async (upload) => void checkpoints.delete(upload),
  };
}
