export { ensureBlob } from './ensure-blob.ts';
export { registryError } from './errors.ts';
export { type ImageSource, parseSource } from './parse-source.ts';
export type * from './ports.ts';
export { cosignTags, referrersTag, subjectOfTag } from './referrers-tag.ts';
export { collectContent, tapContent } from './verify-content.ts';
export { type ClosedGraph, type GraphNode, walkClosedGraph } from './walk-graph.ts';
