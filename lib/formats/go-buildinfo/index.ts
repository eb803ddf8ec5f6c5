export { type GoBuildInfo, type GoModule, parseModuleInfo } from './module-info.ts';
export { findInlineBuildInfo, readGoBuildInfo } from './read-build-info.ts';
