import type { ImageLocation } from '../core/image-reference.ts';
import type { CatalogReader } from './ports.ts';

/** The tags that name a digest now. */
export async function tagsOf(catalog: Pick<CatalogReader, 'tags'>, at: ImageLocation): Promise<readonly string[]> {
  const tags: string[] = [];
  for await (const binding of catalog.tags(at)) if (binding.digest === at.digest) tags.push(binding.tag);
  return tags;
}
