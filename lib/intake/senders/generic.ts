import { z } from 'zod';
import { isRegistryHost, isRepositoryName, isTag } from '../../core/image-reference.ts';
import { digestSchema } from '../../events/index.ts';
import type { WebhookSender } from '../model.ts';
import { isSignature } from './proofs.ts';
import { readAs } from './readings.ts';

export const genericNotice = z.object({
  action: z.enum(['push', 'delete', 'pull']),
  /** May be left out where the source is configured for one registry. */
  registry: z.string().refine(isRegistryHost).optional(),
  repository: z.string().refine(isRepositoryName),
  digest: digestSchema.optional(),
  tag: z.string().refine(isTag).optional(),
  mediaType: z.string().max(255).optional(),
  occurredAt: z.iso.datetime().optional(),
});

/** Lading's own form: what a registry without one of its own, or a script beside it, sends when images came or went. */
export const genericBody = z.object({ events: z.array(genericNotice).min(1).max(100) });

/** `x-lading-signature: sha256=<hex>`: HMAC-SHA256 of the body with the source's secret. */
export const generic: WebhookSender = {
  name: 'generic',
  authenticate: (request, { secrets }) =>
    isSignature(request.headers.get('x-lading-signature'), request, secrets, {
      algorithm: 'sha256',
      prefix: 'sha256=',
    }),
  read: (body) => readAs(genericBody, body, (value) => ({ kind: 'events', notices: value.events, ignored: [] })),
};
