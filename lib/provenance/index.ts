export { fromCodeBuild, readCodeBuild, readRecordedPush } from './code-build.ts';
export { type ProvenanceConfig, provenanceConfigSchema } from './config.ts';
export { levelName } from './derive-level.ts';
export { findBuildkitProvenance } from './find-buildkit.ts';
export { findSignedProvenance, provenanceTrust } from './find-signed.ts';
export type { PusherCheck } from './model.ts';
export { notePush } from './note-push.ts';
export { MAX_CI_BYTES, type ReceivePorts, receiveFromCi } from './receive-from-ci.ts';
export { type RecordPorts, recordProvenance } from './record-provenance.ts';
