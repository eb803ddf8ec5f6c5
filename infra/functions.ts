import type { FunctionDeclaration } from '../functions/_pipe/function.ts';
import { admitWorkloads } from '../functions/admit-workloads/function.ts';
import { api } from '../functions/api/function.ts';
import { attestImage } from '../functions/attest-image/function.ts';
import { backupRegistries } from '../functions/backup-registries/function.ts';
import { catalogImage } from '../functions/catalog-image/function.ts';
import { compareSboms } from '../functions/compare-sboms/function.ts';
import { createLargeSbom } from '../functions/create-large-sbom/function.ts';
import { createSbom } from '../functions/create-sbom/function.ts';
import { decideGate } from '../functions/decide-gate/function.ts';
import { discoverProvenance } from '../functions/discover-provenance/function.ts';
import { expireImages } from '../functions/expire-images/function.ts';
import { followSecrets } from '../functions/follow-secrets/function.ts';
import { intakeEcr } from '../functions/intake-ecr/function.ts';
import { intakeScans } from '../functions/intake-scans/function.ts';
import { intakeWebhook } from '../functions/intake-webhook/function.ts';
import { keepAppointments } from '../functions/keep-appointments/function.ts';
import { manageEdge } from '../functions/manage-edge/function.ts';
import { manageTrust } from '../functions/manage-trust/function.ts';
import { matchVulnerabilities } from '../functions/match-vulnerabilities/function.ts';
import { notify } from '../functions/notify/function.ts';
import { planEdge } from '../functions/plan-edge/function.ts';
import { planRemediation } from '../functions/plan-remediation/function.ts';
import { planRetention } from '../functions/plan-retention/function.ts';
import { probeRegistries } from '../functions/probe-registries/function.ts';
import { receiveProvenance } from '../functions/receive-provenance/function.ts';
import { recheckImages } from '../functions/recheck-images/function.ts';
import { reconcile } from '../functions/reconcile/function.ts';
import { recordAudit } from '../functions/record-audit/function.ts';
import { recordProvenance } from '../functions/record-provenance/function.ts';
import { recordUsage } from '../functions/record-usage/function.ts';
import { rematchImages } from '../functions/rematch-images/function.ts';
import { renewVerdicts } from '../functions/renew-verdicts/function.ts';
import { replicateImage } from '../functions/replicate-image/function.ts';
import { replicateLargeImage } from '../functions/replicate-large-image/function.ts';
import { resolveImages } from '../functions/resolve-images/function.ts';
import { respondToTasks } from '../functions/respond-to-tasks/function.ts';
import { restoreImages } from '../functions/restore-images/function.ts';
import { rotateCredentials } from '../functions/rotate-credentials/function.ts';
import { runScanners } from '../functions/run-scanners/function.ts';
import { serveSites } from '../functions/serve-sites/function.ts';
import { signImage } from '../functions/sign-image/function.ts';
import { syncAdvisories } from '../functions/sync-advisories/function.ts';

/** Every function of the system, one line per folder of `functions/`. */
export const functionDeclarations: readonly FunctionDeclaration[] = [
  admitWorkloads,
  api,
  attestImage,
  backupRegistries,
  catalogImage,
  compareSboms,
  createSbom,
  createLargeSbom,
  decideGate,
  expireImages,
  followSecrets,
  intakeEcr,
  intakeScans,
  intakeWebhook,
  manageEdge,
  manageTrust,
  keepAppointments,
  matchVulnerabilities,
  notify,
  planEdge,
  planRemediation,
  planRetention,
  probeRegistries,
  recheckImages,
  reconcile,
  recordAudit,
  recordUsage,
  rematchImages,
  renewVerdicts,
  replicateImage,
  replicateLargeImage,
  resolveImages,
  restoreImages,
  respondToTasks,
  rotateCredentials,
  runScanners,
  discoverProvenance,
  receiveProvenance,
  recordProvenance,
  serveSites,
  signImage,
  syncAdvisories,
];
