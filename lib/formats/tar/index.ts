export type {
  TarEntry,
  TarEntryType,
  TarHandler,
  TarLimits,
  TarSink,
} from './entry.ts';
export { type NormalPath, normalizePath } from './path.ts';
export { TarReader, type TarReaderOptions, type TarSummary } from './reader.ts';
export { TAR_END_BYTES, tarFileHeader, tarPadding } from './write-header.ts';
