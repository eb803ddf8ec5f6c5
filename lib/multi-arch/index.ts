export { type AssembledIndex, assembleIndex } from './assemble-index.ts';
export { checkIndex, type IndexCheck } from './check-index.ts';
export { comparePlatforms, type ParityReport, type PlatformContent } from './compare-platforms.ts';
