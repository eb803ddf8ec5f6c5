export { canonicalOlpc } from './canonical.ts';
export { type TufDialect, type TufKey, tufKeyVerifies } from './keys.ts';
export {
  type Delegation,
  parseTufMetadata,
  type TufMeta,
  type TufMetadata,
  type TufRole,
  type TufTarget,
} from './metadata.ts';
