import { sbomStage } from '../_pipe/sbom-stage.ts';

export const handler = sbomStage();
