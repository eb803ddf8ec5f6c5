import { invalidArgument, invalidRequest, notImplemented, S3Error } from './errors.ts';
import { assertLockable, readLegalHold, readRetention } from './locks.ts';
import type { Bucket, Description, Tag } from './model.ts';

type Headers = ReadonlyMap<string, string>;

/** System metadata that an upload sets and a download gives back (S3 User Guide, "Working with object metadata"). */
const SYSTEM_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'];
/** Classes that are read without a restore. */
const STORAGE_CLASSES = ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'];
const METADATA_PREFIX = 'x-amz-meta-';
const MAX_METADATA_BYTES = 2048;

/**
 * What the headers of an upload say of the object.
 *
 * @throws S3Error for what is wrong, and `NotImplemented` for what would be silently lost
 */
export function readDescription(headers: Headers, bucket: Bucket, now: number): Description {
  refuseUnsupported(headers);
  const retention = readRetention(
    headers.get('x-amz-object-lock-mode'),
    headers.get('x-amz-object-lock-retain-until-date'),
    now,
  );
  const hold = headers.get('x-amz-object-lock-legal-hold');
  if (retention !== undefined || hold !== undefined) assertLockable(bucket);
  return {
    headers: systemHeaders(headers),
    metadata: userMetadata(headers),
    tags: readTagHeader(headers.get('x-amz-tagging')),
    ...(retention === undefined ? {} : { retention }),
    ...(hold === undefined ? {} : { legalHold: readLegalHold(hold) }),
  };
}

function refuseUnsupported(headers: Headers): void {
  const encryption = headers.get('x-amz-server-side-encryption');
  if (encryption !== undefined && encryption !== 'AES256') throw notImplemented(`encryption with "${encryption}"`);
  const acl = headers.get('x-amz-acl');
  const grants = [...headers.keys()].some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control')) {
    throw new S3Error(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  for (const name of [
    'x-amz-server-side-encryption-customer-algorithm',
    'x-amz-website-redirect-location',
    'x-amz-write-offset-bytes',
  ]) {
    if (headers.has(name)) throw notImplemented(`the header ${name}`);
  }
}

/** S3 asks for a checksum with the headers of Object Lock, so that a damaged upload is not locked for years. */
export function assertIntegrity(headers: Headers, { retention, legalHold }: Description): void {
  if (retention === undefined && legalHold === undefined) return;
  const given = [...headers].some(
    ([name, value]) =>
      name === 'content-md5' ||
      (name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-type') ||
      (name === 'x-amz-trailer' && value.includes('x-amz-checksum-')),
  );
  if (!given) {
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
}

function systemHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': headers.get('content-type') ?? 'binary/octet-stream' };
  for (const name of SYSTEM_HEADERS) {
    const value = headers.get(name);
    if (value !== undefined) kept[name] = value;
  }
  // `aws-chunked` is a coding of the request, not of the object.
  const codings = (headers.get('content-encoding') ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'aws-chunked');
  if (codings.length > 0) kept['content-encoding'] = codings.join(',');
  const storageClass = headers.get('x-amz-storage-class') ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(storageClass)) throw notImplemented(`the storage class "${storageClass.slice(0, 40)}"`);
  if (storageClass !== 'STANDARD') kept['x-amz-storage-class'] = storageClass;
  return kept;
}

function userMetadata(headers: Headers): readonly (readonly [string, string])[] {
  const metadata: [string, string][] = [];
  let bytes = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    const own = name.slice(METADATA_PREFIX.length);
    bytes += Buffer.byteLength(own) + Buffer.byteLength(value);
    metadata.push([own, value]);
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new S3Error(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      details: { Size: String(bytes), MaxSizeAllowed: String(MAX_METADATA_BYTES) },
    });
  }
  return metadata;
}

/** Tags as in the `x-amz-tagging` header: `key=value&key2=value2`, URL-encoded. */
function readTagHeader(header: string | undefined): readonly Tag[] {
  if (header === undefined || header === '') return [];
  return checkTags([...new URLSearchParams(header)].map(([key, value]) => ({ key, value })));
}

/** @throws S3Error `InvalidTag`, `BadRequest` (over ten) */
export function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > 10) throw new S3Error(400, 'BadRequest', 'Object tags cannot be greater than 10');
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (key === '' || key.length > 128) throw new S3Error(400, 'InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > 256) throw new S3Error(400, 'InvalidTag', 'The TagValue you have provided is invalid');
    if (keys.has(key)) throw new S3Error(400, 'InvalidTag', 'Cannot provide multiple Tags with the same key');
    keys.add(key);
  }
  return tags;
}

/** The headers by which a download or HEAD describes the object, without those of its bytes. */
export function describe(description: Description): Record<string, string> {
  const headers: Record<string, string> = { ...description.headers };
  for (const [name, value] of description.metadata) headers[METADATA_PREFIX + name] = value;
  if (description.tags.length > 0) headers['x-amz-tagging-count'] = String(description.tags.length);
  if (description.retention) {
    headers['x-amz-object-lock-mode'] = description.retention.mode;
    headers['x-amz-object-lock-retain-until-date'] = new Date(description.retention.until).toISOString();
  }
  if (description.legalHold !== undefined)
    headers['x-amz-object-lock-legal-hold'] = description.legalHold ? 'ON' : 'OFF';
  return headers;
}

/** A whole number in a range, from a query parameter or header. */
export function readInteger(name: string, text: string | undefined, low: number, high: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low)) throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`);
  return Math.min(value, high);
}
