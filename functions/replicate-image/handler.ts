import { replicationStage } from '../_pipe/replication-stage.ts';

export const handler = replicationStage('usual');
