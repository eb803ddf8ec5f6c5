import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { type CatalogEntry, type CatalogReader, lastDecision } from '../inventory/index.ts';
import type { WorkLedger } from '../work/index.ts';
import type { SourceView } from './expected-state.ts';
import type { RepositoryAddress } from './model.ts';
import type { SourceDeletions } from './plan-repairs.ts';

export interface ViewPorts {
  readonly catalog: Pick<CatalogReader, 'entries' | 'tags'>;
  readonly ledger: Pick<WorkLedger, 'list'>;
}

const AT_ONCE = 8;

/**
 * What is known of a source repository: its images, tags, verdicts, and what was deleted when.
 *
 * @param live the registry's own tags of this moment; without them, those of the catalogue
 */
export async function sourceView(
  { catalog, ledger }: ViewPorts,
  of: RepositoryAddress,
  live?: ReadonlyMap<string, Digest>,
): Promise<SourceView & { readonly gone: SourceDeletions }> {
  const entries = new Map<Digest, CatalogEntry>();
  const deletedImages: { digest: Digest; mediaType: string; deletedAt: string }[] = [];
  for await (const entry of catalog.entries(of, { deleted: true })) {
    const { digest, mediaType, deletedAt, artifactClass } = entry;
    if (deletedAt === undefined) entries.set(digest, entry);
    else if (artifactClass === 'image' || artifactClass === 'index')
      deletedImages.push({ digest, mediaType, deletedAt });
  }
  const bound = new Map<string, Digest>();
  const boundAt = new Map<string, string>();
  const deletedTags = new Map<string, string>();
  for await (const { tag, digest, boundAt: at } of catalog.tags(of)) {
    if (digest === undefined) deletedTags.set(tag, at);
    else {
      bound.set(tag, digest);
      boundAt.set(tag, at);
    }
  }
  const tags = live ?? bound;
  const tagged = [...new Set(tags.values())];
  const decisions = await mapLimit(tagged, AT_ONCE, async (digest) => {
    const decision = lastDecision(await ledger.list(locationKey({ ...of, digest })));
    return [digest, decision ?? 'undecided'] as const;
  });
  const verdicts = new Map(decisions);
  const verdictOf = (digest: Digest) => verdicts.get(digest) ?? 'undecided';
  return { of, entries, tags, boundAt, verdictOf, gone: { tags, deletedTags, deletedImages } };
}
