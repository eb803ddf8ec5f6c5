import { randomBytes } from 'node:crypto';
import type { ServiceRequest, ServiceResponse } from '../service.ts';
import { S3Error } from './errors.ts';
import type { Bucket, StoredObject, Version } from './model.ts';
import type { S3Operation } from './operations.ts';
import type { BucketState, S3Store } from './store.ts';
import { writeXml, type XmlNode } from './xml.ts';

/** One request, read: what every handler works on. */
export interface S3Call {
  readonly store: S3Store;
  readonly request: ServiceRequest;
  readonly operation: S3Operation;
  readonly headers: ReadonlyMap<string, string>;
  readonly query: ReadonlyMap<string, string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface BucketCall extends S3Call {
  readonly bucket: string;
}

export interface ObjectCall extends BucketCall {
  readonly key: string;
}

/**
 * The bucket of a call, which must be of the caller's region: S3 sends others away, and a client that worked only
 * because regions were one store would break on AWS.
 *
 * @throws S3Error `NoSuchBucket`, `PermanentRedirect`, `AccessDenied` (another owner was expected)
 */
export function bucketOf(call: BucketCall): BucketState {
  const state = call.store.bucket(call.bucket);
  assertOwner(call);
  const { region } = state.bucket;
  if (region !== call.request.region) {
    throw new S3Error(
      301,
      'PermanentRedirect',
      `The bucket is in ${region}, and the request was signed for ${call.request.region}.`,
      { details: { Bucket: call.bucket }, headers: { 'x-amz-bucket-region': region } },
    );
  }
  return state;
}

function assertOwner({ headers, request }: S3Call): void {
  const expected = headers.get('x-amz-expected-bucket-owner');
  if (expected !== undefined && expected !== request.accountId) throw new S3Error(403, 'AccessDenied', 'Access Denied');
}

export const newVersionId = (bucket: Bucket): string =>
  bucket.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null';

/** The version id belongs into an answer only where the bucket has (or had) versions. */
export const versionHeader = (bucket: Bucket, version: Version): Record<string, string> =>
  bucket.versioning === 'Unversioned' ? {} : { 'x-amz-version-id': version.id };

export const quoted = (etag: string): string => `"${etag}"`;

/** `x-amz-checksum-<algorithm>` headers, with the type where it is not the whole object's. */
export function checksumHeaders(version: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(version.checksums?.values ?? {}))
    headers[`x-amz-checksum-${name}`] = value;
  if (version.checksums) headers['x-amz-checksum-type'] = version.checksums.type;
  return headers;
}

/** `ChecksumCRC32` and its like, for documents. */
export const checksumElements = (values: Readonly<Record<string, string>>): XmlNode[] =>
  Object.entries(values).map(([name, value]) => [`Checksum${name.toUpperCase()}`, value]);

export function xmlResponse(
  root: string,
  content: readonly XmlNode[],
  headers: Readonly<Record<string, string>> = {},
): ServiceResponse {
  return { status: 200, headers: { ...headers, 'content-type': 'application/xml' }, body: writeXml(root, content) };
}

export const iso = (time: number): string => new Date(time).toISOString();
