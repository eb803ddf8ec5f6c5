import { createHash } from 'node:crypto';
import type { ServiceResponse } from '../service.ts';
import {
  bucketOf,
  checksumElements,
  newVersionId,
  type ObjectCall,
  quoted,
  versionHeader,
  xmlResponse,
} from './call.ts';
import { checksumOf, createChecksum } from './checksums.ts';
import { writeCondition } from './conditions.ts';
import { readInteger } from './descriptions.ts';
import { invalidRequest, malformedXml, S3Error } from './errors.ts';
import { readAlgorithm, receiveDocument } from './intake.ts';
import { withDefaultRetention } from './locks.ts';
import type { Part, StoredChecksums, StoredObject, Upload } from './model.ts';
import { MAX_PARTS, openUpload, uploadId, uploadName } from './multipart.ts';
import type { UploadState } from './store.ts';
import { commitObject } from './writes.ts';
import { childText, onlyChildren, parseXml } from './xml.ts';

/** Each part but the last has at least 5 MiB. */
const MIN_PART = 5 * 1024 * 1024;
const MAX_DOCUMENT = 4 * 1024 * 1024;

export async function completeMultipartUpload(call: ObjectCall): Promise<ServiceResponse> {
  const { store, headers } = call;
  const condition = writeCondition(headers);
  bucketOf(call);
  const document = await receiveDocument(call.request.body, withoutObjectChecksums(headers), MAX_DOCUMENT);
  const listed = readParts(document);
  const watch = store.watchDeletions(call.bucket, call.key);
  try {
    return await store.exclusive(uploadName(uploadId(call)), async () => {
      const done = completedEarlier(call);
      if (done) return completed(call, done);
      const { upload, parts } = openUpload(call);
      const chosen = chooseParts(listed, parts);
      const checksums = await combineChecksums(call, upload, chosen);
      const size = chosen.reduce((sum, part) => sum + part.size, 0);
      if ((readInteger('x-amz-mp-object-size', headers.get('x-amz-mp-object-size'), 0, size + 1) ?? size) !== size) {
        throw invalidRequest('The provided x-amz-mp-object-size header does not match what was uploaded.');
      }
      const { version } = await commitObject(
        call,
        condition,
        watch,
        (bucket, now) => ({
          kind: 'object',
          id: newVersionId(bucket),
          modified: now,
          etag: etagOfParts(chosen),
          size,
          segments: chosen.map((part) => part.segment),
          parts: chosen.map((part) => part.size),
          upload: upload.id,
          ...(checksums ? { checksums } : {}),
          description: withDefaultRetention(bucket, upload.description, now),
        }),
        upload.id,
      );
      return completed(call, version);
    });
  } finally {
    watch.end();
  }
}

/** A completion that is sent again, because its answer was lost, gets that answer again. */
function completedEarlier(call: ObjectCall): StoredObject | undefined {
  const id = uploadId(call);
  if (call.store.uploads.has(id)) return undefined;
  for (const version of bucketOf(call).objects.get(call.key) ?? []) {
    if (version.kind === 'object' && version.upload === id) return version;
  }
  return undefined;
}

function completed(call: ObjectCall, version: StoredObject): ServiceResponse {
  return xmlResponse(
    'CompleteMultipartUploadResult',
    [
      ['Location', `${call.request.url.origin}/${call.bucket}/${encodeURIComponent(call.key)}`],
      ['Bucket', call.bucket],
      ['Key', call.key],
      ['ETag', quoted(version.etag)],
      ...checksumElements(version.checksums?.values ?? {}),
      ['ChecksumType', version.checksums?.type],
    ],
    versionHeader(bucketOf(call).bucket, version),
  );
}

interface ListedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksums: ReadonlyMap<string, string>;
}

function readParts(document: Uint8Array): readonly ListedPart[] {
  const root = parseXml(document);
  if (root.name !== 'CompleteMultipartUpload') throw malformedXml('it is no CompleteMultipartUpload');
  onlyChildren(root, ['Part']);
  if (root.children.length === 0 || root.children.length > MAX_PARTS)
    throw malformedXml('it lists no part, or too many');
  const parts = root.children.map((element): ListedPart => {
    const checksums = new Map<string, string>();
    for (const child of element.children) {
      if (child.name.startsWith('Checksum'))
        checksums.set(child.name.slice('Checksum'.length).toLowerCase(), child.text);
    }
    const number = childText(element, 'PartNumber') ?? '';
    if (!/^[1-9]\d{0,4}$/.test(number)) throw malformedXml('a part has no number');
    return { number: Number(number), etag: (childText(element, 'ETag') ?? '').replaceAll('"', ''), checksums };
  });
  if (parts.some((part, i) => i > 0 && part.number <= (parts[i - 1]?.number ?? 0))) {
    throw new S3Error(
      400,
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    );
  }
  return parts;
}

function chooseParts(listed: readonly ListedPart[], parts: UploadState['parts']): readonly Part[] {
  return listed.map(({ number, etag, checksums }, i) => {
    const part = parts.get(number);
    const matches = [...checksums].every(([name, value]) => part?.checksums[name] === value);
    if (part === undefined || part.etag !== etag || !matches) {
      throw new S3Error(
        400,
        'InvalidPart',
        'One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part’s entity tag.',
        { details: { PartNumber: String(number), ETag: etag } },
      );
    }
    if (part.size < MIN_PART && i < listed.length - 1) {
      throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        details: { ProposedSize: String(part.size), MinSizeAllowed: String(MIN_PART), PartNumber: String(number) },
      });
    }
    return part;
  });
}

/** The MD5 of the MD5s of the parts, and their count. */
const etagOfParts = (parts: readonly Part[]): string =>
  `${createHash('md5')
    .update(Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex'))))
    .digest('hex')}-${parts.length}`;

async function combineChecksums(
  call: ObjectCall,
  upload: Upload,
  parts: readonly Part[],
): Promise<StoredChecksums | undefined> {
  // Without an algorithm S3 adds a CRC-64 of the whole; here it would cost reading the object again, and nobody asked.
  const algorithm = readAlgorithm(upload.algorithm);
  if (algorithm === undefined) return undefined;
  const type = upload.checksumType ?? 'COMPOSITE';
  let value: string;
  if (type === 'COMPOSITE') {
    const all = Buffer.concat(parts.map(({ checksums }) => Buffer.from(checksums[algorithm] ?? '', 'base64')));
    value = `${checksumOf(algorithm, all)}-${parts.length}`;
  } else {
    const checksum = createChecksum(algorithm);
    const segments = parts.map(({ segment }) => segment);
    const size = segments.reduce((sum, segment) => sum + segment.size, 0);
    for await (const chunk of call.store.blobs.read(segments, 0, size)) checksum.update(chunk);
    value = checksum.value();
  }
  const promised = call.headers.get(`x-amz-checksum-${algorithm}`);
  if (promised !== undefined && promised !== value) {
    throw new S3Error(
      400,
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { values: { [algorithm]: value }, type };
}

/** In a completion these headers are about the object, not about the document that lists its parts. */
const withoutObjectChecksums = (headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...headers].filter(([name]) => !name.startsWith('x-amz-checksum-')));
