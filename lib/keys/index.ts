export type { KeyPurpose, KeyRecord } from './model.ts';
export type { KeyRegister } from './ports.ts';
export { registeredSigner } from './register-signer.ts';
export { revokeKey } from './revoke-key.ts';
export { trustedKeys } from './trusted-keys.ts';
