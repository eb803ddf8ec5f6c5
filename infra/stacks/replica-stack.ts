import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { EventPattern } from '../../functions/_pipe/function.ts';
import { type LadingConfig, namePrefix } from '../config.ts';
import { alarmOnDeadLetters } from '../constructs/alarms.ts';
import { allowRule, DeadLetterQueue } from '../constructs/fed-queue.ts';
import { ReplicaKey } from '../constructs/replica-key.ts';
import { keysOf } from '../key-settings.ts';
import { ecrHost } from '../settings.ts';

export interface ReplicaStackProps extends StackProps {
  readonly config: LadingConfig;
  /** Patterns of the events that functions of the primary region want of the default bus. */
  readonly patterns: readonly EventPattern[];
}

/**
 * What a further region needs: its ECR's events are sent on to the default bus of the primary region, where the same
 * rules take them as those of the region itself. The bus has a well-known name, and multi-region keys have known ids, so
 * that no stack refers to another.
 */
export class ReplicaStack extends Stack {
  constructor(scope: Construct, id: string, props: ReplicaStackProps) {
    super(scope, id, props);
    const { config } = props;
    const prefix = namePrefix(config);
    const busArn = `arn:${this.partition}:events:${config.primaryRegion}:${this.account}:event-bus/default`;
    const role = new Role(this, 'ForwardRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      description: `Sends events of ${this.region} on to ${config.primaryRegion}`,
      inlinePolicies: {
        rights: new PolicyDocument({
          statements: [new PolicyStatement({ actions: ['events:PutEvents'], resources: [busArn] })],
        }),
      },
    });
    const deadLetters = new DeadLetterQueue(this, 'ForwardDeadLetters', { queueName: `${prefix}-forward-events` });
    props.patterns.forEach((eventPattern, i) => {
      const rule = new CfnRule(this, `Forward${i === 0 ? '' : i + 1}`, {
        description: `To the default bus of ${config.primaryRegion}`,
        eventPattern,
        state: 'ENABLED',
        targets: [
          { id: 'primary', arn: busArn, roleArn: role.roleArn, deadLetterConfig: { arn: deadLetters.queueArn } },
        ],
      });
      allowRule(deadLetters, rule);
    });
    alarmOnDeadLetters(this, deadLetters, { subject: 'forward-events', prefix });
    if (config.keys.multiRegion) this.addKeys(config);
    if (config.ecr) {
      new CfnOutput(this, 'RegistryHost', {
        value: ecrHost(this.account, this.region),
        description: 'Registry that holds the replicas of this region',
      });
    }
    new CfnOutput(this, 'ForwardDeadLettersUrl', {
      value: deadLetters.queueUrl,
      description: 'Events that could not be sent on',
    });
  }

  private addKeys(config: LadingConfig): void {
    const { primaryRegion } = config;
    const { signing, postQuantum } = keysOf(config);
    new ReplicaKey(this, 'Signing', { ...signing, purpose: 'signing', primaryRegion });
    if (postQuantum) new ReplicaKey(this, 'PostQuantum', { ...postQuantum, purpose: 'postQuantum', primaryRegion });
  }
}
