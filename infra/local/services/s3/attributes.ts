import type { ServiceResponse } from '../service.ts';
import { bucketOf, iso, type ObjectCall, versionHeader, xmlResponse } from './call.ts';
import { checkTags } from './descriptions.ts';
import { malformedXml } from './errors.ts';
import { receiveDocument } from './intake.ts';
import { assertLockable, assertRetentionChange, lockNotFound, readLegalHold, readRetention } from './locks.ts';
import type { Bucket, Description, Tag } from './model.ts';
import { findVersion } from './objects.ts';
import { childText, onlyChildren, parseXml, type XmlElement, type XmlNode } from './xml.ts';

/** What can be changed of a version without making a new one: tags, retention, legal hold. */

const MAX_DOCUMENT = 256 * 1024;

async function documentOf(call: ObjectCall, root: string, children: readonly string[]): Promise<XmlElement> {
  const element = parseXml(await receiveDocument(call.request.body, call.headers, MAX_DOCUMENT));
  if (element.name !== root) throw malformedXml(`it is no ${root}`);
  onlyChildren(element, children);
  return element;
}

/** Checks and change under the key's lock, so that no retention is lowered by a race. */
async function redescribe(
  call: ObjectCall,
  status: number,
  change: (description: Description, bucket: Bucket) => Description,
): Promise<ServiceResponse> {
  bucketOf(call);
  const { store, bucket, key } = call;
  return store.exclusiveKey(bucket, key, async (state) => {
    const version = findVersion(call, state);
    const description = change(version.description, state.bucket);
    await store.commit({ type: 'described', bucket, key, versionId: version.id, description });
    return { status, headers: versionHeader(state.bucket, version) };
  });
}

export async function getObjectTagging(call: ObjectCall): Promise<ServiceResponse> {
  const state = bucketOf(call);
  const version = findVersion(call, state);
  const tags = version.description.tags.map(
    ({ key, value }): XmlNode => [
      'Tag',
      [
        ['Key', key],
        ['Value', value],
      ],
    ],
  );
  return xmlResponse('Tagging', [['TagSet', tags]], versionHeader(state.bucket, version));
}

export async function putObjectTagging(call: ObjectCall): Promise<ServiceResponse> {
  bucketOf(call);
  const root = await documentOf(call, 'Tagging', ['TagSet']);
  const set = root.children[0];
  if (set === undefined || root.children.length > 1) throw malformedXml('it has no single TagSet');
  onlyChildren(set, ['Tag']);
  const tags = checkTags(
    set.children.map((tag): Tag => {
      onlyChildren(tag, ['Key', 'Value']);
      return { key: childText(tag, 'Key') ?? '', value: childText(tag, 'Value') ?? '' };
    }),
  );
  return redescribe(call, 200, (description) => ({ ...description, tags }));
}

export async function deleteObjectTagging(call: ObjectCall): Promise<ServiceResponse> {
  return redescribe(call, 204, (description) => ({ ...description, tags: [] }));
}

export async function getObjectRetention(call: ObjectCall): Promise<ServiceResponse> {
  const state = bucketOf(call);
  assertLockable(state.bucket);
  const { retention } = findVersion(call, state).description;
  if (retention === undefined) throw lockNotFound();
  return xmlResponse('Retention', [
    ['Mode', retention.mode],
    ['RetainUntilDate', iso(retention.until)],
  ]);
}

export async function putObjectRetention(call: ObjectCall): Promise<ServiceResponse> {
  assertLockable(bucketOf(call).bucket);
  const root = await documentOf(call, 'Retention', ['Mode', 'RetainUntilDate']);
  const bypass = call.headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true';
  return redescribe(call, 200, (description) => {
    const now = call.now();
    const next = readRetention(childText(root, 'Mode'), childText(root, 'RetainUntilDate'), now);
    assertRetentionChange(description.retention, next, now, bypass);
    const { retention: _old, ...rest } = description;
    return next === undefined ? rest : { ...rest, retention: next };
  });
}

export async function getObjectLegalHold(call: ObjectCall): Promise<ServiceResponse> {
  const state = bucketOf(call);
  assertLockable(state.bucket);
  const { legalHold } = findVersion(call, state).description;
  if (legalHold === undefined) throw lockNotFound();
  return xmlResponse('LegalHold', [['Status', legalHold ? 'ON' : 'OFF']]);
}

export async function putObjectLegalHold(call: ObjectCall): Promise<ServiceResponse> {
  assertLockable(bucketOf(call).bucket);
  const root = await documentOf(call, 'LegalHold', ['Status']);
  const legalHold = readLegalHold(childText(root, 'Status') ?? '');
  return redescribe(call, 200, (description) => ({ ...description, legalHold }));
}
