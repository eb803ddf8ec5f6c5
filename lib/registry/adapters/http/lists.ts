import { z } from 'zod';
import { isRepositoryName, isTag } from '../../../core/image-reference.ts';
import { registryError } from '../../errors.ts';
import type { RegistryLister } from '../../ports.ts';
import { headerOf, readJson, refusal } from './answers.ts';
import { startDeadline } from './deadline.ts';
import { type Exchange, type ExchangeRequest, resolveLocation } from './exchange.ts';
import { parseNextLink } from './parse-link.ts';
import { CATALOG_SCOPE, pullScope, repositoryPath } from './paths.ts';
import type { HttpResponse } from './transport.ts';

const PAGE_SIZE = 1_000;
const MAX_PAGES = 10_000;
const PAGE_TIME_MS = 60_000;

const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });
const catalogSchema = z.object({ repositories: z.array(z.string()).nullish() });

/** Distribution specification 1.1, "Listing Tags"; the catalogue is distribution's own and may be switched off. */
export function createRegistryLister(exchange: Exchange): RegistryLister {
  return {
    async *listTags(repository, options) {
      const at = `${repositoryPath(repository)}/tags/list?n=${PAGE_SIZE}`;
      const what = `the tags of ${repository}`;
      for await (const page of pages(exchange, { at, what, scopes: pullScope(repository), signal: options?.signal })) {
        if (page.status === 404) return page.discard();
        if (page.status !== 200) throw await refusal(page, what, 'registry-protocol');
        // What is no tag by the grammar could not be asked for either.
        yield* ((await readJson(page, tagsSchema, what)).tags ?? []).filter(isTag);
      }
    },
    async *listRepositories(options) {
      const what = 'the list of repositories';
      const request = { at: `/v2/_catalog?n=${PAGE_SIZE}`, what, scopes: CATALOG_SCOPE, signal: options?.signal };
      for await (const page of pages(exchange, request)) {
        if (page.status !== 200) throw await refusal(page, what, 'registry-refused', 'not every registry gives one');
        yield* ((await readJson(page, catalogSchema, what)).repositories ?? []).filter(isRepositoryName);
      }
    },
  };
}

/**
 * The answers to a GET and to the `next` links of each. Links are the registry's word: they must stay on its origin,
 * must not come back to a page that was there, and end after 10,000 pages.
 */
export async function* pages(
  exchange: Exchange,
  request: Omit<ExchangeRequest, 'method' | 'body'>,
): AsyncGenerator<HttpResponse, void, undefined> {
  const seen = new Set<string>();
  let at: URL | undefined = new URL(request.at, exchange.policy.base);
  while (at !== undefined) {
    if (seen.has(at.href) || seen.size >= MAX_PAGES) {
      throw registryError('registry-protocol', `${request.what} does not end: a page links to an earlier one`);
    }
    seen.add(at.href);
    const deadline = startDeadline(request.signal, PAGE_TIME_MS, `a page of ${request.what}`);
    try {
      const page: HttpResponse = await exchange.send({ ...request, method: 'GET', at, signal: deadline.signal });
      const next = page.status === 200 ? parseNextLink(headerOf(page, 'link') ?? '') : undefined;
      yield page;
      at = next === undefined ? undefined : sameOrigin(resolveLocation(next, at, request.what), exchange, request.what);
    } finally {
      deadline.clear();
    }
  }
}

function sameOrigin(url: URL, exchange: Exchange, what: string): URL {
  if (url.origin === exchange.policy.base.origin) return url;
  throw registryError('address-blocked', `the next page of ${what} is on another host (${url.host.slice(0, 200)})`);
}
