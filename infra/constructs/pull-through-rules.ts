import { CfnPullThroughCacheRule } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { ecrUpstream, type MirrorRule } from '../../lib/mirror/config.ts';
import { pascalCase } from './names.ts';

/** ECR's pull-through cache, a rule for each mirror of an upstream that it knows. */
export class PullThroughRules extends Construct {
  constructor(scope: Construct, id: string, props: { readonly rules: readonly MirrorRule[] }) {
    super(scope, id);
    for (const { prefix, upstream, upstreamPrefix, where, credentialArn } of props.rules) {
      const known = ecrUpstream(upstream);
      if (where === 'edge' || known === undefined) continue;
      new CfnPullThroughCacheRule(this, pascalCase(prefix.replaceAll(/[^a-zA-Z0-9]+/g, '-')), {
        ecrRepositoryPrefix: prefix,
        upstreamRegistry: known.name,
        upstreamRegistryUrl: known.url,
        ...(upstreamPrefix === undefined ? {} : { upstreamRepositoryPrefix: upstreamPrefix }),
        ...(credentialArn === undefined ? {} : { credentialArn }),
      });
    }
  }
}
