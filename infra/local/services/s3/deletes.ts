import type { ServiceResponse } from '../service.ts';
import { type BucketCall, bucketOf, newVersionId, type ObjectCall, versionHeader, xmlResponse } from './call.ts';
import { checkWrite, type WriteCondition } from './conditions.ts';
import { malformedXml, notImplemented, S3Error } from './errors.ts';
import { receiveDocument } from './intake.ts';
import { checkKey } from './keys.ts';
import { assertLockable, assertRemovable } from './locks.ts';
import type { DeleteMarker, Version } from './model.ts';
import { type BucketState, currentObject } from './store.ts';
import { childText, onlyChildren, parseXml, type XmlNode } from './xml.ts';

interface Deletion {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly condition: WriteCondition;
}

interface Deleted {
  readonly state: BucketState;
  /** The marker that was put, or the version that was asked for. */
  readonly version: Version | undefined;
}

/**
 * S3 User Guide, "Deleting object versions": with a version id the version is gone for good; without one a versioned
 * bucket gets a delete marker, and an unversioned one loses the object.
 */
async function remove(call: BucketCall, { key, versionId, condition }: Deletion, bypass: boolean): Promise<Deleted> {
  const { store, bucket } = call;
  return store.exclusiveKey(bucket, key, async (state) => {
    if (condition.kind !== 'none') checkWrite(condition, key, currentObject(state, key));
    if (versionId !== undefined) {
      const version = state.objects.get(key)?.find(({ id }) => id === versionId);
      if (version?.kind === 'object') assertRemovable(version.description, call.now(), bypass);
      if (version) await store.commit({ type: 'removed', bucket, key, versionId });
      return { state, version };
    }
    if (state.bucket.versioning === 'Unversioned') {
      const version = currentObject(state, key);
      if (version) await store.commit({ type: 'removed', bucket, key, versionId: version.id });
      return { state, version: undefined };
    }
    const version: DeleteMarker = { kind: 'marker', id: newVersionId(state.bucket), modified: call.now() };
    await store.commit({ type: 'put', bucket, key, version });
    return { state, version };
  });
}

function bypassOf(call: BucketCall, state: BucketState): boolean {
  const header = call.headers.get('x-amz-bypass-governance-retention');
  if (header !== undefined) assertLockable(state.bucket);
  return header?.toLowerCase() === 'true';
}

export async function deleteObject(call: ObjectCall): Promise<ServiceResponse> {
  const bypass = bypassOf(call, bucketOf(call));
  for (const name of ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size', 'x-amz-mfa']) {
    if (call.headers.has(name)) throw notImplemented(`the header ${name}`);
  }
  const match = call.headers.get('if-match');
  const { state, version } = await remove(
    call,
    {
      key: call.key,
      versionId: call.query.get('versionId'),
      condition: match === undefined ? { kind: 'none' } : { kind: 'etag', etag: match },
    },
    bypass,
  );
  const headers = version ? versionHeader(state.bucket, version) : {};
  return { status: 204, headers: version?.kind === 'marker' ? { ...headers, 'x-amz-delete-marker': 'true' } : headers };
}

const MAX_KEYS = 1000;
const MAX_DOCUMENT = 4 * 1024 * 1024;

/** @throws S3Error `MalformedXML` */
export function readDeletions(document: Uint8Array): {
  readonly quiet: boolean;
  readonly deletions: readonly Deletion[];
} {
  const root = parseXml(document);
  if (root.name !== 'Delete') throw malformedXml('it is no Delete');
  onlyChildren(root, ['Object', 'Quiet']);
  const objects = root.children.filter(({ name }) => name === 'Object');
  if (objects.length === 0 || objects.length > MAX_KEYS) throw malformedXml(`it names no or over ${MAX_KEYS} objects`);
  const deletions = objects.map((element): Deletion => {
    onlyChildren(element, ['Key', 'VersionId', 'ETag']);
    const etag = childText(element, 'ETag');
    return {
      key: checkKey(childText(element, 'Key') ?? ''),
      versionId: childText(element, 'VersionId'),
      condition: etag === undefined ? { kind: 'none' } : { kind: 'etag', etag },
    };
  });
  return { quiet: childText(root, 'Quiet') === 'true', deletions };
}

export async function deleteObjects(call: BucketCall): Promise<ServiceResponse> {
  const bypass = bypassOf(call, bucketOf(call));
  const given = [...call.headers.keys()].some((name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'));
  if (!given && !call.headers.has('x-amz-trailer')) {
    throw new S3Error(
      400,
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    );
  }
  const { quiet, deletions } = readDeletions(await receiveDocument(call.request.body, call.headers, MAX_DOCUMENT));
  const answer: XmlNode[] = [];
  for (const deletion of deletions) {
    const identity: XmlNode[] = [
      ['Key', deletion.key],
      ['VersionId', deletion.versionId],
    ];
    try {
      const { version } = await remove(call, deletion, bypass);
      if (quiet) continue;
      const marker: XmlNode[] =
        version?.kind === 'marker'
          ? [
              ['DeleteMarker', true],
              ['DeleteMarkerVersionId', version.id],
            ]
          : [];
      answer.push(['Deleted', [...identity, ...marker]]);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      answer.push(['Error', [...identity, ['Code', error.code], ['Message', error.message]]]);
    }
  }
  return xmlResponse('DeleteResult', answer);
}
