import { z } from 'zod';
import { isDigest } from '../core/digest.ts';
import { draftEvent, type EventBridgeEvent, type EventDraft, imageDeleted, imagePushed } from '../events/index.ts';

/*
 * "ECR Image Action" and "ECR Referrer Action" (Amazon ECR user guide, "Sample events from Amazon ECR"). Media types
 * are missing in the guide's samples, and real events have had an empty tag: both are optional here.
 */
const imageAction = z.object({
  'action-type': z.string(),
  result: z.string(),
  'repository-name': z.string().min(1),
  'image-digest': z.string().optional(),
  'image-tag': z.string().optional(),
  'manifest-media-type': z.string().optional(),
  'artifact-media-type': z.string().optional(),
});

/** ECR's events name no host: it follows from account and region (with China's own domain). */
export function ecrHost(account: string, region: string): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

export type EcrReading =
  | { readonly kind: 'events'; readonly drafts: readonly EventDraft[] }
  /** Nothing for Lading to do, and why: an action that it does not follow, or one that did not succeed. */
  | { readonly kind: 'ignored'; readonly why: string };

/**
 * Reads one event of ECR.
 * @throws ZodError where the event is not of the documented shape: it ends in the dead-letter queue to be looked at
 */
export function readEcrEvent(envelope: EventBridgeEvent): EcrReading {
  const detail = imageAction.parse(envelope.detail);
  if (detail.result !== 'SUCCESS') return { kind: 'ignored', why: `the result was ${detail.result}` };
  const digest = detail['image-digest'];
  if (!isDigest(digest)) return { kind: 'ignored', why: 'the event names no digest' };
  const tag = detail['image-tag'];
  const subject = {
    registry: ecrHost(envelope.account, envelope.region),
    repository: detail['repository-name'],
    digest,
    tags: tag ? [tag] : [],
    ...(detail['manifest-media-type'] ? { mediaType: detail['manifest-media-type'] } : {}),
  };
  const time = new Date(envelope.time).toISOString();
  switch (detail['action-type']) {
    case 'PUSH': {
      const artifactType = detail['artifact-media-type'];
      return {
        kind: 'events',
        drafts: [
          draftEvent(imagePushed, {
            subject,
            origin: 'ecr',
            pushedAt: time,
            ...(artifactType ? { artifactType } : {}),
          }),
        ],
      };
    }
    case 'DELETE':
      return { kind: 'events', drafts: [draftEvent(imageDeleted, { subject, origin: 'ecr', deletedAt: time })] };
    default:
      return { kind: 'ignored', why: `the action ${detail['action-type']} is not followed` };
  }
}
