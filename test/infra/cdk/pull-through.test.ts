import { afterAll, describe, expect, it } from 'vitest';
import { removeFolders, synthesize } from './synthesis.ts';

afterAll(removeFolders);

const credentialArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:ecr-pullthroughcache/docker-hub-AbCdEf';

describe("ECR's pull-through cache", () => {
  it('has a rule for each mirror of an upstream that it knows', async () => {
    const { template, replicaTemplates } = await synthesize({
      replicaRegions: ['us-east-1'],
      registries: ['docker.io', 'quay.io', 'registry.example'].map((host) => ({ kind: 'distribution', host })),
      mirrors: [
        { prefix: 'docker-hub', upstream: 'docker.io', credentialArn },
        { prefix: 'quay', upstream: 'quay.io', upstreamPrefix: 'prometheus' },
        { prefix: 'own', upstream: 'registry.example', where: 'edge' },
      ],
    });
    template.resourceCountIs('AWS::ECR::PullThroughCacheRule', 2);
    template.hasResourceProperties('AWS::ECR::PullThroughCacheRule', {
      EcrRepositoryPrefix: 'docker-hub',
      UpstreamRegistry: 'docker-hub',
      UpstreamRegistryUrl: 'registry-1.docker.io',
      CredentialArn: credentialArn,
    });
    template.hasResourceProperties('AWS::ECR::PullThroughCacheRule', {
      EcrRepositoryPrefix: 'quay',
      UpstreamRegistryUrl: 'quay.io',
      UpstreamRepositoryPrefix: 'prometheus',
    });
    for (const replica of replicaTemplates) replica.resourceCountIs('AWS::ECR::PullThroughCacheRule', 0);
  });

  it('is not made for an upstream that is not among the registries', async () => {
    await expect(synthesize({ mirrors: [{ prefix: 'quay', upstream: 'quay.io' }] })).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('"quay.io" is not among the registries'),
    });
  });
});
