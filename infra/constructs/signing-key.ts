import { Alias, Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** How long a key that leaves its stack can still be called back. */
export const pendingWindow = Duration.days(30);

/** The first has the name that it had before there were generations. */
export const keyId = (generation: number): string => (generation === 1 ? 'Key' : `Key${generation}`);

export const describeGeneration = (description: string, generation: number): string =>
  generation === 1 ? description : `${description} (generation ${generation})`;

/** The current one first. */
const generationsOf = ({ generation, kept }: Pick<SigningKeyProps, 'generation' | 'kept'>): readonly number[] =>
  Array.from({ length: Math.min(kept, generation - 1) + 1 }, (_, i) => generation - i);

/** Those that other regions can have replicas of, the current one first. */
export const multiRegionGenerationsOf = (props: SigningKeyProps): readonly number[] =>
  props.multiRegion ? generationsOf(props).filter((generation) => generation >= props.multiRegionFrom) : [];

export interface SigningKeyProps {
  readonly aliasName: string;
  readonly description: string;
  /** As KMS names it. */
  readonly spec: `${'ECC_NIST_P' | 'ML_DSA_'}${number}`;
  /** The key that signs now: the alias points to it. KMS rotates no such keys, so another key is the rotation. */
  readonly generation: number;
  /** How many generations before it stay. */
  readonly kept: number;
  /** Makes keys that other regions can have replicas of. */
  readonly multiRegion: boolean;
  /** The first generation that is such a key. */
  readonly multiRegionFrom: number;
  /** Ids of multi-region keys by generation, once they are known: replicas need them. */
  readonly multiRegionIds: Readonly<Record<string, string>>;
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
  /** Of multi-region keys: their ids by generation, as JSON. */
  readonly multiRegionIds: string | undefined;

  constructor(scope: Construct, id: string, props: SigningKeyProps) {
    super(scope, id);
    const multiRegion = multiRegionGenerationsOf(props);
    const make = (generation: number): Key =>
      new Key(this, keyId(generation), {
        description: describeGeneration(props.description, generation),
        keySpec: KeySpec[props.spec as keyof typeof KeySpec],
        keyUsage: KeyUsage.SIGN_VERIFY,
        removalPolicy: props.removalPolicy,
        pendingWindow,
        // Only where it is asked for: KMS changes no key that is there into one.
        ...(multiRegion.includes(generation) ? { multiRegion: true } : {}),
      });
    this.current = make(props.generation);
    const [, ...earlier] = generationsOf(props);
    this.keys = [this.current, ...earlier.map(make)];
    // What `multiRegionIds` of the configuration takes, as it takes it.
    const ids = multiRegion.map((generation, i) => `"${generation}":"${this.keys[i]?.keyId}"`);
    this.multiRegionIds = ids.length > 0 ? `{${ids.join(',')}}` : undefined;
    this.alias = new Alias(this, 'Alias', { aliasName: props.aliasName, targetKey: this.current });
  }
}
