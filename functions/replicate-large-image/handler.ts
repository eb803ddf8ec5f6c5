import { replicationStage } from '../_pipe/replication-stage.ts';
import { runAsTask } from '../_pipe/run-as-task.ts';

export const handler = replicationStage('large');

/** The same as a container task, for what takes longer than a function may. */
export const task = runAsTask(handler);
