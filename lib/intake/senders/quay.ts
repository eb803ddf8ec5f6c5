import { z } from 'zod';
import type { WebhookSender } from '../model.ts';
import { hasSecretInUrl } from './proofs.ts';
import { events, ignored, readAs, text } from './readings.ts';

/** Quay documentation, "Repository notifications": of all events only "Push to Repository" has `updated_tags`. */
const payload = z.object({
  /** `namespace/name`. */
  repository: text,
  updated_tags: z.array(text).min(1).max(100).optional(),
});

/**
 * Quay proves nothing: the secret is a parameter of the URL. Its payload has neither digest nor id nor time, so that a
 * second push of the same tag looks like the first: only what is equal within minutes is taken for a retry.
 */
export const quay: WebhookSender = {
  name: 'quay',
  repeatsWithinSeconds: 600,
  authenticate: (request, { secrets }) => hasSecretInUrl(request, secrets),
  read: (body) =>
    readAs(payload, body, ({ repository, updated_tags }) =>
      updated_tags === undefined
        ? ignored('event-not-followed')
        : events(...updated_tags.map((tag) => ({ action: 'push' as const, repository, tag }))),
    ),
};
