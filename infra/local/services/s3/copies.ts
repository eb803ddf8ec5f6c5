import { createHash } from 'node:crypto';
import type { ServiceResponse } from '../service.ts';
import type { BlobStore } from './blobs.ts';
import {
  bucketOf,
  checksumElements,
  iso,
  newVersionId,
  type ObjectCall,
  quoted,
  versionHeader,
  xmlResponse,
} from './call.ts';
import { createChecksum, isChecksumAlgorithm } from './checksums.ts';
import { checkCopySource, writeCondition } from './conditions.ts';
import { readDescription } from './descriptions.ts';
import { invalidArgument, invalidRequest, type S3Error } from './errors.ts';
import { readAlgorithm } from './intake.ts';
import { checkKey } from './keys.ts';
import { withDefaultRetention } from './locks.ts';
import type { Bucket, Description, StoredChecksums, StoredObject } from './model.ts';
import { findVersion } from './objects.ts';
import { commitObject } from './writes.ts';

const MAX_COPY = 5 * 1024 ** 3;

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/** `x-amz-copy-source: [/]bucket/key[?versionId=id]`, the path URL-encoded (API reference, CopyObject). */
export function readCopySource(headers: ReadonlyMap<string, string>): CopySource {
  const sent = headers.get('x-amz-copy-source') ?? '';
  const wrong = (): S3Error =>
    invalidArgument(
      'x-amz-copy-source',
      sent,
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  const mark = sent.indexOf('?versionId=');
  let path: string;
  try {
    path = decodeURIComponent(mark < 0 ? sent : sent.slice(0, mark)).replace(/^\//, '');
  } catch {
    throw wrong();
  }
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1 || path.startsWith('arn:')) throw wrong();
  return {
    bucket: path.slice(0, slash),
    key: checkKey(path.slice(slash + 1)),
    versionId: mark < 0 ? undefined : sent.slice(mark + '?versionId='.length),
  };
}

/** The source of a copy, whose files stay until `done`, whatever is deleted meanwhile. */
export function openCopySource(call: ObjectCall): {
  readonly source: CopySource;
  readonly bucket: Bucket;
  readonly version: StoredObject;
  done(): void;
} {
  const source = readCopySource(call.headers);
  const query = new Map(source.versionId === undefined ? [] : [['versionId', source.versionId] as const]);
  const sourceCall: ObjectCall = { ...call, bucket: source.bucket, key: source.key, query };
  // A source in another region is read from there by S3 itself.
  const state = call.store.bucket(source.bucket);
  const version = findVersion(sourceCall, state);
  checkCopySource(call.headers, version);
  if (version.size > MAX_COPY)
    throw invalidRequest('The specified copy source is larger than the maximum allowable size');
  call.store.blobs.retain(version.segments);
  return { source, bucket: state.bucket, version, done: () => call.store.blobs.release(version.segments) };
}

export async function copyObject(call: ObjectCall): Promise<ServiceResponse> {
  const { store, headers, bucket, key } = call;
  const target = bucketOf(call);
  const condition = writeCondition(headers);
  const description = readDescription(headers, target.bucket, call.now());
  const { source, bucket: sourceBucket, version: from, done } = openCopySource(call);
  const watch = store.watchDeletions(bucket, key);
  try {
    const next = describeCopy(headers, from.description, description);
    const replaces = headers.get('x-amz-metadata-directive') === 'REPLACE' || headers.has('x-amz-storage-class');
    if (source.bucket === bucket && source.key === key && source.versionId === undefined && !replaces) {
      throw invalidRequest(
        'This copy request is illegal because it is trying to copy an object to itself without changing the object metadata',
      );
    }
    const whole = await singlePart(store.blobs, from, readAlgorithm(headers.get('x-amz-checksum-algorithm')));
    const { version, headers: versionHeaders } = await commitObject(call, condition, watch, (current, now) => ({
      kind: 'object',
      id: newVersionId(current),
      modified: now,
      etag: whole.etag,
      size: from.size,
      segments: from.segments,
      ...(whole.checksums ? { checksums: whole.checksums } : {}),
      description: withDefaultRetention(current, next, now),
    }));
    const sourceVersion = versionHeader(sourceBucket, from)['x-amz-version-id'];
    return xmlResponse(
      'CopyObjectResult',
      [
        ['ETag', quoted(version.etag)],
        ['LastModified', iso(version.modified)],
        ...checksumElements(version.checksums?.values ?? {}),
      ],
      {
        ...versionHeaders,
        ...(sourceVersion === undefined ? {} : { 'x-amz-copy-source-version-id': sourceVersion }),
      },
    );
  } finally {
    watch.end();
    done();
  }
}

/** Metadata and tags are the source's unless a directive replaces them; locks are always the copy's own. */
function describeCopy(headers: ReadonlyMap<string, string>, source: Description, given: Description): Description {
  const metadata = directive(headers, 'x-amz-metadata-directive');
  const tagging = directive(headers, 'x-amz-tagging-directive');
  const { 'x-amz-storage-class': _sourceClass, ...sourceHeaders } = source.headers;
  const storageClass = given.headers['x-amz-storage-class'];
  return {
    ...given,
    headers:
      metadata === 'REPLACE'
        ? given.headers
        : { ...sourceHeaders, ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }) },
    metadata: metadata === 'REPLACE' ? given.metadata : source.metadata,
    tags: tagging === 'REPLACE' ? given.tags : source.tags,
  };
}

function directive(headers: ReadonlyMap<string, string>, name: string): 'COPY' | 'REPLACE' {
  const value = headers.get(name) ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') throw invalidArgument(name, value, `Unknown ${name}.`);
  return value;
}

/**
 * A copy is an upload in one part: its entity tag is the MD5 of the content. For a source that was uploaded in parts, or
 * when another checksum is asked for, the content is read once.
 */
async function singlePart(
  blobs: BlobStore,
  from: StoredObject,
  asked: ReturnType<typeof readAlgorithm>,
): Promise<{ readonly etag: string; readonly checksums: StoredChecksums | undefined }> {
  const known = Object.keys(from.checksums?.values ?? {}).find(isChecksumAlgorithm);
  const algorithm = asked ?? known ?? 'crc64nvme';
  if (from.parts === undefined && algorithm === known) return { etag: from.etag, checksums: from.checksums };
  const md5 = createHash('md5');
  const checksum = createChecksum(algorithm);
  for await (const chunk of blobs.read(from.segments, 0, from.size)) {
    md5.update(chunk);
    checksum.update(chunk);
  }
  return { etag: md5.digest('hex'), checksums: { values: { [algorithm]: checksum.value() }, type: 'FULL_OBJECT' } };
}

/** The range of an UploadPartCopy: both ends are given, and it lies within the source. */
export function readCopyRange(header: string | undefined, version: StoredObject): { start: number; end: number } {
  if (header === undefined) return { start: 0, end: version.size };
  const match = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2]) + 1];
  if (!match || start >= end) {
    throw invalidArgument(
      'x-amz-copy-source-range',
      header,
      'The x-amz-copy-source-range value must be of the form bytes=first-last',
    );
  }
  if (end > version.size) throw notInSource(header, version.size);
  return { start, end };
}

const notInSource = (header: string, size: number): S3Error =>
  invalidArgument('x-amz-copy-source-range', header, `Range specified is not valid for source object of size: ${size}`);
