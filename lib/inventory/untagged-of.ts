import type { Digest } from '../core/digest.ts';
import type { RepositoryName } from './model.ts';
import type { CatalogReader } from './ports.ts';

/** What stands for itself in a repository without a tag: no index lists it, and it refers to nothing. */
export async function untaggedOf(
  catalog: Pick<CatalogReader, 'entries' | 'tags'>,
  of: RepositoryName,
): Promise<readonly Digest[]> {
  const held = new Set<Digest>();
  for await (const { digest } of catalog.tags(of)) if (digest) held.add(digest);
  const candidates: Digest[] = [];
  for await (const { digest, referrerOf, children } of catalog.entries(of)) {
    for (const child of children) held.add(child.digest);
    if (referrerOf === undefined) candidates.push(digest);
  }
  return candidates.filter((digest) => !held.has(digest));
}
