import { z } from 'zod';
import type { BucketBackend } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { flag, integer, nameOf, withoutBackend } from './common.ts';

const bucket = z.object({
  BucketName: z.string().optional(),
  VersioningConfiguration: z.object({ Status: z.string() }).optional(),
  ObjectLockEnabled: flag.optional(),
  ObjectLockConfiguration: z
    .object({
      Rule: z
        .object({
          DefaultRetention: z.object({
            Mode: z.enum(['COMPLIANCE', 'GOVERNANCE']),
            Days: integer.optional(),
            Years: integer.optional(),
          }),
        })
        .optional(),
    })
    .optional(),
});

/** AWS::S3::Bucket */
export function bucketHandler(backend: BucketBackend | undefined): ResourceHandler {
  return async (request) => {
    const properties = request.parse(bucket);
    const { region, accountId } = request.stack;
    const name = nameOf(request, properties.BucketName, { maxLength: 63, lowerCase: true });
    const result = {
      ref: name,
      attributes: {
        Arn: `arn:aws:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      },
    };
    if (backend === undefined) return withoutBackend(result, 's3');
    const retention = properties.ObjectLockConfiguration?.Rule?.DefaultRetention;
    const objectLock = properties.ObjectLockEnabled ?? false;
    await backend.createBucket({
      name,
      region,
      accountId,
      // Object Lock switches versioning on.
      versioned: objectLock || properties.VersioningConfiguration?.Status === 'Enabled',
      ...(objectLock ? { objectLock: retention === undefined ? {} : retentionOf(retention) } : {}),
    });
    return result;
  };
}

const retentionOf = ({
  Mode,
  Days,
  Years,
}: {
  Mode: 'COMPLIANCE' | 'GOVERNANCE';
  Days?: number | undefined;
  Years?: number | undefined;
}) => ({
  mode: Mode,
  ...(Days === undefined ? {} : { days: Days }),
  ...(Years === undefined ? {} : { years: Years }),
});
