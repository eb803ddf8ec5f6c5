import { z } from 'zod';
import { isDigest } from '../../core/digest.ts';
import type { Notice, Reading, WebhookSender } from '../model.ts';
import { cloudEvents } from './cloud-event.ts';
import { isAuthorized } from './proofs.ts';
import { events, ignored, readAs, text, together } from './readings.ts';

/** Harbor documentation, "Configure Webhook Notifications"; the `event_data` of one form is the `data` of the other. */
const eventData = z.object({
  resources: z
    .array(z.object({ digest: text.optional(), tag: text.optional() }))
    .min(1)
    .max(100),
  repository: z.object({ repo_full_name: text }),
});
const defaultForm = z.object({
  type: text,
  occur_at: z.number().optional(),
  operator: text.optional(),
  event_data: z.unknown(),
});
const operator = z.object({ operator: text.optional() });

/** A replication names what it copied without tag or digest; the pushes that it makes are told as such. */
const actions: ReadonlyMap<string, Notice['action']> = new Map([
  ['PUSH_ARTIFACT', 'push'],
  ['DELETE_ARTIFACT', 'delete'],
  ['PULL_ARTIFACT', 'pull'],
  ['harbor.artifact.pushed', 'push'],
  ['harbor.artifact.deleted', 'delete'],
  ['harbor.artifact.pulled', 'pull'],
]);

function readData(type: string, data: unknown, more: Pick<Notice, 'actor' | 'occurredAt'>): Reading {
  const action = actions.get(type);
  if (action === undefined) return ignored('event-not-followed');
  return readAs(eventData, data, ({ resources, repository }) =>
    events(
      ...resources.map(({ digest, tag }) => ({
        ...more,
        action,
        repository: repository.repo_full_name,
        digest: digest || undefined,
        // What was pushed by digest has the digest for its tag.
        tag: tag && !isDigest(tag) ? tag : undefined,
      })),
    ),
  );
}

/** The proof is the "Auth Header" of the webhook policy, sent as `Authorization`. */
export const harbor: WebhookSender = {
  name: 'harbor',
  authenticate: (request, { secrets }) => isAuthorized(request, secrets),
  read: (body) => {
    const isCloudEvent = body !== null && typeof body === 'object' && 'specversion' in body;
    if (!isCloudEvent) {
      return readAs(defaultForm, body, (value) =>
        readData(value.type, value.event_data, {
          actor: value.operator,
          // In seconds.
          occurredAt: value.occur_at === undefined ? undefined : value.occur_at * 1000,
        }),
      );
    }
    const actor = operator.safeParse(body).data?.operator;
    return readAs(cloudEvents, body, (all) =>
      together(all.map((event) => readData(event.type, event.data, { actor, occurredAt: event.time }))),
    );
  },
};
