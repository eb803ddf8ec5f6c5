export { sbomReceivedDraft } from './compare-with-own.ts';
export { discoverSboms } from './discover-sboms.ts';
export { type ForgetPorts, forgetSboms, type SbomRemover } from './forget-sboms.ts';
export { type JudgePorts, judgeImage } from './judge-image.ts';
export { type ExternalSbom, externalSbomSchema, type FoundSbom } from './model.ts';
export type { ExternalSbomStore, OwnSboms, QualityStore } from './ports.ts';
export { type ReviewPorts, reviewSboms, reviewUpload } from './review-sboms.ts';
export { takeInSbom } from './take-in-sbom.ts';
export { toTrust } from './to-trust.ts';
