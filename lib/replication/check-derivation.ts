import type { ImageLocation } from '../core/image-reference.ts';
import { type ImageIndex, parseManifest } from '../formats/oci/index.ts';
import type { ManifestReader } from '../registry/index.ts';
import { isDerivedFrom } from './derive-index.ts';

/** `gone`: one of the two is not there any more, and nothing can be said of it. */
export type DerivationCheck = 'derived' | 'not-derived' | 'gone';

/**
 * Looks at both ends before an index with fewer platforms is vouched for: what lies at the target must be made of nothing
 * but the original at its source, whatever an event says.
 *
 * @throws LadingError see lib/registry/errors.ts
 */
export async function checkDerivation(
  registries: { readonly source: ManifestReader; readonly target: ManifestReader },
  original: ImageLocation,
  derived: ImageLocation,
): Promise<DerivationCheck> {
  const [before, after] = await Promise.all([
    indexAt(registries.source, original),
    indexAt(registries.target, derived),
  ]);
  if (before === undefined || after === undefined) return 'gone';
  if (before === 'no-index' || after === 'no-index') return 'not-derived';
  return isDerivedFrom(after, before) ? 'derived' : 'not-derived';
}

async function indexAt(
  registry: ManifestReader,
  { repository, digest }: ImageLocation,
): Promise<ImageIndex | 'no-index' | undefined> {
  const found = await registry.getManifest({ repository, reference: digest });
  const manifest = found && parseManifest(found.bytes, found.mediaType, { digest });
  return manifest && (manifest.kind === 'index' ? manifest : 'no-index');
}
