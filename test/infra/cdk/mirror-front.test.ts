import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { build, removeFolders, synthesize } from './synthesis.ts';

afterAll(removeFolders);

const front = {
  domainName: 'mirror.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000',
  hostedZoneId: 'Z0123456789ABC',
  origins: [{ host: 'edge-1.example.com' }, { host: 'edge-2.example.com', healthPath: '/healthz' }],
};

describe('a name in front of mirrors', () => {
  it('asks the first mirror and then the second, keeps nothing, and tells whose word it is', async () => {
    const { template } = await synthesize({ availability: { front } });
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Aliases: ['mirror.example.com'],
        OriginGroups: {
          Quantity: 1,
          Items: [
            Match.objectLike({ FailoverCriteria: { StatusCodes: { Items: [500, 502, 503, 504], Quantity: 4 } } }),
          ],
        },
        DefaultCacheBehavior: Match.objectLike({
          // AWS's managed policy "CachingDisabled".
          CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          ViewerProtocolPolicy: 'https-only',
          AllowedMethods: ['GET', 'HEAD'],
        }),
        CacheBehaviors: Match.absent(),
      }),
    });
    template.resourceCountIs('AWS::Route53::RecordSet', 2);
    template.hasResourceProperties('AWS::Route53::HealthCheck', {
      HealthCheckConfig: Match.objectLike({ FullyQualifiedDomainName: 'edge-2.example.com', ResourcePath: '/healthz' }),
    });
  });

  it('keeps blobs where everyone may have them', async () => {
    const { template } = await synthesize({
      availability: { front: { ...front, hostedZoneId: undefined, isPublic: true } },
    });
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({ CacheBehaviors: [Match.objectLike({ PathPattern: '/v2/*/blobs/*' })] }),
    });
    template.resourceCountIs('AWS::Route53::RecordSet', 0);
  });

  it('is not there where nobody asks for it, and is no part of what functions are told', async () => {
    const { template } = await synthesize({});
    template.resourceCountIs('AWS::CloudFront::Distribution', 0);
    const { template: with_ } = await synthesize({ availability: { front } });
    expect(JSON.stringify(with_.findResources('AWS::Lambda::Function'))).not.toContain('mirror.example.com');
  });

  it.each([
    ['a certificate of another region', { certificateArn: front.certificateArn.replace('us-east-1', 'eu-central-1') }],
    ['one mirror alone', { origins: front.origins.slice(1) }],
    ['a port', { origins: [front.origins[0], { host: 'edge:5000' }] }],
  ])('is refused with %s', async (_what, wrong) => {
    await expect(build({ availability: { front: { ...front, ...wrong } } })).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
  });

  it('passes the rule packs', async () => {
    const { app } = await build({ availability: { front } }, { checked: true });
    expect(() => app.synth()).not.toThrow();
  });
});
