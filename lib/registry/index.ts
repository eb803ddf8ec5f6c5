export { changedSources } from './credentials/changed-sources.ts';
export {
  type AccessReport,
  type Aspect,
  checkedAspects,
  checkRegistry,
  type Verdict,
} from './credentials/check/check-registry.ts';
export type { RegistryProbe } from './credentials/check/ports.ts';
export { rotateCredentials } from './credentials/rotation/rotate-credentials.ts';
export { rotationDraft } from './credentials/rotation/rotation-draft.ts';
export { ensureBlob } from './ensure-blob.ts';
export { registryError } from './errors.ts';
export { inChunks } from './in-chunks.ts';
export { namedBlobs } from './named-blobs.ts';
export { type ImageSource, parseSource } from './parse-source.ts';
export type * from './ports.ts';
export { createKnownManifests, type KnownManifests } from './read-manifest.ts';
export { cosignTags, referrersTag, subjectOfTag } from './referrers-tag.ts';
export { collectContent, tapContent, verifyContent } from './verify-content.ts';
export { type ClosedGraph, type GraphNode, MOST_REFERRERS, walkClosedGraph } from './walk-graph.ts';
