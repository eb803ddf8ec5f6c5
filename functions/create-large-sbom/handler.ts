import { runAsTask } from '../_pipe/run-as-task.ts';
import { sbomStage } from '../_pipe/sbom-stage.ts';

export const handler = sbomStage();

/** The same as a container task, for what takes longer than a function may. */
export const task = runAsTask(handler);
