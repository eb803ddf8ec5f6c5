import { randomBytes } from 'node:crypto';
import type { ServiceResponse } from '../service.ts';
import { bucketOf, checksumElements, iso, type ObjectCall, quoted, versionHeader, xmlResponse } from './call.ts';
import { type ChecksumAlgorithm, isCrc } from './checksums.ts';
import { openCopySource, readCopyRange } from './copies.ts';
import { readDescription } from './descriptions.ts';
import { invalidArgument, invalidRequest, noSuchUpload } from './errors.ts';
import { type Received, readAlgorithm, receive } from './intake.ts';
import type { Part, Upload } from './model.ts';
import type { UploadState } from './store.ts';

/** S3 User Guide, "Amazon S3 multipart upload limits". */
export const MAX_PARTS = 10_000;

export async function createMultipartUpload(call: ObjectCall): Promise<ServiceResponse> {
  const { store, headers, bucket, key } = call;
  const state = bucketOf(call);
  const algorithm = readAlgorithm(headers.get('x-amz-checksum-algorithm'));
  const checksumType = readChecksumType(headers.get('x-amz-checksum-type'), algorithm);
  const upload: Upload = {
    id: randomBytes(48).toString('base64url'),
    bucket,
    key,
    started: call.now(),
    description: readDescription(headers, state.bucket, call.now()),
    ...(algorithm === undefined ? {} : { algorithm, checksumType }),
  };
  await store.exclusiveKey(bucket, key, () => store.commit({ type: 'upload', upload }));
  return xmlResponse(
    'InitiateMultipartUploadResult',
    [
      ['Bucket', bucket],
      ['Key', key],
      ['UploadId', upload.id],
    ],
    algorithm === undefined
      ? {}
      : { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': checksumType },
  );
}

/** CRC-64 is always of the whole object, SHA always a checksum of checksums, and the others are so by default. */
function readChecksumType(
  asked: string | undefined,
  algorithm: ChecksumAlgorithm | undefined,
): 'FULL_OBJECT' | 'COMPOSITE' {
  const type = asked ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  }
  const impossible =
    algorithm !== undefined && (type === 'FULL_OBJECT' ? !isCrc(algorithm) : algorithm === 'crc64nvme');
  if (impossible) {
    throw invalidRequest(`The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`);
  }
  return type;
}

export async function uploadPart(call: ObjectCall): Promise<ServiceResponse> {
  const { upload } = openUpload(call);
  const number = partNumber(call);
  const received = await receive(call.request.body, call.headers, call.store.blobs, readAlgorithm(upload.algorithm));
  const part = await addPart(call, number, received);
  const headers: Record<string, string> = { etag: quoted(part.etag) };
  for (const [name, value] of Object.entries(part.checksums)) headers[`x-amz-checksum-${name}`] = value;
  return { status: 200, headers };
}

export async function uploadPartCopy(call: ObjectCall): Promise<ServiceResponse> {
  const { upload } = openUpload(call);
  const number = partNumber(call);
  const { bucket, version, done } = openCopySource(call);
  try {
    const { start, end } = readCopyRange(call.headers.get('x-amz-copy-source-range'), version);
    const bytes = call.store.blobs.read(version.segments, start, end);
    const received = await receive(bytes, new Map(), call.store.blobs, readAlgorithm(upload.algorithm));
    const part = await addPart(call, number, received);
    const sourceVersion = versionHeader(bucket, version)['x-amz-version-id'];
    return xmlResponse(
      'CopyPartResult',
      [['ETag', quoted(part.etag)], ['LastModified', iso(part.modified)], ...checksumElements(part.checksums)],
      sourceVersion === undefined ? {} : { 'x-amz-copy-source-version-id': sourceVersion },
    );
  } finally {
    done();
  }
}

async function addPart(call: ObjectCall, number: number, received: Received): Promise<Part> {
  const { store } = call;
  try {
    return await store.exclusive(uploadName(uploadId(call)), async () => {
      // The upload may have been completed or aborted while the bytes came.
      const { upload } = openUpload(call);
      const part: Part = {
        number,
        etag: received.md5,
        size: received.segment.size,
        segment: received.segment,
        checksums: received.checksums,
        modified: call.now(),
      };
      await store.commit({ type: 'part', uploadId: upload.id, part });
      return part;
    });
  } catch (error) {
    await store.blobs.discard(received.segment);
    throw error;
  }
}

export async function abortMultipartUpload(call: ObjectCall): Promise<ServiceResponse> {
  const { store } = call;
  await store.exclusive(uploadName(uploadId(call)), async () => {
    const { upload } = openUpload(call);
    await store.commit({ type: 'upload-aborted', uploadId: upload.id });
  });
  return { status: 204 };
}

export const uploadId = (call: ObjectCall): string => call.query.get('uploadId') ?? '';
export const uploadName = (id: string): string => `upload ${id}`;

export function openUpload(call: ObjectCall): UploadState {
  bucketOf(call);
  const id = uploadId(call);
  if (id === '') throw noSuchUpload(id);
  return call.store.upload(id, call.bucket, call.key);
}

function partNumber(call: ObjectCall): number {
  const text = call.query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MAX_PARTS) {
    throw invalidArgument('partNumber', text, `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`);
  }
  return number;
}
