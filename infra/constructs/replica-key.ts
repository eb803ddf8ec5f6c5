import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnAlias, CfnReplicaKey } from 'aws-cdk-lib/aws-kms';
import { Annotations, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  describeGeneration,
  keyId,
  multiRegionGenerationsOf,
  pendingWindow,
  type SigningKeyProps,
} from './signing-key.ts';

export interface ReplicaKeyProps extends SigningKeyProps {
  /** As the configuration names the key: `signing`. */
  readonly purpose: string;
  readonly primaryRegion: string;
}

/**
 * What SigningKey is in the primary region, for a further one: a replica of each generation whose id is known, under
 * the same alias, which points to the newest of them. A replica has the key id, the material and the rotation of its
 * primary; policy, alias and deletion window are its own, and made alike here (KMS developer guide, "Multi-Region keys").
 */
export class ReplicaKey extends Construct {
  constructor(scope: Construct, id: string, props: ReplicaKeyProps) {
    super(scope, id);
    const [newest] = multiRegionGenerationsOf(props).flatMap((generation) => this.replicate(generation, props));
    if (newest) new CfnAlias(this, 'Alias', { aliasName: props.aliasName, targetKeyId: newest.attrArn });
  }

  private replicate(generation: number, props: ReplicaKeyProps): CfnReplicaKey[] {
    const { partition, account, region } = Stack.of(this);
    const { purpose, primaryRegion } = props;
    const multiRegionId = props.multiRegionIds[String(generation)];
    if (!multiRegionId) {
      Annotations.of(this).addWarningV2(
        `lading:replica-key-${purpose}-${generation}`,
        `${region} gets no replica of generation ${generation} of the key "${purpose}" before keys.${purpose}.multiRegionIds names its id, which an output of the stack of ${primaryRegion} tells`,
      );
      return [];
    }
    const replica = new CfnReplicaKey(this, keyId(generation), {
      primaryKeyArn: `arn:${partition}:kms:${primaryRegion}:${account}:key/${multiRegionId}`,
      description: describeGeneration(props.description, generation),
      pendingWindowInDays: pendingWindow.toDays(),
      // What the CDK gives a key: the policies of the account's identities decide.
      keyPolicy: new PolicyDocument({
        statements: [
          new PolicyStatement({ actions: ['kms:*'], resources: ['*'], principals: [new AccountRootPrincipal()] }),
        ],
      }),
    });
    replica.applyRemovalPolicy(props.removalPolicy);
    return [replica];
  }
}
