export { edgeError } from './errors.ts';
export { type HeldImage, heldRoot } from './held-root.ts';
export {
  DESIRED_STATE_TYPE,
  type DesiredImage,
  type DesiredState,
  desiredStateSchema,
  type EdgeBlob,
  type EdgeSite,
  edgeBlobSchema,
  edgeSiteSchema,
  type ImageDeadline,
  type LinkWindow,
  MAX_EDGE_DOCUMENT_BYTES,
  MOST_BLOBS,
  type PlacementReason,
  placementReasons,
  type ScoreTerm,
  SITE_REPORT_TYPE,
  type SiteLink,
  type SiteReport,
  type SiteScope,
  siteNameSchema,
  siteReportSchema,
} from './model.ts';
export { openDesiredState, openSiteReport, sealDesiredState, sealSiteReport } from './signed-documents.ts';
