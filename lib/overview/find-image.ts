import { LadingError } from '../core/errors.ts';
import { formatImageReference, parseImageReference } from '../core/image-reference.ts';
import type { CatalogEntry, CatalogReader } from '../inventory/index.ts';

/**
 * Finds the entry that `registry/repository:tag` or `…@digest` means; without either, the newest tag is not guessed.
 * @throws LadingError `image-unknown` that says what there is instead
 */
export async function findImage(catalog: CatalogReader, reference: string): Promise<CatalogEntry> {
  const ref = parseImageReference(reference);
  const digest = ref.digest ?? (ref.tag ? (await catalog.tag(ref, ref.tag))?.digest : undefined);
  const entry = digest ? await catalog.find({ ...ref, digest }) : undefined;
  if (entry) return entry;
  const known: string[] = [];
  for await (const binding of catalog.tags(ref)) if (binding.digest) known.push(binding.tag);
  throw new LadingError('image-unknown', `the catalogue has no ${formatImageReference(ref)}`, {
    hint:
      known.length > 0
        ? `tags of ${ref.repository}: ${known.slice(0, 10).join(', ')}`
        : `nothing was pushed to ${ref.registry}/${ref.repository} yet`,
  });
}
