import { RemovalPolicy } from 'aws-cdk-lib/core';
import { hasPostQuantumKey, type LadingConfig, namePrefix } from './config.ts';
import type { SigningKeyProps } from './constructs/signing-key.ts';

export const removalPolicyOf = (config: LadingConfig): RemovalPolicy =>
  config.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

/** The key of each purpose, the same in the primary region and in those of its replicas. */
export function keysOf(config: LadingConfig): {
  readonly signing: SigningKeyProps;
  /** Where the configuration asks for one. */
  readonly postQuantum: SigningKeyProps | undefined;
} {
  const { keys } = config;
  const prefix = namePrefix(config);
  const shared = { multiRegion: keys.multiRegion, removalPolicy: removalPolicyOf(config) };
  return {
    signing: {
      ...keys.signing,
      ...shared,
      aliasName: `alias/${prefix}-signing`,
      description: 'Signs the images that the gate allowed',
    },
    postQuantum: hasPostQuantumKey(config)
      ? {
          ...keys.postQuantum,
          ...shared,
          aliasName: `alias/${prefix}-post-quantum`,
          description: 'Signs the same with ML-DSA, which holds against quantum computers',
        }
      : undefined,
  };
}
