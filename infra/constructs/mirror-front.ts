import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, OriginGroup } from 'aws-cdk-lib/aws-cloudfront-origins';
import { CfnHealthCheck, CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FrontConfig } from '../../lib/availability/config.ts';

export interface MirrorFrontProps extends FrontConfig {
  readonly prefix: string;
}

/** The hosted zone of every distribution (Route 53 API reference, "AliasTarget"). */
const CLOUDFRONT_ZONE = 'Z2FDTNDATAQYW2';
const ORIGIN_READ = Duration.seconds(60);

/**
 * One name in front of mirrors: CloudFront asks the first and, where that fails, the second. Nothing is cached unless the
 * mirrors are for everyone: who may read a blob is the mirror's to say, each time. Pulling only; what is pushed goes to
 * the registry itself.
 */
export class MirrorFront extends Construct {
  readonly distribution: Distribution;

  constructor(scope: Construct, id: string, props: MirrorFrontProps) {
    super(scope, id);
    const [primary, fallback] = props.origins.map(
      ({ host }) =>
        new HttpOrigin(host, {
          protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          originSslProtocols: [OriginSslPolicy.TLS_V1_2],
          readTimeout: ORIGIN_READ,
        }),
    ) as [HttpOrigin, HttpOrigin];
    const origin = new OriginGroup({
      primaryOrigin: primary,
      fallbackOrigin: fallback,
      fallbackStatusCodes: [500, 502, 503, 504],
    });
    const behaviour = {
      origin,
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
      cachedMethods: CachedMethods.CACHE_GET_HEAD,
      // Layers are compressed already.
      compress: false,
    };
    const uncached = {
      ...behaviour,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: `${props.prefix}: mirrors of registries`,
      domainNames: [props.domainName],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', props.certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_ALL,
      defaultBehavior: uncached,
      // A blob is its digest: what everyone may read never changes.
      ...(props.isPublic
        ? { additionalBehaviors: { '/v2/*/blobs/*': { ...behaviour, cachePolicy: CachePolicy.CACHING_OPTIMIZED } } }
        : {}),
      ...(props.webAclArn === undefined ? {} : { webAclId: props.webAclArn }),
    });
    if (props.hostedZoneId !== undefined) {
      for (const type of ['A', 'AAAA']) {
        new CfnRecordSet(this, `Record${type}`, {
          hostedZoneId: props.hostedZoneId,
          name: props.domainName,
          type,
          aliasTarget: { dnsName: this.distribution.distributionDomainName, hostedZoneId: CLOUDFRONT_ZONE },
        });
      }
    }
    // Seen from outside, as clients see them, and told in the metrics of us-east-1; failing over does not wait for these.
    for (const [i, { host, healthPath }] of props.origins.entries()) {
      new CfnHealthCheck(this, `Health${i + 1}`, {
        healthCheckConfig: {
          type: 'HTTPS',
          fullyQualifiedDomainName: host,
          port: 443,
          resourcePath: healthPath,
          requestInterval: 30,
          failureThreshold: 3,
          enableSni: true,
        },
        healthCheckTags: [{ key: 'Name', value: `${props.prefix} mirror ${host}` }],
      });
    }
  }
}
