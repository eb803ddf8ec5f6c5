import type { RequiredPermission } from '../service.ts';
import { readCopySource } from './copies.ts';
import { readDeletions } from './deletes.ts';
import { S3Error } from './errors.ts';
import type { S3Operation } from './operations.ts';
import type { Target } from './target.ts';

const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`;

/** Actions whose name is not `s3:` and the operation's (Service Authorization Reference, "Amazon S3"). */
const BUCKET_ACTIONS: Partial<Record<S3Operation, string>> = {
  HeadBucket: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  GetObjectLockConfiguration: 's3:GetBucketObjectLockConfiguration',
  PutObjectLockConfiguration: 's3:PutBucketObjectLockConfiguration',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
  GetBucketEncryption: 's3:GetEncryptionConfiguration',
  GetPublicAccessBlock: 's3:GetBucketPublicAccessBlock',
  GetBucketCors: 's3:GetBucketCORS',
  GetBucketReplication: 's3:GetReplicationConfiguration',
  GetBucketNotificationConfiguration: 's3:GetBucketNotification',
};

const OBJECT_ACTIONS: Partial<Record<S3Operation, string>> = {
  HeadObject: 's3:GetObject',
  CopyObject: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
};

/** Operations with another action where they name a version: `GetObject` → `GetObjectVersion`. */
const BY_VERSION: Partial<Record<S3Operation, string>> = {
  GetObject: 's3:GetObjectVersion',
  HeadObject: 's3:GetObjectVersion',
  DeleteObject: 's3:DeleteObjectVersion',
  GetObjectTagging: 's3:GetObjectVersionTagging',
  PutObjectTagging: 's3:PutObjectVersionTagging',
  DeleteObjectTagging: 's3:DeleteObjectVersionTagging',
};

/** Headers that ask for something besides, on the object that is written or deleted. */
const BY_HEADER: readonly (readonly [header: string, action: string])[] = [
  ['x-amz-tagging', 's3:PutObjectTagging'],
  ['x-amz-object-lock-mode', 's3:PutObjectRetention'],
  ['x-amz-object-lock-legal-hold', 's3:PutObjectLegalHold'],
  ['x-amz-bypass-governance-retention', 's3:BypassGovernanceRetention'],
];

export function permissionsOf(
  operation: S3Operation,
  target: Target,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): readonly RequiredPermission[] {
  if (target.bucket === undefined) return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  if (operation === 'DeleteObjects') return deletePermissions(target.bucket, headers, body);
  if (target.key === undefined) {
    return [{ action: BUCKET_ACTIONS[operation] ?? `s3:${operation}`, resource: `arn:aws:s3:::${target.bucket}` }];
  }
  const resource = objectArn(target.bucket, target.key);
  const versioned = target.query.has('versionId') ? BY_VERSION[operation] : undefined;
  const needed = [{ action: versioned ?? OBJECT_ACTIONS[operation] ?? `s3:${operation}`, resource }];
  for (const [header, action] of BY_HEADER) if (headers.has(header)) needed.push({ action, resource });
  // If-Match reveals the entity tag of what is there (User Guide, "conditional writes").
  if (headers.has('if-match') && needed[0]?.action === 's3:PutObject')
    needed.push({ action: 's3:GetObject', resource });
  if (operation === 'CopyObject' || operation === 'UploadPartCopy')
    needed.push(...sourcePermissions(operation, headers));
  return needed;
}

function sourcePermissions(operation: S3Operation, headers: ReadonlyMap<string, string>): RequiredPermission[] {
  const { bucket, key, versionId } = readCopySource(headers);
  const resource = objectArn(bucket, key);
  const needed = [{ action: versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', resource }];
  if (operation === 'CopyObject' && headers.get('x-amz-tagging-directive') !== 'REPLACE') {
    needed.push({ action: versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging', resource });
  }
  return needed;
}

/**
 * By object where the body tells. One that was not passed on, or that is not plain XML (`handle` may still decode it),
 * asks for all objects, which a narrow policy refuses.
 */
function deletePermissions(
  bucket: string,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): readonly RequiredPermission[] {
  const deletions = listedDeletions(body) ?? [
    { key: '*', versionId: undefined },
    { key: '*', versionId: '*' },
  ];
  const bypass = headers.has('x-amz-bypass-governance-retention');
  return deletions.flatMap(({ key, versionId }) => {
    const resource = objectArn(bucket, key);
    const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
    return bypass
      ? [
          { action, resource },
          { action: 's3:BypassGovernanceRetention', resource },
        ]
      : [{ action, resource }];
  });
}

function listedDeletions(
  body: Uint8Array,
): readonly { readonly key: string; readonly versionId: string | undefined }[] | undefined {
  try {
    return readDeletions(body).deletions;
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}
