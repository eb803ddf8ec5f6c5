import type { ServiceResponse } from '../service.ts';
import { bucketOf, checksumHeaders, newVersionId, type ObjectCall, quoted, versionHeader } from './call.ts';
import { checkRead, checkWrite, writeCondition } from './conditions.ts';
import { assertIntegrity, describe, readDescription, readInteger } from './descriptions.ts';
import { accessDenied, invalidArgument, noSuchKey, noSuchVersion, S3Error } from './errors.ts';
import { receive } from './intake.ts';
import { withDefaultRetention } from './locks.ts';
import type { StoredObject } from './model.ts';
import { type ByteRange, parseRange } from './ranges.ts';
import { type BucketState, currentObject, currentVersion } from './store.ts';
import { commitObject } from './writes.ts';

export async function putObject(call: ObjectCall): Promise<ServiceResponse> {
  const { store, headers, bucket, key } = call;
  const state = bucketOf(call);
  const condition = writeCondition(headers);
  const description = readDescription(headers, state.bucket, call.now());
  assertIntegrity(headers, description);
  const watch = store.watchDeletions(bucket, key);
  try {
    // What fails now will hardly hold when the bytes are here: say so before they come.
    checkWrite(condition, key, currentObject(state, key));
    const received = await receive(call.request.body, headers, store.blobs);
    try {
      const { version, headers: versionHeaders } = await commitObject(call, condition, watch, (current, now) => ({
        kind: 'object',
        id: newVersionId(current),
        modified: now,
        etag: received.md5,
        size: received.segment.size,
        segments: [received.segment],
        checksums: { values: received.checksums, type: 'FULL_OBJECT' },
        description: withDefaultRetention(current, description, now),
      }));
      return {
        status: 200,
        headers: { etag: quoted(version.etag), ...versionHeaders, ...checksumHeaders(version) },
      };
    } catch (error) {
      await store.blobs.discard(received.segment);
      throw error;
    }
  } finally {
    watch.end();
  }
}

/**
 * The version that a read is about.
 *
 * @throws S3Error `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` (a delete marker), `AccessDenied`
 */
export function findVersion(call: ObjectCall, state: BucketState): StoredObject {
  const versionId = call.query.get('versionId');
  const version =
    versionId === undefined
      ? currentVersion(state, call.key)
      : state.objects.get(call.key)?.find(({ id }) => id === versionId);
  if (version?.kind === 'object') return version;
  if (!mayKnowWhatIsMissing(call)) throw accessDenied();
  if (version === undefined) throw versionId === undefined ? noSuchKey(call.key) : noSuchVersion(call.key, versionId);
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(state.bucket, version) };
  if (versionId === undefined) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { headers });
  throw new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    headers: { ...headers, allow: 'DELETE', 'last-modified': new Date(version.modified).toUTCString() },
  });
}

/** Without `s3:ListBucket` a caller is not told that a key does not exist (API reference, GetObject, "Permissions"). */
const mayKnowWhatIsMissing = (call: ObjectCall): boolean =>
  call.request.allows?.({ action: 's3:ListBucket', resource: `arn:aws:s3:::${call.bucket}` }) ?? true;

export async function getObject(call: ObjectCall): Promise<ServiceResponse> {
  const found = readObject(call);
  if ('status' in found) return found;
  const { version, range, headers, partial } = found;
  return {
    status: partial ? 206 : 200,
    headers,
    body: call.store.blobs.read(version.segments, range.start, range.end),
  };
}

export async function headObject(call: ObjectCall): Promise<ServiceResponse> {
  const found = readObject(call);
  return 'status' in found ? found : { status: found.partial ? 206 : 200, headers: found.headers };
}

interface Readable {
  readonly version: StoredObject;
  readonly range: ByteRange;
  readonly partial: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

function readObject(call: ObjectCall): Readable | ServiceResponse {
  const state = bucketOf(call);
  const version = findVersion(call, state);
  const headers: Record<string, string> = {
    etag: quoted(version.etag),
    'last-modified': new Date(version.modified).toUTCString(),
    ...versionHeader(state.bucket, version),
  };
  if (checkRead(call.headers, version) === 'not-modified') return { status: 304, headers };
  const part = partRange(call, version);
  const asked = part ?? parseRange(call.headers.get('range'), version.size);
  const range = asked ?? { start: 0, end: version.size };
  Object.assign(headers, describe(version.description), overrides(call), {
    'accept-ranges': 'bytes',
    'content-length': String(range.end - range.start),
  });
  if (asked && version.size > 0) headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${version.size}`;
  if (part && version.parts) headers['x-amz-mp-parts-count'] = String(version.parts.length);
  // A checksum of the whole does not belong to a part of it, and clients would compare the two.
  const whole = range.start === 0 && range.end === version.size;
  if (whole && call.headers.get('x-amz-checksum-mode') === 'ENABLED') Object.assign(headers, checksumHeaders(version));
  return { version, range, headers, partial: asked !== undefined && version.size > 0 };
}

function partRange(call: ObjectCall, version: StoredObject): ByteRange | undefined {
  const number = readInteger('partNumber', call.query.get('partNumber'), 1, 10_000);
  if (number === undefined) return undefined;
  if (call.headers.has('range')) {
    throw new S3Error(400, 'InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
  }
  const sizes = version.parts ?? [version.size];
  const size = sizes[number - 1];
  if (size === undefined) {
    throw new S3Error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable');
  }
  const start = sizes.slice(0, number - 1).reduce((sum, length) => sum + length, 0);
  return { start, end: start + size };
}

function overrides(call: ObjectCall): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of call.query) {
    if (!name.startsWith('response-')) continue;
    // The text goes into a header of the answer.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw invalidArgument(name, value, 'The value is not valid in a header');
    headers[name.slice('response-'.length)] = value;
  }
  return headers;
}
