export { type DecompressOptions, decompress } from './decompress.ts';
export {
  packFrame,
  readSeekTable,
  SEEKABLE_FRAME_BYTES,
  type SeekableFrame,
  seekTable,
  unpackFrame,
  wholeFrames,
} from './seekable-zstd.ts';
export type { Compression } from './sniff.ts';
