export { describeImage, listImages, type OverviewPorts } from './describe-image.ts';
export { findImage } from './find-image.ts';
export type { ImageOverview, StageState, StageStatus } from './model.ts';
