import { LadingError } from '../../../../lib/core/errors.ts';
import type { ServiceResponse } from '../service.ts';
import {
  deleteObjectTagging,
  getObjectLegalHold,
  getObjectRetention,
  getObjectTagging,
  putObjectLegalHold,
  putObjectRetention,
  putObjectTagging,
} from './attributes.ts';
import {
  absentConfiguration,
  createBucket,
  defaultConfiguration,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  getObjectLockConfiguration,
  headBucket,
  listBuckets,
  putBucketVersioning,
  putObjectLockConfiguration,
} from './buckets.ts';
import type { BucketCall, ObjectCall, S3Call } from './call.ts';
import { completeMultipartUpload } from './completion.ts';
import { copyObject } from './copies.ts';
import { deleteObject, deleteObjects } from './deletes.ts';
import { listObjects, listObjectsV2 } from './listing.ts';
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './multipart.ts';
import { getObject, headObject, putObject } from './objects.ts';
import type { S3Operation } from './operations.ts';
import { listMultipartUploads, listParts } from './uploads.ts';
import { listObjectVersions } from './versions.ts';

type Answer = Promise<ServiceResponse>;

type Handler =
  | { readonly level: 'service'; readonly run: (call: S3Call) => Answer }
  | { readonly level: 'bucket'; readonly run: (call: BucketCall) => Answer }
  | { readonly level: 'object'; readonly run: (call: ObjectCall) => Answer };

const onBucket = (run: (call: BucketCall) => Answer): Handler => ({ level: 'bucket', run });
const onObject = (run: (call: ObjectCall) => Answer): Handler => ({ level: 'object', run });

const HANDLERS: Readonly<Record<S3Operation, Handler>> = {
  ListBuckets: { level: 'service', run: listBuckets },
  GetBucketLocation: onBucket(getBucketLocation),
  GetBucketVersioning: onBucket(getBucketVersioning),
  GetObjectLockConfiguration: onBucket(getObjectLockConfiguration),
  GetBucketLifecycleConfiguration: onBucket(absentConfiguration('GetBucketLifecycleConfiguration')),
  GetBucketEncryption: onBucket(defaultConfiguration),
  GetBucketPolicy: onBucket(absentConfiguration('GetBucketPolicy')),
  GetPublicAccessBlock: onBucket(defaultConfiguration),
  GetBucketOwnershipControls: onBucket(defaultConfiguration),
  GetBucketTagging: onBucket(absentConfiguration('GetBucketTagging')),
  GetBucketCors: onBucket(absentConfiguration('GetBucketCors')),
  GetBucketReplication: onBucket(absentConfiguration('GetBucketReplication')),
  GetBucketNotificationConfiguration: onBucket(defaultConfiguration),
  GetBucketLogging: onBucket(defaultConfiguration),
  ListObjectsV2: onBucket(listObjectsV2),
  ListObjectVersions: onBucket(listObjectVersions),
  ListMultipartUploads: onBucket(listMultipartUploads),
  ListObjects: onBucket(listObjects),
  HeadBucket: onBucket(headBucket),
  PutBucketVersioning: onBucket(putBucketVersioning),
  PutObjectLockConfiguration: onBucket(putObjectLockConfiguration),
  CreateBucket: onBucket(createBucket),
  DeleteBucket: onBucket(deleteBucket),
  DeleteObjects: onBucket(deleteObjects),
  GetObjectTagging: onObject(getObjectTagging),
  GetObjectRetention: onObject(getObjectRetention),
  GetObjectLegalHold: onObject(getObjectLegalHold),
  ListParts: onObject(listParts),
  GetObject: onObject(getObject),
  HeadObject: onObject(headObject),
  PutObjectTagging: onObject(putObjectTagging),
  PutObjectRetention: onObject(putObjectRetention),
  PutObjectLegalHold: onObject(putObjectLegalHold),
  UploadPartCopy: onObject(uploadPartCopy),
  UploadPart: onObject(uploadPart),
  CopyObject: onObject(copyObject),
  PutObject: onObject(putObject),
  DeleteObjectTagging: onObject(deleteObjectTagging),
  AbortMultipartUpload: onObject(abortMultipartUpload),
  DeleteObject: onObject(deleteObject),
  CreateMultipartUpload: onObject(createMultipartUpload),
  CompleteMultipartUpload: onObject(completeMultipartUpload),
};

/** Runs the operation of a call, whose bucket and key are there where its level says so. */
export function runOperation(call: S3Call, bucket: string | undefined, key: string | undefined): Answer {
  const handler = HANDLERS[call.operation];
  if (handler.level === 'service') return handler.run(call);
  if (bucket === undefined) throw new LadingError('unreachable', `${call.operation} without a bucket`);
  if (handler.level === 'bucket') return handler.run({ ...call, bucket });
  if (key === undefined) throw new LadingError('unreachable', `${call.operation} without a key`);
  return handler.run({ ...call, bucket, key });
}
