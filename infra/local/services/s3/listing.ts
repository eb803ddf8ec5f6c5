import type { ServiceResponse } from '../service.ts';
import { type BucketCall, bucketOf, iso, quoted, xmlResponse } from './call.ts';
import { readInteger } from './descriptions.ts';
import { invalidArgument } from './errors.ts';
import { compareKeys, type SortedKeys } from './keys.ts';
import type { StoredObject } from './model.ts';
import { currentObject } from './store.ts';
import type { XmlNode } from './xml.ts';

export const MAX_LISTED = 1000;

/** What a listing is asked for. */
export interface ListingRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly encode: (text: string) => string;
  readonly encodingType: string | undefined;
}

export function readListing(call: BucketCall, limitName = 'max-keys'): ListingRequest {
  const encodingType = call.query.get('encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw invalidArgument('encoding-type', encodingType, 'Invalid Encoding Method specified in Request');
  }
  return {
    prefix: call.query.get('prefix') ?? '',
    delimiter: call.query.get('delimiter') ?? '',
    limit: readInteger(limitName, call.query.get(limitName), 0, MAX_LISTED) ?? MAX_LISTED,
    encodingType,
    // S3 leaves the slash of a key readable.
    encode: encodingType === 'url' ? (text) => encodeURIComponent(text).replaceAll('%2F', '/') : (text) => text,
  };
}

/** A key, or a common prefix that stands for all keys under it. */
export type Entry =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'prefix'; readonly prefix: string };

/**
 * Walks keys in order, from the first after `after`, rolled up by delimiter. A common prefix that `after` lies under, or
 * is, has been listed before and is passed over. The walk jumps over what a prefix stands for.
 */
export function* walkKeys(
  keys: SortedKeys,
  { prefix, delimiter }: Pick<ListingRequest, 'prefix' | 'delimiter'>,
  after: string,
  inclusive = false,
): Generator<Entry> {
  let index = keys.indexFrom(compareKeys(after, prefix) > 0 ? after : prefix);
  for (let key = keys.at(index); key?.startsWith(prefix); key = keys.at(index)) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut >= 0) {
      const common = key.slice(0, cut + delimiter.length);
      index = keys.indexAfterPrefix(common, index);
      if (!after.startsWith(common) || after === '') yield { kind: 'prefix', prefix: common };
      continue;
    }
    index++;
    if (key !== after || inclusive) yield { kind: 'key', key };
  }
}

interface Page {
  readonly contents: readonly { readonly key: string; readonly version: StoredObject }[];
  readonly prefixes: readonly string[];
  /** Where the next page goes on; absent on the last. */
  readonly next: string | undefined;
}

function listCurrent(call: BucketCall, request: ListingRequest, after: string): Page {
  const state = bucketOf(call);
  const contents: { key: string; version: StoredObject }[] = [];
  const prefixes: string[] = [];
  if (request.limit === 0) return { contents, prefixes, next: undefined };
  let last = '';
  for (const entry of walkKeys(state.keys, request, after)) {
    const version = entry.kind === 'key' ? currentObject(state, entry.key) : undefined;
    if (entry.kind === 'key' && version === undefined) continue;
    if (entry.kind === 'prefix' && !hasCurrent(call, entry.prefix)) continue;
    if (contents.length + prefixes.length === request.limit) return { contents, prefixes, next: last };
    if (entry.kind === 'prefix') prefixes.push(entry.prefix);
    else if (version) contents.push({ key: entry.key, version });
    last = entry.kind === 'prefix' ? entry.prefix : entry.key;
  }
  return { contents, prefixes, next: undefined };
}

/** A prefix under which everything is deleted is not listed. */
function hasCurrent(call: BucketCall, prefix: string): boolean {
  const state = bucketOf(call);
  let index = state.keys.indexFrom(prefix);
  for (let key = state.keys.at(index); key?.startsWith(prefix); key = state.keys.at(++index)) {
    if (currentObject(state, key)) return true;
  }
  return false;
}

const contentsNode = (
  request: ListingRequest,
  key: string,
  version: StoredObject,
  owner: readonly XmlNode[],
): XmlNode => [
  'Contents',
  [
    ['Key', request.encode(key)],
    ['LastModified', iso(version.modified)],
    ['ETag', quoted(version.etag)],
    ...checksumListing(version),
    ['Size', version.size],
    ...owner,
    ['StorageClass', version.description.headers['x-amz-storage-class'] ?? 'STANDARD'],
  ],
];

export const checksumListing = (version: StoredObject): XmlNode[] => [
  ...Object.keys(version.checksums?.values ?? {}).map((name): XmlNode => ['ChecksumAlgorithm', name.toUpperCase()]),
  ['ChecksumType', version.checksums?.type],
];

export const prefixNodes = (request: ListingRequest, prefixes: readonly string[]): XmlNode[] =>
  prefixes.map((prefix) => ['CommonPrefixes', [['Prefix', request.encode(prefix)]]]);

export async function listObjectsV2(call: BucketCall): Promise<ServiceResponse> {
  if (call.query.get('list-type') !== '2') {
    throw invalidArgument('list-type', call.query.get('list-type') ?? '', 'The list-type must be 2');
  }
  const request = readListing(call);
  const token = call.query.get('continuation-token');
  const startAfter = call.query.get('start-after');
  const page = listCurrent(call, request, token === undefined ? (startAfter ?? '') : readToken(token));
  const owner: XmlNode[] =
    call.query.get('fetch-owner') === 'true' ? [['Owner', [['ID', call.request.accountId]]]] : [];
  return xmlResponse('ListBucketResult', [
    ['Name', call.bucket],
    ['Prefix', request.encode(request.prefix)],
    ['Delimiter', request.delimiter === '' ? undefined : request.encode(request.delimiter)],
    ['MaxKeys', request.limit],
    ['EncodingType', request.encodingType],
    ['KeyCount', page.contents.length + page.prefixes.length],
    ['IsTruncated', page.next !== undefined],
    ['ContinuationToken', token],
    ['NextContinuationToken', page.next === undefined ? undefined : writeToken(page.next)],
    ['StartAfter', startAfter === undefined ? undefined : request.encode(startAfter)],
    ...page.contents.map(({ key, version }) => contentsNode(request, key, version, owner)),
    ...prefixNodes(request, page.prefixes),
  ]);
}

export async function listObjects(call: BucketCall): Promise<ServiceResponse> {
  const request = readListing(call);
  const marker = call.query.get('marker') ?? '';
  const page = listCurrent(call, request, marker);
  const owner: XmlNode[] = [['Owner', [['ID', call.request.accountId]]]];
  return xmlResponse('ListBucketResult', [
    ['Name', call.bucket],
    ['Prefix', request.encode(request.prefix)],
    ['Marker', request.encode(marker)],
    ['Delimiter', request.delimiter === '' ? undefined : request.encode(request.delimiter)],
    ['MaxKeys', request.limit],
    ['EncodingType', request.encodingType],
    ['IsTruncated', page.next !== undefined],
    // Without a delimiter S3 leaves this out, and clients go on from the last key.
    ['NextMarker', page.next === undefined || request.delimiter === '' ? undefined : request.encode(page.next)],
    ...page.contents.map(({ key, version }) => contentsNode(request, key, version, owner)),
    ...prefixNodes(request, page.prefixes),
  ]);
}

/** Opaque to clients, so that nobody builds one by hand. */
const writeToken = (key: string): string => Buffer.from(`1:${key}`).toString('base64url');

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('1:') || writeToken(text.slice(2)) !== token) {
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
  }
  return text.slice(2);
}
