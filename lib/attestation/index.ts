export { algorithmUseAt } from './algorithm-use.ts';
export { type AttestPorts, attestImage, signersFor } from './attest-image.ts';
export { checkVerdict, type DistrustReason, type TrustDecision } from './check-verdict.ts';
export { type AlgorithmUse, type TrustConfig, trustConfigSchema } from './config.ts';
export {
  type CryptoEntry,
  type Material,
  predicateTypes,
  type StandingVerdict,
} from './model.ts';
export type { CryptoInventory, MaterialStore, StatementStore, VerdictBoard } from './ports.ts';
export { lapseVerdict, type RenewPorts, renewVerdict } from './renew-verdict.ts';
export {
  type CampaignProgress,
  type CryptoSummary,
  type RequiredKey,
  requestSignatures,
  summariseCrypto,
} from './request-signatures.ts';
