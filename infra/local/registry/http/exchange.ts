import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Digest, isDigest } from '../../../../lib/core/digest.ts';
import { OciError, type OciErrorCode } from '../errors.ts';
import type { Mirror } from '../mirror/mirror.ts';
import type { RegistryAction, RegistryStore, StoredManifest } from '../model.ts';
import type { StoreParts } from '../store-parts.ts';

/** One request being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly store: RegistryStore;
  readonly parts: StoreParts;
  /** Who asks; `undefined` is the developer at the machine, or anyone at an edge. */
  readonly principal: string | undefined;
  /** The mirror that the repository comes from, if any of its rules covers it. */
  mirrorOf(repository: string): Mirror | undefined;
  /** Whether it is in a storage class from which nothing is read. */
  isArchived(repository: string, digest: Digest): boolean;
  /**
   * Asks for a manifest that is not here to be brought back out of the archive.
   *
   * @throws OciError 429 with `Retry-After` while that is under way, or may not be
   */
  recall(repository: string, reference: string): Promise<StoredManifest | undefined>;
  /** @throws OciError 403 */
  require(action: RegistryAction, repository: string): Promise<void>;
  allows(action: RegistryAction, repository: string): Promise<boolean>;
  /** @throws OciError 403 where the gate on pulls refuses the image */
  requirePull(repository: string, digest: Digest): Promise<void>;
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Answers whole. The body of a HEAD is left out by node:http; its length is still told. */
export function send(exchange: Exchange, status: number, headers: Headers, body: Uint8Array | string = ''): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const length = status === 204 || status === 304 ? {} : { 'content-length': String(bytes.length) };
  exchange.response.writeHead(status, { ...length, ...mutable(headers) });
  exchange.response.end(bytes);
}

export const sendJson = (exchange: Exchange, status: number, headers: Headers, body: unknown): void =>
  send(exchange, status, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));

export const mutable = (headers: Headers): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, typeof v === 'string' ? v : [...v]]));

export function requireDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new OciError(400, 'DIGEST_INVALID', `${JSON.stringify(text.slice(0, 140))} is not a sha256 or sha512 digest`);
}

export const notFound = (code: OciErrorCode, message: string): OciError => new OciError(404, code, message);

export const nameUnknown = (repository: string): OciError =>
  notFound('NAME_UNKNOWN', `the registry has no repository "${repository}"`);

export function methodNotAllowed(allowed: string): OciError {
  return new OciError(405, 'UNSUPPORTED', `this address answers to ${allowed}`, { headers: { allow: allowed } });
}

/** Parses `n` of a listing; at most `most` entries a page, whatever the client asks for. */
export function pageSize(query: URLSearchParams, most: number): number {
  const text = query.get('n');
  if (text === null) return most;
  if (!/^\d{1,15}$/.test(text)) throw new OciError(400, 'UNSUPPORTED', 'n is not a number of entries');
  return Math.min(Number(text), most);
}

/** RFC 5988, as distribution-spec 1.1 wants it for every listing that goes on. */
export const nextLink = (path: string, query: Readonly<Record<string, string>>): Headers => ({
  link: `<${path}?${new URLSearchParams(query)}>; rel="next"`,
});

/** Index of the first element after `last` in a sorted list. */
export function indexAfter(sorted: readonly string[], last: string | null): number {
  if (last === null) return 0;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) <= last) low = middle + 1;
    else high = middle;
  }
  return low;
}
