import { parseJsonStrict } from '../../../../lib/core/json.ts';
import { OCI_INDEX } from '../media-types.ts';
import type { StoredManifest } from '../model.ts';
import { sortedTags } from '../state.ts';
import {
  type Exchange,
  indexAfter,
  methodNotAllowed,
  nameUnknown,
  nextLink,
  pageSize,
  requireDigest,
  send,
  sendJson,
} from './exchange.ts';

const MOST_TAGS = 10_000;
const MOST_REPOSITORIES = 1000;
/** Clients read an index of at most 4 MiB, so a page of referrers stays below. */
const REFERRERS_PAGE_BYTES = 3 * 1024 * 1024;

export async function serveTags(exchange: Exchange, name: string): Promise<void> {
  requireGet(exchange);
  await exchange.require('ecr:ListImages', name);
  const repository = exchange.parts.state.repositories.get(name);
  if (!repository) throw nameUnknown(name);
  const { page, last } = takePage(exchange, sortedTags(repository), MOST_TAGS);
  const link = last === undefined ? {} : nextLink(`/v2/${name}/tags/list`, last);
  sendJson(exchange, 200, link, { name, tags: page });
}

export async function serveCatalog(exchange: Exchange): Promise<void> {
  requireGet(exchange);
  await exchange.require('ecr:DescribeRepositories', '*');
  const names = exchange.store.listRepositories().map(({ name }) => name);
  const { page, last } = takePage(exchange, names, MOST_REPOSITORIES);
  sendJson(exchange, 200, last === undefined ? {} : nextLink('/v2/_catalog', last), { repositories: page });
}

function requireGet({ request }: Exchange): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed('GET');
}

/** `last` is set where the listing goes on. `n=0` is an empty page without a link ("Listing Tags"). */
function takePage(
  { query }: Exchange,
  sorted: readonly string[],
  most: number,
): { readonly page: readonly string[]; readonly last?: Readonly<Record<string, string>> } {
  const n = pageSize(query, most);
  const start = indexAfter(sorted, query.get('last'));
  const page = sorted.slice(start, start + n);
  const last = page.at(-1);
  return last !== undefined && start + n < sorted.length ? { page, last: { n: String(n), last } } : { page };
}

/** distribution-spec 1.1, "Listing Referrers"; never a 404, also for a repository that has nothing. */
export async function serveReferrers(exchange: Exchange, name: string, digestText: string): Promise<void> {
  requireGet(exchange);
  await exchange.require('ecr:ListImageReferrers', name);
  const subject = requireDigest(digestText);
  await exchange.mirrorOf(name)?.referrers({ repository: name, principal: exchange.principal }, subject);
  const filter = exchange.query.get('artifactType');
  const all = exchange.store.referrers(name, subject);
  const start = indexAfter(
    all.map(({ digest }) => digest),
    exchange.query.get('last'),
  );
  const manifests: string[] = [];
  let size = 0;
  let next: string | undefined;
  for (const [position, referrer] of all.slice(start).entries()) {
    if (filter !== null && referrer.artifactMediaType !== filter) continue;
    const descriptor = await describe(exchange, name, referrer);
    if (descriptor === undefined) continue;
    size += Buffer.byteLength(descriptor);
    if (manifests.length > 0 && size > REFERRERS_PAGE_BYTES) {
      next = all[start + position - 1]?.digest;
      break;
    }
    manifests.push(descriptor);
  }
  const query = { ...(filter === null ? {} : { artifactType: filter }), ...(next === undefined ? {} : { last: next }) };
  send(
    exchange,
    200,
    {
      'content-type': OCI_INDEX,
      ...(filter === null ? {} : { 'oci-filters-applied': 'artifactType' }),
      ...(next === undefined ? {} : nextLink(`/v2/${name}/referrers/${subject}`, query)),
    },
    `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${manifests.join(',')}]}`,
  );
}

/** The descriptor as JSON. Annotations can be megabytes, so they are read from the manifest and not kept in memory. */
async function describe(exchange: Exchange, name: string, referrer: StoredManifest): Promise<string | undefined> {
  const found = await exchange.store.getManifest(name, referrer.digest);
  if (!found) return undefined;
  const document = parseJsonStrict(found.bytes);
  const annotations =
    document !== null && typeof document === 'object' && 'annotations' in document ? document.annotations : undefined;
  const { mediaType, digest, size, artifactMediaType } = referrer;
  return JSON.stringify({
    mediaType,
    digest,
    size,
    ...(artifactMediaType === undefined ? {} : { artifactType: artifactMediaType }),
    ...(annotations ? { annotations } : {}),
  });
}
