import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../infra/config.ts';
import { EcrReplication } from '../../../infra/constructs/ecr-replication.ts';

const host = (region: string): string => `111122223333.dkr.ecr.${region}.amazonaws.com`;
const verdicts = ['allow', 'deny', 'quarantine', 'undecided'];
const rule = (given: object) => ({
  ...{ name: 'ecr', from: host('eu-central-1'), to: [{ registry: host('us-east-1') }], via: 'ecr', verdicts },
  ...given,
});
const config = (...rules: readonly object[]) =>
  readConfig({ lading: { replicaRegions: ['us-east-1'], replication: { rules } } });

describe("ECR's own replication", () => {
  it('is configured once, with destinations and prefixes of names', () => {
    const rules = config(rule({ repositories: ['team/**'] }), rule({ name: 'all', repositories: ['**'] })).replication
      ?.rules;
    const stack = new Stack(new App(), 'Test');
    new EcrReplication(stack, 'Replication', { rules: rules ?? [], account: '111122223333' });
    Template.fromStack(stack).hasResourceProperties('AWS::ECR::ReplicationConfiguration', {
      ReplicationConfiguration: {
        Rules: [
          {
            Destinations: [{ Region: 'us-east-1', RegistryId: '111122223333' }],
            RepositoryFilters: [{ Filter: 'team/', FilterType: 'PREFIX_MATCH' }],
          },
          { Destinations: [{ Region: 'us-east-1', RegistryId: '111122223333' }] },
        ],
      },
    });
  });

  it('is refused from another region, and to what is no ECR', () => {
    expect(() => config(rule({ from: host('us-east-1'), to: [{ registry: host('eu-central-1') }] }))).toThrow(
      "ECR's replication is configured in eu-central-1 alone",
    );
    const registries = [{ kind: 'distribution', host: 'mirror.example', role: 'replica' }];
    expect(() =>
      readConfig({ lading: { registries, replication: { rules: [rule({ to: [{ registry: 'mirror.example' }] })] } } }),
    ).toThrow('not an ECR registry');
  });
});
