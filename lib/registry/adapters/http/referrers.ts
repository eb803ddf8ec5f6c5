import {
  type Descriptor,
  essenceOf,
  MAX_MANIFEST_BYTES,
  OCI_IMAGE_INDEX,
  parseManifest,
} from '../../../formats/oci/index.ts';
import { registryError } from '../../errors.ts';
import { DEFAULT_REFERRER_LIMIT, listReferrersByTag } from '../../list-referrers-by-tag.ts';
import type { ContentAddress, ManifestReader, ReferrerReader } from '../../ports.ts';
import { collectContent } from '../../verify-content.ts';
import { headerOf, refusal } from './answers.ts';
import type { Exchange } from './exchange.ts';
import { pages } from './lists.ts';
import { pullScope, repositoryPath } from './paths.ts';
import type { HttpResponse } from './transport.ts';

interface Found {
  readonly descriptors: readonly Descriptor[];
  readonly complete: boolean;
}

type Options = Parameters<ReferrerReader['listReferrers']>[1];

/** Answers by which registries say that they do not know the API; the specification has only the first of them. */
const NO_API = new Set([404, 400, 405, 406, 501]);

export function createReferrerReader(exchange: Exchange, manifests: ManifestReader): ReferrerReader {
  return {
    async listReferrers(of, options = {}) {
      const found = await askReferrersApi(exchange, of, options);
      return found === undefined ? listReferrersByTag(manifests, of, options) : { ...found, via: 'api' };
    },
  };
}

/**
 * Asks the referrers API page by page (distribution specification 1.1, "Listing Referrers"); `undefined` where the
 * registry has none.
 */
export async function askReferrersApi(
  exchange: Exchange,
  of: ContentAddress,
  options: NonNullable<Options>,
): Promise<Found | undefined> {
  const { artifactType, limit = DEFAULT_REFERRER_LIMIT, signal } = options;
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`;
  const what = `the referrers of ${of.repository}@${of.digest}`;
  const at = `${repositoryPath(of.repository)}/referrers/${of.digest}${query}`;
  const found = new Map<string, Descriptor>();
  let first = true;
  for await (const page of pages(exchange, { at, what, scopes: pullScope(of.repository), signal })) {
    const known = await readPage(page, what);
    if (known === undefined) {
      if (first) return undefined;
      throw registryError('registry-protocol', `a page of ${what} is missing`);
    }
    first = false;
    for (const d of known) if (artifactType === undefined || d.artifactType === artifactType) found.set(d.digest, d);
    if (found.size > limit) return { descriptors: [...found.values()].slice(0, limit), complete: false };
  }
  return { descriptors: [...found.values()], complete: true };
}

async function readPage(page: HttpResponse, what: string): Promise<readonly Descriptor[] | undefined> {
  const type = essenceOf(headerOf(page, 'content-type') ?? '');
  if (NO_API.has(page.status) || (page.status === 200 && type !== OCI_IMAGE_INDEX)) {
    page.discard();
    return undefined;
  }
  if (page.status !== 200) throw await refusal(page, what, 'registry-protocol');
  const index = parseManifest(await collectContent(page.body, MAX_MANIFEST_BYTES, what), type);
  return index.kind === 'index' ? index.manifests : [];
}
