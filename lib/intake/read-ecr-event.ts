import { z } from 'zod';
import { isDigest } from '../core/digest.ts';
import {
  draftEvent,
  type EventBridgeEvent,
  type EventDraft,
  imageDeleted,
  imagePushed,
  imageStorageChanged,
} from '../events/index.ts';

/*
 * Amazon ECR user guide, "Sample events from Amazon ECR". Media types are missing in the guide's samples, and real
 * events have had an empty tag: both are optional here. So is what only one of the detail-types has.
 */
const imageDetail = z.object({
  'repository-name': z.string().min(1),
  'image-digest': z.string().optional(),
  'image-tag': z.string().optional(),
  'manifest-media-type': z.string().optional(),
  'artifact-media-type': z.string().optional(),
});
type ImageDetail = z.infer<typeof imageDetail>;

/** Of an image (pushed, deleted, archived, restored), and of a referrer that came with one out of the archive. */
const imageAction = imageDetail.extend({
  'action-type': z.string(),
  result: z.string(),
  'target-storage-class': z.string().optional(),
});
/** Emitted in the region that it was copied to. */
const replicationAction = imageAction.extend({
  'source-region': z.string().optional(),
  'source-account': z.string().optional(),
});
const pullThrough = imageDetail.extend({
  'sync-status': z.string(),
  'failure-code': z.string().optional(),
  'failure-reason': z.string().optional(),
});

/** What `intake-ecr` asks the default bus for. */
export const ecrEventPattern = {
  source: ['aws.ecr', 'aws.inspector2'],
  'detail-type': [
    'ECR Image Action',
    'ECR Referrer Action',
    'ECR Replication Action',
    'ECR Pull Through Cache Action',
    'ECR Image Scan',
    'ECR Scan Resource Change',
    'Inspector2 Scan',
    'Inspector2 Finding',
  ],
} as const;

/** ECR's events name no host: it follows from account and region (with China's own domain). */
export function ecrHost(account: string, region: string): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

export type EcrIgnoredReason =
  /** What was tried did not happen. */
  | 'not-successful'
  | 'no-digest'
  /** Of another scanner: Lading's verdicts rest on its own matching. */
  | 'foreign-scan'
  | 'not-followed';

export type EcrReading =
  | { readonly kind: 'events'; readonly drafts: readonly EventDraft[] }
  /** Nothing for Lading to do, and why. */
  | { readonly kind: 'ignored'; readonly reason: EcrIgnoredReason; readonly why: string };

const ignored = (reason: EcrIgnoredReason, why: string): EcrReading => ({ kind: 'ignored', reason, why });

/**
 * Reads one event of ECR or Inspector.
 * @throws ZodError where the event is not of the documented shape: it ends in the dead-letter queue to be looked at
 */
export function readEcrEvent(envelope: EventBridgeEvent): EcrReading {
  switch (envelope['detail-type']) {
    case 'ECR Image Action':
    case 'ECR Referrer Action':
      return readImageAction(envelope, imageAction.parse(envelope.detail));
    case 'ECR Replication Action': {
      const detail = replicationAction.parse(envelope.detail);
      if (detail['action-type'] !== 'REPLICATE') return notFollowed(detail['action-type']);
      const { 'source-account': account = envelope.account, 'source-region': region } = detail;
      const from = region === undefined ? undefined : ecrHost(account, region);
      return detail.result === 'SUCCESS' ? pushed(envelope, detail, from) : notSuccessful(detail.result);
    }
    case 'ECR Pull Through Cache Action': {
      const detail = pullThrough.parse(envelope.detail);
      if (detail['sync-status'] === 'SUCCESS') return pushed(envelope, detail);
      return notSuccessful([detail['sync-status'], detail['failure-code']].filter(Boolean).join(', '));
    }
    case 'ECR Image Scan':
    case 'ECR Scan Resource Change':
    case 'Inspector2 Scan':
    case 'Inspector2 Finding':
      return ignored('foreign-scan', `"${envelope['detail-type']}" is of a scanner whose findings are not taken in`);
    default:
      return notFollowed(envelope['detail-type']);
  }
}

function readImageAction(envelope: EventBridgeEvent, detail: z.infer<typeof imageAction>): EcrReading {
  if (detail.result !== 'SUCCESS') return notSuccessful(detail.result);
  switch (detail['action-type']) {
    case 'PUSH':
      return pushed(envelope, detail);
    case 'DELETE':
      return deleted(envelope, detail);
    case 'UPDATE_STORAGE_CLASS':
      return storageChanged(envelope, detail);
    default:
      return notFollowed(detail['action-type']);
  }
}

const notSuccessful = (result: string): EcrReading => ignored('not-successful', `the result was ${result}`);
const notFollowed = (what: string): EcrReading => ignored('not-followed', `"${what}" is not followed`);
const noDigest = (): EcrReading => ignored('no-digest', 'the event names no digest');

function pushed(envelope: EventBridgeEvent, detail: ImageDetail, copiedFrom?: string): EcrReading {
  const subject = subjectOf(envelope, detail);
  if (subject === undefined) return noDigest();
  const artifactType = detail['artifact-media-type'];
  const pushedAt = new Date(envelope.time).toISOString();
  const data = {
    ...{ subject, origin: 'ecr' as const, pushedAt },
    ...(artifactType ? { artifactType } : {}),
    ...(copiedFrom ? { copiedFrom } : {}),
  };
  return { kind: 'events', drafts: [draftEvent(imagePushed, data)] };
}

/** What comes out of the archive is as a push: it can be pulled again, and its stages are looked at anew. */
function storageChanged(envelope: EventBridgeEvent, detail: z.infer<typeof imageAction>): EcrReading {
  const subject = subjectOf(envelope, detail);
  if (subject === undefined) return noDigest();
  const changedAt = new Date(envelope.time).toISOString();
  const told = (storageClass: 'archive' | 'standard'): EventDraft =>
    draftEvent(imageStorageChanged, { subject, origin: 'ecr', storageClass, changedAt });
  switch (detail['target-storage-class']) {
    case 'ARCHIVE':
      return { kind: 'events', drafts: [told('archive')] };
    case 'STANDARD': {
      const back = pushed(envelope, detail);
      return back.kind === 'events' ? { kind: 'events', drafts: [told('standard'), ...back.drafts] } : back;
    }
    default:
      return notFollowed(`the storage class ${detail['target-storage-class'] ?? 'that is not named'}`);
  }
}

function deleted(envelope: EventBridgeEvent, detail: ImageDetail): EcrReading {
  const subject = subjectOf(envelope, detail);
  if (subject === undefined) return noDigest();
  const deletedAt = new Date(envelope.time).toISOString();
  return { kind: 'events', drafts: [draftEvent(imageDeleted, { subject, origin: 'ecr', deletedAt })] };
}

function subjectOf(envelope: EventBridgeEvent, detail: ImageDetail) {
  const { 'image-digest': digest, 'image-tag': tag, 'manifest-media-type': mediaType } = detail;
  if (!isDigest(digest)) return undefined;
  return {
    registry: ecrHost(envelope.account, envelope.region),
    repository: detail['repository-name'],
    digest,
    tags: tag ? [tag] : [],
    ...(mediaType ? { mediaType } : {}),
  };
}
