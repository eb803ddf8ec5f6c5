export type {
  FileOutcome,
  HubLink,
  ReportAnswer,
  SiteActivity,
  SiteCache,
  SiteImage,
  SiteMemory,
  SiteRecord,
} from './ports.ts';
export type { LinkLimits } from './prefetch.ts';
export { type SitePorts, type SiteRound, syncSite } from './sync-site.ts';
export { type LocalStatements, verdictGate } from './verdict-gate.ts';
