export {
  defaultTarLimits,
  type TarEntry,
  type TarEntryType,
  type TarHandler,
  type TarLimits,
  type TarSink,
} from './entry.ts';
export { TarError } from './errors.ts';
export { type NormalPath, normalizePath } from './path.ts';
export { TarReader, type TarReaderOptions, type TarSummary } from './reader.ts';
