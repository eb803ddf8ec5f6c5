import { Alias, Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface SigningKeyProps {
  readonly aliasName: string;
  readonly description: string;
  /** As KMS names it. */
  readonly spec: `${'ECC_NIST_P' | 'ML_DSA_'}${number}`;
  /** The key that signs now: the alias points to it. KMS rotates no such keys, so another key is the rotation. */
  readonly generation: number;
  /** How many generations before it stay. */
  readonly kept: number;
  readonly multiRegion: boolean;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The key of one purpose, under an alias, with its generations: the current one signs, those before it are kept while
 * their signatures are about. None of them ever leaves KMS. A generation that is no longer kept leaves the stack, and
 * stays in the account unless the removal policy says otherwise.
 */
export class SigningKey extends Construct {
  /** The current one first. */
  readonly keys: readonly Key[];
  readonly current: Key;
  readonly alias: Alias;

  constructor(scope: Construct, id: string, props: SigningKeyProps) {
    super(scope, id);
    const { generation, kept } = props;
    const make = (number: number): Key =>
      // The first has the name that it had before there were generations.
      new Key(this, number === 1 ? 'Key' : `Key${number}`, {
        description: number === 1 ? props.description : `${props.description} (generation ${number})`,
        keySpec: KeySpec[props.spec as keyof typeof KeySpec],
        keyUsage: KeyUsage.SIGN_VERIFY,
        removalPolicy: props.removalPolicy,
        pendingWindow: Duration.days(30),
        // Only where it is asked for: a property more would be another key.
        ...(props.multiRegion ? { multiRegion: true } : {}),
      });
    this.current = make(generation);
    const earlier = Array.from({ length: Math.min(kept, generation - 1) }, (_, i) => make(generation - 1 - i));
    this.keys = [this.current, ...earlier];
    this.alias = new Alias(this, 'Alias', { aliasName: props.aliasName, targetKey: this.current });
  }
}
