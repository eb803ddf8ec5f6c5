import { noSuchKey, notImplemented, preconditionFailed } from './errors.ts';
import type { StoredObject } from './model.ts';

type Headers = ReadonlyMap<string, string>;

/** Times in HTTP have whole seconds. */
const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

function time(header: string | undefined): number | undefined {
  const parsed = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(parsed) ? undefined : seconds(parsed);
}

/** A list of entity tags, quoted or (as S3 allows) bare; weak tags compare like strong ones, S3 has no weak ones. */
function matchesEtag(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const wanted = item.trim().replace(/^W\//, '');
    return wanted === '*' || wanted.replaceAll('"', '') === etag;
  });
}

/** What a condition makes of a read. */
export type ReadOutcome = 'proceed' | 'not-modified';

/**
 * Conditions of GetObject and HeadObject, in the order of the API reference: `If-Match` decides over
 * `If-Unmodified-Since`, `If-None-Match` over `If-Modified-Since`.
 *
 * @throws S3Error `PreconditionFailed`
 */
export function checkRead(headers: Headers, version: StoredObject): ReadOutcome {
  const match = headers.get('if-match');
  const unmodified = time(headers.get('if-unmodified-since'));
  if (match !== undefined) {
    if (!matchesEtag(match, version.etag)) throw preconditionFailed('If-Match');
  } else if (unmodified !== undefined && seconds(version.modified) > unmodified) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const noneMatch = headers.get('if-none-match');
  const modified = time(headers.get('if-modified-since'));
  if (noneMatch !== undefined) return matchesEtag(noneMatch, version.etag) ? 'not-modified' : 'proceed';
  return modified !== undefined && seconds(version.modified) <= modified ? 'not-modified' : 'proceed';
}

/**
 * The same four conditions on the source of a copy, where each that fails is a 412.
 *
 * @throws S3Error `PreconditionFailed`
 */
export function checkCopySource(headers: Headers, source: StoredObject): void {
  const prefix = 'x-amz-copy-source-';
  const conditions = new Map<string, string>();
  for (const name of ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']) {
    const value = headers.get(prefix + name);
    if (value !== undefined) conditions.set(name, value);
  }
  if (checkRead(conditions, source) === 'not-modified') throw preconditionFailed('x-amz-copy-source-If-None-Match');
}

/** A condition on the object that a write replaces. */
export type WriteCondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'etag'; readonly etag: string };

/** @throws S3Error `NotImplemented` for conditions that S3 does not have on writes */
export function writeCondition(headers: Headers): WriteCondition {
  const noneMatch = headers.get('if-none-match');
  const match = headers.get('if-match');
  if (noneMatch !== undefined && match !== undefined) throw notImplemented('If-Match together with If-None-Match');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw notImplemented('If-None-Match other than * on a write');
    return { kind: 'absent' };
  }
  return match === undefined ? { kind: 'none' } : { kind: 'etag', etag: match };
}

/**
 * S3 User Guide, "Conditional write behavior": a delete marker counts as no object; `If-Match` on no object is a 404.
 *
 * @throws S3Error `PreconditionFailed`, `NoSuchKey`
 */
export function checkWrite(condition: WriteCondition, key: string, current: StoredObject | undefined): void {
  switch (condition.kind) {
    case 'none':
      return;
    case 'absent':
      if (current) throw preconditionFailed('If-None-Match');
      return;
    case 'etag':
      if (!current) throw noSuchKey(key);
      if (!matchesEtag(condition.etag, current.etag)) throw preconditionFailed('If-Match');
      return;
  }
}
