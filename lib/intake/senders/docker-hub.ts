import { z } from 'zod';
import type { WebhookSender } from '../model.ts';
import { hasSecretInUrl } from './proofs.ts';
import { events, readAs, text } from './readings.ts';

/**
 * Docker documentation, "Docker Hub webhooks". There is `callback_url` as well, which a receiver may call to say how it
 * went: a stranger's address, which is never called. The event names no digest.
 */
const payload = z.object({
  push_data: z.object({ tag: text, pushed_at: z.number().optional(), pusher: text.optional() }),
  repository: z.object({ repo_name: text }),
});

/** Docker Hub proves nothing: the secret is a parameter of the URL. */
export const dockerHub: WebhookSender = {
  name: 'docker-hub',
  authenticate: (request, { secrets }) => hasSecretInUrl(request, secrets),
  read: (body) =>
    readAs(payload, body, ({ push_data, repository }) =>
      events({
        action: 'push',
        repository: repository.repo_name,
        tag: push_data.tag,
        actor: push_data.pusher,
        // In seconds.
        occurredAt: push_data.pushed_at === undefined ? undefined : push_data.pushed_at * 1000,
      }),
    ),
};
