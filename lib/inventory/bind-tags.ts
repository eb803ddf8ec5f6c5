import type { ImageLocation } from '../core/image-reference.ts';
import type { CatalogReader, CatalogWriter } from './ports.ts';

/**
 * Binds the tags of a push. A sweep says what is, not what happened: a tag that is known to name the digest keeps its
 * time, or a repair would make an old tag the newest, and retention would take another one for it.
 */
export async function bindTags(
  catalog: Pick<CatalogWriter, 'bindTag'> & Pick<CatalogReader, 'tag'>,
  image: ImageLocation & { readonly tags: readonly string[] },
  { boundAt, sweep }: { readonly boundAt: string; readonly sweep: boolean },
): Promise<void> {
  for (const tag of image.tags) {
    if (sweep && (await catalog.tag(image, tag))?.digest === image.digest) continue;
    await catalog.bindTag({ ...image, tag, boundAt });
  }
}
