export { type DecompressOptions, decompress } from './decompress.ts';
export type { Compression } from './sniff.ts';
