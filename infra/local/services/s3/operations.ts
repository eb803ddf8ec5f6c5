import { notImplemented } from './errors.ts';
import type { Target } from './target.ts';

type Level = 'service' | 'bucket' | 'object';

interface Route {
  readonly level: Level;
  readonly method: string;
  /** Query parameters that choose the operation. */
  readonly select: readonly string[];
  /** Query parameters that it understands besides. */
  readonly allow?: readonly string[];
  /** A header that chooses the operation. */
  readonly header?: string;
}

const OVERRIDES = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];
const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];

const bucketGet = (parameter: string): Route => ({ level: 'bucket', method: 'GET', select: [parameter] });

/** S3 API reference: method, level and sub-resource of each operation that is answered. More exact routes come first. */
const ROUTES = {
  ListBuckets: { level: 'service', method: 'GET', select: [] },

  GetBucketLocation: bucketGet('location'),
  GetBucketVersioning: bucketGet('versioning'),
  GetObjectLockConfiguration: bucketGet('object-lock'),
  GetBucketLifecycleConfiguration: bucketGet('lifecycle'),
  GetBucketEncryption: bucketGet('encryption'),
  GetBucketPolicy: bucketGet('policy'),
  GetPublicAccessBlock: bucketGet('publicAccessBlock'),
  GetBucketOwnershipControls: bucketGet('ownershipControls'),
  GetBucketTagging: bucketGet('tagging'),
  GetBucketCors: bucketGet('cors'),
  GetBucketReplication: bucketGet('replication'),
  GetBucketNotificationConfiguration: bucketGet('notification'),
  GetBucketLogging: bucketGet('logging'),
  ListObjectsV2: {
    level: 'bucket',
    method: 'GET',
    select: ['list-type'],
    allow: [...LISTING, 'continuation-token', 'start-after', 'fetch-owner'],
  },
  ListObjectVersions: {
    level: 'bucket',
    method: 'GET',
    select: ['versions'],
    allow: [...LISTING, 'key-marker', 'version-id-marker'],
  },
  ListMultipartUploads: {
    level: 'bucket',
    method: 'GET',
    select: ['uploads'],
    allow: ['prefix', 'delimiter', 'max-uploads', 'encoding-type', 'key-marker', 'upload-id-marker'],
  },
  ListObjects: { level: 'bucket', method: 'GET', select: [], allow: [...LISTING, 'marker'] },
  HeadBucket: { level: 'bucket', method: 'HEAD', select: [] },
  PutBucketVersioning: { level: 'bucket', method: 'PUT', select: ['versioning'] },
  PutObjectLockConfiguration: { level: 'bucket', method: 'PUT', select: ['object-lock'] },
  CreateBucket: { level: 'bucket', method: 'PUT', select: [] },
  DeleteBucket: { level: 'bucket', method: 'DELETE', select: [] },
  DeleteObjects: { level: 'bucket', method: 'POST', select: ['delete'] },

  GetObjectTagging: { level: 'object', method: 'GET', select: ['tagging'], allow: ['versionId'] },
  GetObjectRetention: { level: 'object', method: 'GET', select: ['retention'], allow: ['versionId'] },
  GetObjectLegalHold: { level: 'object', method: 'GET', select: ['legal-hold'], allow: ['versionId'] },
  ListParts: {
    level: 'object',
    method: 'GET',
    select: ['uploadId'],
    allow: ['max-parts', 'part-number-marker', 'encoding-type'],
  },
  GetObject: { level: 'object', method: 'GET', select: [], allow: ['versionId', 'partNumber', ...OVERRIDES] },
  HeadObject: { level: 'object', method: 'HEAD', select: [], allow: ['versionId', 'partNumber', ...OVERRIDES] },
  PutObjectTagging: { level: 'object', method: 'PUT', select: ['tagging'], allow: ['versionId'] },
  PutObjectRetention: { level: 'object', method: 'PUT', select: ['retention'], allow: ['versionId'] },
  PutObjectLegalHold: { level: 'object', method: 'PUT', select: ['legal-hold'], allow: ['versionId'] },
  UploadPartCopy: {
    level: 'object',
    method: 'PUT',
    select: ['uploadId', 'partNumber'],
    header: 'x-amz-copy-source',
  },
  UploadPart: { level: 'object', method: 'PUT', select: ['uploadId', 'partNumber'] },
  CopyObject: { level: 'object', method: 'PUT', select: [], header: 'x-amz-copy-source' },
  PutObject: { level: 'object', method: 'PUT', select: [] },
  DeleteObjectTagging: { level: 'object', method: 'DELETE', select: ['tagging'], allow: ['versionId'] },
  AbortMultipartUpload: { level: 'object', method: 'DELETE', select: ['uploadId'] },
  DeleteObject: { level: 'object', method: 'DELETE', select: [], allow: ['versionId'] },
  CreateMultipartUpload: { level: 'object', method: 'POST', select: ['uploads'] },
  CompleteMultipartUpload: { level: 'object', method: 'POST', select: ['uploadId'] },
} satisfies Record<string, Route>;

export type S3Operation = keyof typeof ROUTES;

const TABLE: readonly (readonly [S3Operation, Route])[] = Object.entries(ROUTES).map(([name, route]) => [
  name as S3Operation,
  route,
]);

/** Parameters of a presigned URL, and the SDK's note of what it calls. */
const isIgnored = (parameter: string): boolean => parameter === 'x-id' || /^X-Amz-/i.test(parameter);

/**
 * Finds the operation of a request. A query parameter that the operation does not know is refused: `PUT key?acl` taken
 * for `PUT key` would overwrite the object with the document.
 *
 * @throws S3Error `NotImplemented`
 */
export function operationOf(method: string, target: Target, headers: ReadonlyMap<string, string>): S3Operation {
  const level: Level = target.bucket === undefined ? 'service' : target.key === undefined ? 'bucket' : 'object';
  const parameters = [...target.query.keys()].filter((name) => !isIgnored(name));
  for (const [name, route] of TABLE) {
    if (route.level !== level || route.method !== method) continue;
    if (!route.select.every((parameter) => target.query.has(parameter))) continue;
    if (route.header !== undefined && !headers.has(route.header)) continue;
    const unknown = parameters.find(
      (parameter) => !route.select.includes(parameter) && !route.allow?.includes(parameter),
    );
    if (unknown !== undefined) throw notImplemented(`"${unknown.slice(0, 80)}" with ${method} on a ${level}`);
    return name;
  }
  throw notImplemented(`${method.slice(0, 20)} on a ${level}`);
}
