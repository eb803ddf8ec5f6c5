import type { ImageLocation } from '../core/image-reference.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import { parseSigstoreBundle } from '../formats/sigstore-bundle/index.ts';
import type { BlobWriter, CallOptions, ManifestReader, ManifestWriter } from '../registry/index.ts';
import { signingError } from './errors.ts';
import { encodeTagEntry } from './formats/cosign-tag.ts';
import { isSameLayer, reviseTag } from './revise-tag.ts';

/** Marks the entries that are ours to replace: what others put under the tag stays. */
const MARK = 'dev.lading.statement';

/** A statement as an entry under the tag `.att`. */
interface TagEntry {
  readonly layer: Descriptor;
  readonly content: Uint8Array;
}

/**
 * Says under cosign's older tag what bundles say: the very envelopes, so that nothing is signed twice. What we said there
 * before and do not say any more leaves it. Repeating it changes nothing.
 *
 * @param bundles Sigstore bundles with DSSE envelopes, and the predicate types of their statements
 * @throws LadingError `format-unsuitable` for another bundle; see `reviseTag`
 */
export async function tagStatements(
  registry: ManifestReader & BlobWriter & ManifestWriter,
  subject: ImageLocation,
  bundles: readonly { readonly bundle: Uint8Array; readonly predicateType: string }[],
  call?: CallOptions,
): Promise<void> {
  const entries = bundles.map(entryOf);
  const { repository } = subject;
  for (const { layer, content } of entries) {
    await registry.putBlob({ repository, digest: layer.digest, size: content.length, content }, call);
  }
  const revise = (layers: readonly Descriptor[]): readonly Descriptor[] => {
    const kept = layers.filter(
      (one) => one.annotations?.[MARK] === undefined || entries.some(({ layer }) => isSameLayer(one, layer)),
    );
    const missing = entries.filter(({ layer }) => !kept.some((one) => isSameLayer(one, layer)));
    return [...kept, ...missing.map(({ layer }) => layer)];
  };
  await reviseTag(registry, subject, 'att', revise, call);
}

function entryOf({ bundle, predicateType }: { readonly bundle: Uint8Array; readonly predicateType: string }): TagEntry {
  const { content } = parseSigstoreBundle(bundle);
  if (content.kind !== 'dsse') throw signingError('format-unsuitable', 'only statements in DSSE go under the tag .att');
  const entry = encodeTagEntry(content.envelope, predicateType);
  return { ...entry, layer: { ...entry.layer, annotations: { ...entry.layer.annotations, [MARK]: '1' } } };
}
