import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import {
  type EventBridgeEvent,
  type EventDefinition,
  type EventMetadata,
  eventBridgeSchema,
  type LadingEvent,
  metadataSchema,
} from './envelope.ts';
import { untrustedImageStarted } from './kinds/admission.ts';
import { registryRecovered, registryWentDown } from './kinds/availability.ts';
import { backupCompleted } from './kinds/backup.ts';
import { budgetExceeded } from './kinds/cost.ts';
import {
  edgePlansDue,
  edgeSiteAcknowledged,
  edgeSiteChanged,
  edgeSiteDiverged,
  edgeStateSigned,
} from './kinds/edge.ts';
import { imageDeleted, imagePulled, imagePushed, imageStorageChanged } from './kinds/intake.ts';
import { imageCataloged } from './kinds/inventory.ts';
import {
  imageArchived,
  imageExpired,
  imageQuarantined,
  imageReleased,
  imageRestored,
  releaseRequested,
  restoreRequested,
  retentionPlanned,
  retentionWithheld,
  tagExpired,
} from './kinds/lifecycle.ts';
import { gateDecided, gateInputsChanged, waiverChanged } from './kinds/policy.ts';
import { provenanceRecorded } from './kinds/provenance.ts';
import { credentialsRotated, credentialsWithdrawn } from './kinds/registry.ts';
import { remediationPlanned } from './kinds/remediation.ts';
import { imageReplicated, replicaDiverged, replicationRequested, replicaWithdrawn } from './kinds/replication.ts';
import { imageInUse } from './kinds/runtime.ts';
import { sbomCreated, sbomDisagreed, sbomReceived, sbomsRemoved } from './kinds/sbom.ts';
import { scannerRunEnded, scannerRunsDue, scanRequested } from './kinds/scanners.ts';
import {
  imageAttested,
  imageSigned,
  keyRevoked,
  signatureRequested,
  verdictLapsed,
  verdictRenewed,
} from './kinds/signing.ts';
import { advisoriesUpdated, findingsChanged, scanCompleted } from './kinds/vulnerabilities.ts';

/** Every event of the system, by detail-type. */
export const eventDefinitions = {
  [imagePushed.detailType]: imagePushed,
  [imageStorageChanged.detailType]: imageStorageChanged,
  [imageDeleted.detailType]: imageDeleted,
  [imagePulled.detailType]: imagePulled,
  [imageCataloged.detailType]: imageCataloged,
  [sbomCreated.detailType]: sbomCreated,
  [sbomReceived.detailType]: sbomReceived,
  [sbomDisagreed.detailType]: sbomDisagreed,
  [sbomsRemoved.detailType]: sbomsRemoved,
  [scanCompleted.detailType]: scanCompleted,
  [findingsChanged.detailType]: findingsChanged,
  [advisoriesUpdated.detailType]: advisoriesUpdated,
  [gateDecided.detailType]: gateDecided,
  [waiverChanged.detailType]: waiverChanged,
  [gateInputsChanged.detailType]: gateInputsChanged,
  [remediationPlanned.detailType]: remediationPlanned,
  [imageSigned.detailType]: imageSigned,
  [imageAttested.detailType]: imageAttested,
  [signatureRequested.detailType]: signatureRequested,
  [keyRevoked.detailType]: keyRevoked,
  [verdictRenewed.detailType]: verdictRenewed,
  [verdictLapsed.detailType]: verdictLapsed,
  [imageReplicated.detailType]: imageReplicated,
  [replicaDiverged.detailType]: replicaDiverged,
  [replicationRequested.detailType]: replicationRequested,
  [replicaWithdrawn.detailType]: replicaWithdrawn,
  [retentionPlanned.detailType]: retentionPlanned,
  [retentionWithheld.detailType]: retentionWithheld,
  [imageQuarantined.detailType]: imageQuarantined,
  [imageReleased.detailType]: imageReleased,
  [releaseRequested.detailType]: releaseRequested,
  [restoreRequested.detailType]: restoreRequested,
  [tagExpired.detailType]: tagExpired,
  [imageArchived.detailType]: imageArchived,
  [imageRestored.detailType]: imageRestored,
  [imageExpired.detailType]: imageExpired,
  [imageInUse.detailType]: imageInUse,
  [credentialsRotated.detailType]: credentialsRotated,
  [credentialsWithdrawn.detailType]: credentialsWithdrawn,
  [backupCompleted.detailType]: backupCompleted,
  [registryWentDown.detailType]: registryWentDown,
  [registryRecovered.detailType]: registryRecovered,
  [untrustedImageStarted.detailType]: untrustedImageStarted,
  [provenanceRecorded.detailType]: provenanceRecorded,
  [budgetExceeded.detailType]: budgetExceeded,
  [scanRequested.detailType]: scanRequested,
  [scannerRunsDue.detailType]: scannerRunsDue,
  [scannerRunEnded.detailType]: scannerRunEnded,
  [edgeSiteChanged.detailType]: edgeSiteChanged,
  [edgePlansDue.detailType]: edgePlansDue,
  [edgeStateSigned.detailType]: edgeStateSigned,
  [edgeSiteAcknowledged.detailType]: edgeSiteAcknowledged,
  [edgeSiteDiverged.detailType]: edgeSiteDiverged,
} as Readonly<Record<string, EventDefinition>>;

/**
 * Reads an event of one known type out of EventBridge's envelope.
 * @throws LadingError `event-invalid`
 */
export function readEvent<Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  envelope: EventBridgeEvent,
): LadingEvent<z.infer<Data>> & {
  readonly detail: { readonly metadata: EventMetadata; readonly data: z.infer<Data> };
} {
  const parsed = z.object({ metadata: metadataSchema, data: definition.data }).safeParse(envelope.detail);
  if (!parsed.success) {
    throw new LadingError(
      'event-invalid',
      `"${envelope['detail-type']}" ${envelope.id}: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { metadata, data } = parsed.data as { metadata: EventMetadata; data: z.infer<Data> };
  if (metadata.schemaVersion > definition.schemaVersion) {
    throw new LadingError(
      'event-invalid',
      `"${definition.detailType}" has schema version ${metadata.schemaVersion}; this reader knows ${definition.schemaVersion}`,
    );
  }
  return { source: envelope.source, detailType: envelope['detail-type'], detail: { metadata, data } };
}

/** @throws LadingError `event-invalid` when the text is no EventBridge envelope. */
export function parseEnvelope(value: unknown): EventBridgeEvent {
  const parsed = eventBridgeSchema.safeParse(value);
  if (!parsed.success)
    throw new LadingError('event-invalid', `not an EventBridge event: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
