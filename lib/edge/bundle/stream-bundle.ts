import { createDigester, digestAlgorithm } from '../../core/digest.ts';
import { isManifestType } from '../../formats/oci/index.ts';
import type { BlobReader, ManifestReader } from '../../registry/index.ts';
import type { BundleLayout, Segment } from './lay-out-bundle.ts';
import { bundleError } from './model.ts';

type Digester = ReturnType<typeof createDigester>;

/** Where to go on. */
export interface BundlePosition {
  /** Bytes of the archive that are there. */
  readonly offset: number;
  /** Has seen what is there of the part in which the position lies. */
  readonly begun?: Digester | undefined;
}

export const BEGINNING: BundlePosition = { offset: 0 };

/**
 * The bytes of a bundle from a position on, as they come from the registry; nothing is kept. Every part is hashed whole,
 * also where its beginning was written in another run.
 *
 * @throws LadingError those of the registry; `bundle-source-incomplete` where it gave other bytes
 */
export async function* streamBundle(
  layout: BundleLayout,
  source: ManifestReader & BlobReader,
  from: BundlePosition = BEGINNING,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const segment of layout.segments) {
    const skipped = Math.max(0, from.offset - segment.offset);
    if (skipped >= segment.size) continue;
    if (segment.kind === 'bytes') yield segment.bytes.subarray(skipped);
    else yield* partBytes(source, segment.part, skipped, skipped > 0 ? from.begun : undefined);
  }
}

type Part = Extract<Segment, { kind: 'part' }>['part'];

async function* partBytes(
  source: ManifestReader & BlobReader,
  part: Part,
  skipped: number,
  begun: Digester | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const digester = begun ?? createDigester(digestAlgorithm(part.digest));
  let size = skipped;
  for await (const piece of open(source, part, skipped)) {
    size += piece.length;
    if (size > part.size) break;
    digester.update(piece);
    yield piece;
  }
  if (size === part.size && digester.digest() === part.digest) return;
  throw bundleError('bundle-source-incomplete', `what the source gave for ${part.digest} is something else`);
}

async function* open(
  source: ManifestReader & BlobReader,
  { repository, digest, size, mediaType }: Part,
  skipped: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!isManifestType(mediaType)) {
    const range = skipped > 0 ? { range: { start: skipped, end: size - 1 } } : {};
    yield* source.openBlob({ repository, digest, size }, { lend: true, ...range });
    return;
  }
  const found = await source.getManifest({ repository, reference: digest });
  if (found) yield found.bytes.subarray(skipped);
}

/**
 * How much of what is there is the beginning of this bundle.
 *
 * @returns the position to go on from; `undefined` where it is no bundle of this plan
 */
export async function checkBeginning(
  layout: BundleLayout,
  written: AsyncIterable<Uint8Array>,
): Promise<(BundlePosition & { readonly damaged: boolean }) | undefined> {
  const walk = { index: 0, inside: 0, digester: undefined as Digester | undefined };
  for await (const piece of written) {
    for (let at = 0; at < piece.length; ) {
      const segment = layout.segments[walk.index];
      if (segment === undefined) return undefined;
      const run = piece.subarray(at, at + segment.size - walk.inside);
      if (!takeRun(segment, run, walk))
        return segment.offset < layout.headBytes ? undefined : { offset: segment.offset, damaged: true };
      at += run.length;
      walk.inside += run.length;
      if (walk.inside < segment.size) continue;
      walk.index++;
      walk.inside = 0;
      walk.digester = undefined;
    }
  }
  const offset = (layout.segments[walk.index]?.offset ?? layout.size) + walk.inside;
  return { offset, begun: walk.digester, damaged: false };
}

function takeRun(
  segment: Segment,
  run: Uint8Array,
  walk: { readonly inside: number; digester: Digester | undefined },
): boolean {
  if (segment.kind === 'bytes') {
    return Buffer.compare(run, segment.bytes.subarray(walk.inside, walk.inside + run.length)) === 0;
  }
  walk.digester ??= createDigester(digestAlgorithm(segment.part.digest));
  walk.digester.update(run);
  return walk.inside + run.length < segment.size || walk.digester.digest() === segment.part.digest;
}
