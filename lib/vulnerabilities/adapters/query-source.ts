import { z } from 'zod';
import { parseJsonStrict } from '../../core/json.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { AdvisorySource, ChangedFile, SourceReading } from '../ports.ts';
import { expectOk, type PublisherClient, type PublisherOptions, publisherClient } from './publisher-client.ts';

export interface QueryOptions extends PublisherOptions {
  readonly now: () => Date;
  /** Waits between two pages, as the publisher asks. */
  readonly pause: (ms: number) => Promise<void>;
}

const stateSchema = z.object({ since: z.iso.datetime() });
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;

function sinceOf(validator: string | undefined): Date | undefined {
  if (!validator?.startsWith('{')) return undefined;
  try {
    const state = stateSchema.safeParse(JSON.parse(validator)).data;
    return state && new Date(state.since);
  } catch {
    return undefined;
  }
}

const validatorFor = (until: Date): string => JSON.stringify({ since: until.toISOString() });

async function readPage(client: PublisherClient, url: string, headers: Record<string, string>) {
  const response = await client.ask(url, headers);
  // GitHub and the NVD both refuse with 403 whoever asks too often: the next run may ask again.
  if (response.status === 403) throw new AdvisorySourceError('unreachable', `${url} answered with status 403`);
  const text = Buffer.from(await client.body(expectOk(response, url), url, MAX_PAGE_BYTES)).toString('utf8');
  try {
    return { response, value: parseJsonStrict(text, { what: url, maxBytes: MAX_PAGE_BYTES }) };
  } catch (cause) {
    throw new AdvisorySourceError('broken', `${url} gave no JSON`, cause);
  }
}

const fileOf = (record: string, value: unknown): ChangedFile => ({
  path: `${record}.json`,
  record,
  bytes: Buffer.from(JSON.stringify(value)),
});

const asFiles = (files: readonly ChangedFile[]) =>
  (async function* () {
    yield* files;
  })();

const nvdPage = z.object({
  format: z.literal('NVD_CVE'),
  startIndex: z.int().nonnegative(),
  totalResults: z.int().nonnegative(),
  vulnerabilities: z.array(z.looseObject({ cve: z.looseObject({ id: z.string().max(40) }) })).max(2000),
});

/** "Requests should sleep for six seconds between each" (nvd.nist.gov/developers/start-here). */
const NVD_PAUSE_MS = 6000;
const NVD_PAGE = 2000;
const NVD_MAX_PAGES = 30;
/** At first, and of what one run asks for: the API allows 120 days. */
const NVD_FIRST_DAYS = 8;
const NVD_WINDOW_DAYS = 30;

/**
 * The NVD's API 2.0, `/rest/json/cves/2.0`: what was modified since the last time. It begins with the last eight days, as the
 * NVD's own feed of modified records does; the years before are files (`nvd/2025`).
 */
export function nvdApiSource(options: QueryOptions): AdvisorySource {
  const { name, url, scope = 'complete', now, pause } = options;
  return {
    name,
    scope,
    async read(validator): Promise<SourceReading> {
      const client = publisherClient(options);
      const last = sinceOf(validator);
      const from = last ?? new Date(now().getTime() - NVD_FIRST_DAYS * DAY_MS);
      const until = new Date(Math.min(now().getTime(), from.getTime() + NVD_WINDOW_DAYS * DAY_MS));
      const files: ChangedFile[] = [];
      for (let index = 0, page = 0, total = 1; index < total; page++) {
        if (page === NVD_MAX_PAGES) throw new AdvisorySourceError('too-large', `${url} has over ${page} pages`);
        if (page > 0) await pause(NVD_PAUSE_MS);
        const query = new URLSearchParams({
          lastModStartDate: from.toISOString(),
          lastModEndDate: until.toISOString(),
          startIndex: String(index),
          resultsPerPage: String(NVD_PAGE),
        });
        const { value } = await readPage(client, `${url}?${query}`, {});
        const parsed = nvdPage.safeParse(value);
        if (!parsed.success || parsed.data.startIndex !== index) {
          throw new AdvisorySourceError('broken', `${url} gave no page of CVEs from ${index} on`);
        }
        const { vulnerabilities, totalResults } = parsed.data;
        if (vulnerabilities.length === 0 && index < totalResults) {
          throw new AdvisorySourceError('broken', `${url} gave ${index} of ${totalResults} CVEs`);
        }
        for (const one of vulnerabilities) {
          files.push(fileOf(one.cve.id, { format: 'NVD_CVE', vulnerabilities: [one] }));
        }
        total = totalResults;
        index += vulnerabilities.length;
      }
      const more = { validator: validatorFor(until), fetchedBytes: client.fetched() };
      if (!last) return { kind: 'files', files: asFiles(files), ...more };
      return { kind: 'changes', files, gone: [], ...more };
    },
  };
}

const githubPage = z.array(z.looseObject({ ghsa_id: z.string().max(40), updated_at: z.iso.datetime() })).max(100);
/** Without a token, GitHub answers 60 requests an hour and address. */
const GITHUB_MAX_PAGES = 20;
const GITHUB_ARCHIVE_EVERY_MS = 7 * DAY_MS;
const githubState = stateSchema.extend({ archiveAt: z.iso.datetime() });

/**
 * GitHub's Advisory Database: the repository of its records once (as an archive), then what `GET /advisories` says was
 * modified since; both hold what GitHub reviewed. The archive again where that is too much, and each week.
 */
export function githubAdvisoriesSource(options: QueryOptions & { readonly archive: string }): AdvisorySource {
  const { name, url, scope = 'complete', now, archive } = options;
  return {
    name,
    scope,
    async read(validator): Promise<SourceReading> {
      const client = publisherClient(options);
      const state = githubStateOf(validator);
      const isOld = !state || now().getTime() - Date.parse(state.archiveAt) >= GITHUB_ARCHIVE_EVERY_MS;
      const files = isOld ? undefined : await modifiedAdvisories(client, url, new Date(state.since));
      if (!files || !state) {
        const began = now().toISOString();
        const bytes = await client.file(archive);
        return {
          kind: 'files',
          files: asFiles([{ path: 'advisory-database.tar.gz', record: '', bytes }]),
          // The archive may lag what the API tells by some hours.
          validator: JSON.stringify({ since: new Date(Date.parse(began) - DAY_MS).toISOString(), archiveAt: began }),
          fetchedBytes: client.fetched(),
          isBehind: true,
        };
      }
      if (files.length === 0) return { kind: 'unchanged', fetchedBytes: client.fetched() };
      const newest = files
        .map(({ modified }) => modified)
        .sort()
        .at(-1) as string;
      const next = { ...state, since: newest > state.since ? newest : state.since };
      return { kind: 'changes', files, gone: [], validator: JSON.stringify(next), fetchedBytes: client.fetched() };
    },
  };
}

function githubStateOf(validator: string | undefined): z.infer<typeof githubState> | undefined {
  try {
    return githubState.safeParse(JSON.parse(validator ?? '')).data;
  } catch {
    return undefined;
  }
}

/** `undefined`: more than may be asked for. What was modified in that very second was read before. */
async function modifiedAdvisories(client: PublisherClient, url: string, since: Date) {
  const found: (ChangedFile & { readonly modified: string })[] = [];
  const query = new URLSearchParams({
    ...{ type: 'reviewed', sort: 'updated', direction: 'desc', per_page: '100' },
    modified: `>${since.toISOString().slice(0, 19)}Z`,
  });
  let next: string | undefined = `${url}?${query}`;
  for (let page = 0; next !== undefined; page++) {
    if (page === GITHUB_MAX_PAGES) return undefined;
    const { response, value } = await readPage(client, next, {
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    });
    const parsed = githubPage.safeParse(value);
    if (!parsed.success) throw new AdvisorySourceError('broken', `${url} gave no list of advisories`);
    for (const one of parsed.data) found.push({ ...fileOf(one.ghsa_id, one), modified: one.updated_at });
    // RFC 8288; it leads on at the same address, or not at all.
    const link: string | undefined = /<([^>]{1,2000})>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    if (link !== undefined && !link.startsWith(`${url}?`)) {
      throw new AdvisorySourceError('refused', `${url} leads on to another address`);
    }
    next = link;
  }
  return found;
}
