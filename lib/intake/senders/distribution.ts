import { z } from 'zod';
import { isManifestType } from '../../formats/oci/index.ts';
import type { Reading, WebhookSender } from '../model.ts';
import { isAuthorized } from './proofs.ts';
import { events, ignored, moment, readAs, text, together } from './readings.ts';

/**
 * One event of CNCF distribution (its documentation, "Work with notifications"). What is deleted has no media type; a
 * deleted tag has no digest. Tags are empty for what was pushed by digest.
 */
export const distributionEvent = z.object({
  id: text.optional(),
  timestamp: moment,
  action: text,
  target: z.object({
    mediaType: text.optional(),
    digest: text.optional(),
    repository: text.optional(),
    tag: text.optional(),
  }),
  actor: z.object({ name: text.optional() }).nullish(),
});

export function readDistributionEvent(event: z.infer<typeof distributionEvent>): Reading {
  const { target, action, timestamp } = event;
  if (action !== 'push' && action !== 'delete' && action !== 'pull') {
    // `mount` is of blobs.
    return ignored(action === 'mount' ? 'not-an-image' : 'event-not-followed');
  }
  const { mediaType, repository = '', digest, tag } = target;
  if (mediaType ? !isManifestType(mediaType) : action !== 'delete') return ignored('not-an-image');
  return events({
    action,
    repository,
    digest: digest || undefined,
    tag: tag || undefined,
    mediaType: mediaType || undefined,
    actor: event.actor?.name || undefined,
    occurredAt: timestamp,
  });
}

const envelope = z.object({ events: z.array(distributionEvent).min(1).max(100) });

/**
 * `application/vnd.docker.distribution.events.v1+json` and `v2+json`. The proof is the value of `Authorization` that the
 * endpoint's `headers` are configured with.
 */
export const distribution: WebhookSender = {
  name: 'distribution',
  authenticate: (request, { secrets }) => isAuthorized(request, secrets),
  read: (body) => readAs(envelope, body, (value) => together(value.events.map(readDistributionEvent))),
};

/** GitLab's registry is distribution, and a self-managed one sends as that does (administration guide, "Container registry"). */
export const gitlab: WebhookSender = { ...distribution, name: 'gitlab' };
