import { CfnReplicationConfiguration } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import type { ReplicationRule } from '../../lib/replication/config.ts';

export interface EcrReplicationProps {
  /** Rules of which ECR is to do the copying. */
  readonly rules: readonly ReplicationRule[];
  /** Of the stack: where hosts of these rules name none, or their own. */
  readonly account: string;
}

const ECR_HOST = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/**
 * ECR's own replication, where it is enough: it copies what is pushed, by the beginning of repository names. A registry
 * has one such configuration, so that all rules come together in it.
 */
export class EcrReplication extends Construct {
  constructor(scope: Construct, id: string, { rules, account }: EcrReplicationProps) {
    super(scope, id);
    new CfnReplicationConfiguration(this, 'Configuration', {
      replicationConfiguration: {
        rules: rules.map(({ repositories, to }) => {
          const prefixes = repositories.map((glob) => glob.replace(/\*+$/, '')).filter((prefix) => prefix !== '');
          return {
            destinations: to.map(({ registry }) => {
              const [, registryId = account, region = ''] = ECR_HOST.exec(registry) ?? [];
              return { registryId, region };
            }),
            // Without filters everything is copied, which is what a glob for everything says.
            ...(prefixes.length === repositories.length
              ? { repositoryFilters: prefixes.map((filter) => ({ filter, filterType: 'PREFIX_MATCH' })) }
              : {}),
          };
        }),
      },
    });
  }
}
