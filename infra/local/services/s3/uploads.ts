import type { ServiceResponse } from '../service.ts';
import { type BucketCall, bucketOf, checksumElements, iso, type ObjectCall, quoted, xmlResponse } from './call.ts';
import { readInteger } from './descriptions.ts';
import { compareKeys } from './keys.ts';
import { MAX_LISTED, prefixNodes, readListing } from './listing.ts';
import type { Upload } from './model.ts';
import { MAX_PARTS, openUpload } from './multipart.ts';
import type { XmlNode } from './xml.ts';

export async function listParts(call: ObjectCall): Promise<ServiceResponse> {
  const { upload, parts } = openUpload(call);
  const limit = readInteger('max-parts', call.query.get('max-parts'), 0, MAX_LISTED) ?? MAX_LISTED;
  const marker = readInteger('part-number-marker', call.query.get('part-number-marker'), 0, MAX_PARTS) ?? 0;
  const all = [...parts.values()].filter(({ number }) => number > marker).sort((a, b) => a.number - b.number);
  const page = all.slice(0, limit);
  return xmlResponse('ListPartsResult', [
    ['Bucket', call.bucket],
    ['Key', call.key],
    ['UploadId', upload.id],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', page.at(-1)?.number],
    ['MaxParts', limit],
    ['IsTruncated', page.length < all.length],
    ['StorageClass', upload.description.headers['x-amz-storage-class'] ?? 'STANDARD'],
    ['ChecksumAlgorithm', upload.algorithm?.toUpperCase()],
    ['ChecksumType', upload.checksumType],
    ...page.map(
      (part): XmlNode => [
        'Part',
        [
          ['PartNumber', part.number],
          ['LastModified', iso(part.modified)],
          ['ETag', quoted(part.etag)],
          ['Size', part.size],
          ...checksumElements(part.checksums),
        ],
      ],
    ),
  ]);
}

/** Uploads in the order of their keys, then of their start. */
export async function listMultipartUploads(call: BucketCall): Promise<ServiceResponse> {
  bucketOf(call);
  const request = readListing(call, 'max-uploads');
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = call.query.get('upload-id-marker') ?? '';
  const sorted = [...call.store.uploads.values()]
    .map(({ upload }) => upload)
    .filter(({ bucket, key }) => bucket === call.bucket && key.startsWith(request.prefix))
    .sort((a, b) => compareKeys(a.key, b.key) || a.started - b.started || compareKeys(a.id, b.id));
  const markerAt = sorted.findIndex(({ key, id }) => key === keyMarker && id === idMarker);
  const after = sorted.filter(({ key }, i) => compareKeys(key, keyMarker) > 0 || (markerAt >= 0 && i > markerAt));

  const uploads: Upload[] = [];
  const prefixes: string[] = [];
  let next: { readonly key: string; readonly id: string } | undefined;
  let truncated = false;
  for (const upload of after) {
    const cut = request.delimiter === '' ? -1 : upload.key.indexOf(request.delimiter, request.prefix.length);
    const common = cut < 0 ? undefined : upload.key.slice(0, cut + request.delimiter.length);
    if (common !== undefined && (prefixes.at(-1) === common || keyMarker.startsWith(common))) continue;
    if (uploads.length + prefixes.length >= request.limit) {
      truncated = request.limit > 0;
      break;
    }
    if (common === undefined) uploads.push(upload);
    else prefixes.push(common);
    next = { key: common ?? upload.key, id: common === undefined ? upload.id : '' };
  }
  return xmlResponse('ListMultipartUploadsResult', [
    ['Bucket', call.bucket],
    ['KeyMarker', request.encode(keyMarker)],
    ['UploadIdMarker', idMarker],
    ['NextKeyMarker', truncated && next ? request.encode(next.key) : undefined],
    ['NextUploadIdMarker', truncated ? next?.id : undefined],
    ['Prefix', request.encode(request.prefix)],
    ['Delimiter', request.delimiter === '' ? undefined : request.encode(request.delimiter)],
    ['EncodingType', request.encodingType],
    ['MaxUploads', request.limit],
    ['IsTruncated', truncated],
    ...uploads.map(
      (upload): XmlNode => [
        'Upload',
        [
          ['Key', request.encode(upload.key)],
          ['UploadId', upload.id],
          ['Initiated', iso(upload.started)],
          ['StorageClass', upload.description.headers['x-amz-storage-class'] ?? 'STANDARD'],
          ['ChecksumAlgorithm', upload.algorithm?.toUpperCase()],
          ['ChecksumType', upload.checksumType],
        ],
      ],
    ),
    ...prefixNodes(request, prefixes),
  ]);
}
