import type { ServiceResponse } from '../service.ts';
import { type BucketCall, bucketOf, iso, quoted, xmlResponse } from './call.ts';
import { invalidArgument } from './errors.ts';
import { checksumListing, type ListingRequest, prefixNodes, readListing, walkKeys } from './listing.ts';
import type { Version } from './model.ts';
import type { BucketState } from './store.ts';
import type { XmlNode } from './xml.ts';

interface Listed {
  readonly key: string;
  readonly version: Version;
  readonly latest: boolean;
}

interface Page {
  readonly versions: readonly Listed[];
  readonly prefixes: readonly string[];
  readonly next: { readonly key: string; readonly versionId: string | undefined } | undefined;
}

/** Versions in the order of their keys, the newest of a key first. */
export async function listObjectVersions(call: BucketCall): Promise<ServiceResponse> {
  const state = bucketOf(call);
  const request = readListing(call);
  const keyMarker = call.query.get('key-marker') ?? '';
  const versionMarker = call.query.get('version-id-marker');
  if (versionMarker !== undefined && versionMarker !== '' && keyMarker === '') {
    throw invalidArgument(
      'version-id-marker',
      versionMarker,
      'A version-id marker cannot be specified without a key marker.',
    );
  }
  const page = pageOf(state, request, keyMarker, versionMarker === '' ? undefined : versionMarker);
  return xmlResponse('ListVersionsResult', [
    ['Name', call.bucket],
    ['Prefix', request.encode(request.prefix)],
    ['KeyMarker', request.encode(keyMarker)],
    ['VersionIdMarker', versionMarker ?? ''],
    ['Delimiter', request.delimiter === '' ? undefined : request.encode(request.delimiter)],
    ['MaxKeys', request.limit],
    ['EncodingType', request.encodingType],
    ['IsTruncated', page.next !== undefined],
    ['NextKeyMarker', page.next === undefined ? undefined : request.encode(page.next.key)],
    ['NextVersionIdMarker', page.next?.versionId],
    ...page.versions.map((listed) => versionNode(request, listed, call.request.accountId)),
    ...prefixNodes(request, page.prefixes),
  ]);
}

function pageOf(
  state: BucketState,
  request: ListingRequest,
  keyMarker: string,
  versionMarker: string | undefined,
): Page {
  const versions: Listed[] = [];
  const prefixes: string[] = [];
  let next: Page['next'];
  if (request.limit === 0) return { versions, prefixes, next };
  const isFull = (): boolean => versions.length + prefixes.length === request.limit;
  for (const entry of walkKeys(state.keys, request, keyMarker, versionMarker !== undefined)) {
    if (entry.kind === 'prefix') {
      if (isFull()) return { versions, prefixes, next };
      prefixes.push(entry.prefix);
      next = { key: entry.prefix, versionId: undefined };
      continue;
    }
    const all = state.objects.get(entry.key) ?? [];
    const skip = entry.key === keyMarker ? all.findIndex(({ id }) => id === versionMarker) + 1 : 0;
    for (const [i, version] of all.entries()) {
      if (i < skip) continue;
      if (isFull()) return { versions, prefixes, next };
      versions.push({ key: entry.key, version, latest: i === 0 });
      next = { key: entry.key, versionId: version.id };
    }
  }
  return { versions, prefixes, next: undefined };
}

function versionNode(request: ListingRequest, { key, version, latest }: Listed, owner: string): XmlNode {
  const common: XmlNode[] = [
    ['Key', request.encode(key)],
    ['VersionId', version.id],
    ['IsLatest', latest],
    ['LastModified', iso(version.modified)],
    ['Owner', [['ID', owner]]],
  ];
  if (version.kind === 'marker') return ['DeleteMarker', common];
  return [
    'Version',
    [
      ...common,
      ['ETag', quoted(version.etag)],
      ...checksumListing(version),
      ['Size', version.size],
      ['StorageClass', version.description.headers['x-amz-storage-class'] ?? 'STANDARD'],
    ],
  ];
}
