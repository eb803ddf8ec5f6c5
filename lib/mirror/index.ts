export {
  type CacheBudget,
  type CacheDisk,
  createCacheBudget,
  type Reservation,
} from './cache/budget.ts';
export { type CacheLease, type CacheMemory, type CacheStatus, graphKey } from './cache/model.ts';
export { createMirrorCounter, type MirrorCounter, type MirrorCounts } from './counts.ts';
export { type JudgedManifest, type Judgement, judgeImage } from './judge-image.ts';
export type * from './ports.ts';
export { type PulledManifest, type PullManifestPorts, pullManifest } from './pull-manifest.ts';
export { type MirrorRoute, routeRepository } from './route-repository.ts';
export { createSingleFlight, type SingleFlight } from './single-flight.ts';
