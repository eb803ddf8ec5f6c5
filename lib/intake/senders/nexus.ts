import { z } from 'zod';
import { isDigest } from '../../core/digest.ts';
import type { WebhookSender } from '../model.ts';
import { isSignature } from './proofs.ts';
import { events, ignored, moment, readAs, text } from './readings.ts';

/** Sonatype documentation, "Example headers and payloads": the repository webhook of components. */
const payload = z.object({
  timestamp: moment,
  initiator: text.optional(),
  repositoryName: text,
  action: text,
  component: z.object({ format: text, name: text, version: text.nullish() }).optional(),
});

/** `X-Nexus-Webhook-Signature`: the hex of the body's HMAC-SHA1. The event names no digest. */
export const nexus: WebhookSender = {
  name: 'nexus',
  authenticate: (request, { secrets }) =>
    isSignature(request.headers.get('x-nexus-webhook-signature'), request, secrets, { algorithm: 'sha1' }),
  read: (body, headers, source) => {
    if (headers.get('x-nexus-webhook-id') !== 'rm:repository:component') return ignored('event-not-followed');
    return readAs(payload, body, ({ component, repositoryName, action, initiator, timestamp }) => {
      if (component?.format !== 'docker') return ignored('not-an-image');
      if (!['CREATED', 'UPDATED', 'DELETED'].includes(action)) return ignored('event-not-followed');
      const inPath = source?.kind === 'nexus' && source.repositoryInPath;
      const version = component.version ?? undefined;
      return events({
        action: action === 'DELETED' ? 'delete' : 'push',
        repository: inPath ? `${repositoryName}/${component.name}` : component.name,
        ...(isDigest(version) ? { digest: version } : { tag: version }),
        actor: initiator,
        occurredAt: timestamp,
      });
    });
  },
};
