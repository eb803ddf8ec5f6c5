import {
  packFrame,
  SEEKABLE_FRAME_BYTES,
  type SeekableFrame,
  seekTable,
  wholeFrames,
} from '../../formats/compression/index.ts';
import { type BlobReader, inChunks, type ManifestReader } from '../../registry/index.ts';
import { type BundleLayout, layOutBundle } from './lay-out-bundle.ts';
import { bundleError } from './model.ts';
import type { BundlePlan } from './plan-bundle.ts';
import type { BundleSink } from './ports.ts';
import { BEGINNING, type BundlePosition, checkBeginning, streamBundle } from './stream-bundle.ts';

export interface WrittenBundle {
  /** Bytes of what the site lacks. */
  readonly content: number;
  /** Bytes of the archive, before compression: content, headers, lists, the desired state. */
  readonly archive: number;
  /** Bytes of the archive that an earlier run had written. */
  readonly resumedAt: number;
  readonly files: readonly string[];
}

export type BundleCompression = 'none' | 'zstd';

/** Media types whose content is packed already: to pack it again takes time and wins nothing. */
const PACKED = /[+.](?:gzip|zstd|tar\.gzip|tgz|zip)$|\.gzip$/;

/** Whether compressing a bundle is worth it: where more than half of its bytes are not compressed themselves. */
export function compressionFor({ parts }: BundlePlan): BundleCompression {
  const total = (some: BundlePlan['parts']): number => some.reduce((sum, { size }) => sum + size, 0);
  return total(parts.filter(({ mediaType }) => PACKED.test(mediaType))) * 2 < total(parts) ? 'zstd' : 'none';
}

/**
 * Writes a bundle, or goes on with it: what is there already is read back and compared, and the rest follows. Memory does
 * not grow with the bundle.
 *
 * @throws LadingError `bundle-file-exists`, `bundle-source-incomplete`, and those of the registry
 */
export async function writeBundle(
  ports: { readonly source: ManifestReader & BlobReader; readonly sink: BundleSink },
  plan: BundlePlan,
  compression: BundleCompression,
): Promise<WrittenBundle> {
  const layout = layOutBundle(plan);
  const write = compression === 'zstd' ? writePacked : writePlain;
  const resumedAt = await write(ports, layout);
  return { content: plan.bytesMissing, archive: layout.size, resumedAt, files: await ports.sink.finish() };
}

type Ports = Parameters<typeof writeBundle>[0];

async function writePlain({ source, sink }: Ports, layout: BundleLayout): Promise<number> {
  const from = sink.written === 0 ? BEGINNING : ((await checkBeginning(layout, pieces(sink))) ?? fail());
  await sink.truncate(from.offset);
  for await (const piece of streamBundle(layout, source, from)) await sink.append(piece);
  return from.offset;
}

async function writePacked({ source, sink }: Ports, layout: BundleLayout): Promise<number> {
  const frames: Pick<SeekableFrame, 'size' | 'packedSize'>[] = [];
  const from = sink.written === 0 ? BEGINNING : await resumePacked(sink, layout, frames);
  await sink.truncate(frames.reduce((sum, { packedSize }) => sum + packedSize, 0));
  for await (const content of inChunks(streamBundle(layout, source, from), SEEKABLE_FRAME_BYTES)) {
    const packed = await packFrame(content);
    frames.push({ size: content.length, packedSize: packed.length });
    await sink.append(packed);
  }
  await sink.append(seekTable(frames));
  return from.offset;
}

async function resumePacked(
  sink: BundleSink,
  layout: BundleLayout,
  frames: Pick<SeekableFrame, 'size' | 'packedSize'>[],
): Promise<BundlePosition> {
  async function* contents(): AsyncGenerator<Uint8Array> {
    for await (const { content, ...frame } of wholeFrames((start, length) => sink.read(start, length))) {
      frames.push(frame);
      yield content;
    }
  }
  const from = (await checkBeginning(layout, contents())) ?? fail();
  // A file that is something else has no whole frame, either.
  if (frames.length === 0 && !sink.unfinished) fail();
  if (!from.damaged) return from;
  frames.length = 0;
  return BEGINNING;
}

const READ_BYTES = 1024 * 1024;

async function* pieces(sink: BundleSink): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sink.written; ) {
    const piece = await sink.read(at, READ_BYTES);
    if (piece.length === 0) return;
    at += piece.length;
    yield piece;
  }
}

function fail(): never {
  throw bundleError(
    'bundle-file-exists',
    'the file that is to be written is there, and is not the beginning of this bundle',
    {
      hint: 'name another file, or take it away',
    },
  );
}
