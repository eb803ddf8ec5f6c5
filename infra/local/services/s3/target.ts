import type { ServiceRequest } from '../service.ts';
import { S3Error } from './errors.ts';

/** What a path-style request is about: `/bucket/key?query`, decoded. */
export interface Target {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: ReadonlyMap<string, string>;
}

const invalidUri = (): S3Error => new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");

/**
 * Reads the request target as it was sent. A `URL` would not do: it folds `a/../b` into `b`, and with that one key
 * into another.
 *
 * @throws S3Error `InvalidURI`
 */
export function parseTarget(request: ServiceRequest): Target {
  const sent = request.rawTarget;
  if (sent === undefined) {
    throw new S3Error(500, 'InternalError', 'The facade did not pass the request target as it was sent (rawTarget).');
  }
  const mark = sent.indexOf('?');
  const path = mark < 0 ? sent : sent.slice(0, mark);
  if (!path.startsWith('/')) throw invalidUri();
  const slash = path.indexOf('/', 1);
  const bucket = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decode(path.slice(slash + 1));
  return {
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    query: parseQuery(mark < 0 ? '' : sent.slice(mark + 1)),
  };
}

function parseQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeForm(equals < 0 ? pair : pair.slice(0, equals));
    if (query.has(name)) throw invalidUri();
    query.set(name, equals < 0 ? '' : decodeForm(pair.slice(equals + 1)));
  }
  return query;
}

const decodeForm = (text: string): string => decode(text.replaceAll('+', ' '));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUri();
  }
}
