export { type DecompressOptions, decompress } from './decompress.ts';
export { CompressionError } from './errors.ts';
export { type Compression, sniffCompression } from './sniff.ts';
