import { NestedStack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Trigger } from '../../functions/_pipe/function.ts';

/** Kinds of functions that have a stack of their own; those of the HTTP API stand beside it. */
export type FunctionStackName = 'Reactions' | 'Sweeps';

/** Where a function stands. A function that changed stacks would be made twice under one name: this never changes. */
export const functionStackOf = ({ kind }: Exclude<Trigger, { kind: 'http' }>): FunctionStackName =>
  kind === 'events' ? 'Reactions' : 'Sweeps';

/**
 * A part of the primary stack with functions and their queues. One template holds 500 resources at most
 * (CloudFormation quotas), and a function with its queue, rule and alarms is a dozen of them.
 */
export class FunctionStack extends NestedStack {
  constructor(scope: Construct, name: FunctionStackName) {
    super(scope, name, {
      description:
        name === 'Reactions' ? 'Lading: functions that events call' : 'Lading: functions that the clock calls',
    });
  }
}
