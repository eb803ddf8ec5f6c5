export { COMPILER_VERSION } from './compile-advisories.ts';
export { type AdvisoriesConfig, advisoriesConfigSchema, configuredSources } from './config.ts';
export { type DifferenceSummary, diffSnapshots, type SnapshotDifference } from './diff-snapshots.ts';
export { AdvisorySourceError, type SourceProblem, sourceProblems } from './errors.ts';
export { type ImageToMatch, type MatchPorts, matchImage } from './match-image.ts';
export { MATCHER, type MatchResult } from './match-packages.ts';
export { matchSnapshot } from './match-snapshot.ts';
export {
  type Coverage,
  type Finding,
  type MatchablePackage,
  type ScanDocument,
  type ScanRecord,
  type Severity,
  type Shard,
  type Snapshot,
  type SourceScope,
  scanDocumentSchema,
  severities,
} from './model.ts';
export type { ReadLimits } from './open-file.ts';
export type {
  AdvisorySource,
  AdvisoryStore,
  CurrentSnapshot,
  PackageIndex,
  PackageReader,
  RematchProgress,
  ScanStore,
  SourceFile,
  SourceLog,
  SourceReading,
} from './ports.ts';
export { type RematchPorts, rematchImage, type TouchPorts, touchedImages } from './rematch.ts';
export { compareSeverity } from './severity.ts';
export {
  type SourceReport,
  type SyncOptions,
  type SyncPorts,
  type SyncResult,
  syncAdvisories,
} from './sync-advisories.ts';
