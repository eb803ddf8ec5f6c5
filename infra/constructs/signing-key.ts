import { Alias, Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface SigningKeyProps {
  readonly aliasName: string;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The key that signs images: ECDSA on P-256, what cosign and Notary Project verify. It never leaves KMS, and KMS does
 * not rotate such keys: another key is another alias target, while old signatures go on being verified with the old.
 */
export class SigningKey extends Construct {
  readonly key: Key;
  readonly alias: Alias;

  constructor(scope: Construct, id: string, props: SigningKeyProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Signs the images that the gate allowed',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: props.removalPolicy,
      pendingWindow: Duration.days(30),
    });
    this.alias = new Alias(this, 'Alias', { aliasName: props.aliasName, targetKey: this.key });
  }
}
