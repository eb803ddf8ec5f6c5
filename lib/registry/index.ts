export { addToReferrersTag, parseReferrer, referrerDescriptor } from './attach-referrer.ts';
export { ensureBlob } from './ensure-blob.ts';
export { type RegistryErrorCode, registryError } from './errors.ts';
export { DEFAULT_REFERRER_LIMIT, listReferrersByTag } from './list-referrers-by-tag.ts';
export { type ImageSource, parseSource } from './parse-source.ts';
export type * from './ports.ts';
export { cosignTags, referrersTag, subjectOfTag } from './referrers-tag.ts';
export { collectContent, verifyContent } from './verify-content.ts';
export { type ClosedGraph, type GraphNode, type GraphRole, type WalkOptions, walkClosedGraph } from './walk-graph.ts';
