export { acceptReport, type ReportOutcome, type ReportRefusal } from './accept-report.ts';
export { type EdgeConfig, edgeConfigSchema } from './config.ts';
export { describePlan, type EdgePlan, edgePlanSchema } from './describe-plan.ts';
export { edgeError } from './errors.ts';
export { type HeldImage, heldRoot } from './held-root.ts';
export { type HubPorts, hubCandidates } from './hub-candidates.ts';
export { planSite } from './make-desired-state.ts';
export {
  registerSite,
  registrationSchema,
  reviseSite,
  revisionSchema,
  revokeSite,
  type SiteChange,
} from './manage-sites.ts';
export {
  DESIRED_STATE_TYPE,
  type DesiredImage,
  type DesiredState,
  type EdgeBlob,
  type EdgeSite,
  edgeSiteSchema,
  type ImageDeadline,
  MAX_EDGE_DOCUMENT_BYTES,
  type PlacementReason,
  type ScoreTerm,
  SITE_REPORT_TYPE,
  type SiteLink,
  type SiteReport,
  type SiteScope,
  siteReportSchema,
} from './model.ts';
export { type PlanSitesPorts, planSites, type SitePlan } from './plan-sites.ts';
export { type ReportRecord, type SiteStanding, siteStandings } from './ports.ts';
export { openDesiredState, openSiteReport, sealDesiredState, sealSiteReport } from './signed-documents.ts';
export { createSiteToken, identifySite, type SiteRefusal, type SiteRequest } from './site-token.ts';
