import { decompress, readSeekTable, type SeekableFrame, unpackFrame } from '../../formats/compression/index.ts';
import { bundleError } from './model.ts';
import type { BundleBytes, BundleFiles } from './ports.ts';

const truncated = (what: string) =>
  bundleError('bundle-truncated', `the bundle ends before it should: ${what}`, {
    hint: 'what was whole is stored; run it again with the whole bundle and it goes on there',
  });

/** A bundle in files, packed or not; parts that are not asked for are not read. */
export async function openBundleFiles(files: BundleFiles): Promise<BundleBytes> {
  const exact = async (start: number, length: number): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const piece of files.read(start, length)) parts.push(Buffer.from(piece));
    return Buffer.concat(parts);
  };
  if (files.size < 4) throw truncated('it is empty');
  if (!isZstd(await exact(0, 4))) return plainBytes(files);
  const frames = await readSeekTable(exact, files.size);
  return frames ? packedBytes(files, frames, exact) : streamedBytes(files.read(0, files.size));
}

const isZstd = (start: Uint8Array): boolean =>
  start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;

function plainBytes({ size, next, read }: BundleFiles): BundleBytes {
  return {
    async *read(start, length) {
      yield* read(start, Math.max(0, Math.min(length, size - start)));
      if (start + length > size) throw truncated(`${start + length - size} bytes or more would be in ${next}`);
    },
    endsAt: async (offset) => offset >= size,
  };
}

function packedBytes(
  { next }: BundleFiles,
  frames: readonly SeekableFrame[],
  exact: (start: number, length: number) => Promise<Buffer>,
): BundleBytes {
  const size = frames.reduce((sum, frame) => sum + frame.size, 0);
  let index = 0;
  let open: { readonly frame: SeekableFrame; readonly content: Buffer } | undefined;
  const frameAt = async (offset: number): Promise<NonNullable<typeof open>> => {
    while (index + 1 < frames.length && (frames[index + 1] as SeekableFrame).offset <= offset) index++;
    const frame = frames[index] as SeekableFrame;
    if (open?.frame !== frame) {
      const content = unpackFrame(await exact(frame.packedOffset, frame.packedSize));
      if (content.length !== frame.size)
        throw bundleError('bundle-damaged', 'a frame is not of the size that its table says');
      open = { frame, content };
    }
    return open;
  };
  return {
    async *read(start, length) {
      const end = start + length;
      for (let at = start; at < Math.min(end, size); ) {
        const { frame, content } = await frameAt(at);
        const piece = content.subarray(at - frame.offset, end - frame.offset);
        at += piece.length;
        yield piece;
      }
      if (end > size) throw truncated(`more of it would be in ${next}`);
    },
    endsAt: async (offset) => offset >= size,
  };
}

/** A bundle that comes as a stream: read to its end, whatever is stored already. Packed or not. */
export function streamedBytes(source: AsyncIterable<Uint8Array>): BundleBytes {
  const pieces = decompress(source)[Symbol.asyncIterator]();
  let position = 0;
  let rest: Uint8Array = new Uint8Array();
  const next = async (most: number): Promise<Uint8Array | undefined> => {
    while (rest.length === 0) {
      const step = await pieces.next();
      if (step.done) return undefined;
      rest = step.value;
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    position += piece.length;
    return piece;
  };
  return {
    async *read(start, length) {
      if (start < position) throw new TypeError('a stream is not read twice');
      for (const end = start + length; position < end; ) {
        const skips = position < start;
        const piece = await next(skips ? start - position : end - position);
        if (piece === undefined) throw truncated('the stream ended');
        if (!skips) yield piece;
      }
    },
    async endsAt(offset) {
      while (position < offset) if ((await next(offset - position)) === undefined) return true;
      return (await next(1)) === undefined;
    },
  };
}
