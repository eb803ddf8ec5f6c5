import type { RepositoryName } from '../model.ts';
import type { CatalogReader } from '../ports.ts';
import { CompactRepository } from './compact-repository.ts';
import type { DigestNumbers } from './digest-numbers.ts';

/** Reads what a repository holds, page by page: never all of its entries are in memory at once. */
export async function readRepository(
  catalog: Pick<CatalogReader, 'entries' | 'tags'>,
  of: RepositoryName,
  digests: DigestNumbers,
): Promise<CompactRepository> {
  const repository = new CompactRepository(of, digests);
  const entries = async (): Promise<void> => {
    for await (const entry of catalog.entries(of)) repository.addEntry(entry);
  };
  const tags = async (): Promise<void> => {
    for await (const tag of catalog.tags(of)) repository.addTag(tag);
  };
  await Promise.all([entries(), tags()]);
  return repository;
}
