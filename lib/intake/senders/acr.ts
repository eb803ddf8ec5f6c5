import { z } from 'zod';
import type { Reading, WebhookSender } from '../model.ts';
import { cloudEvents } from './cloud-event.ts';
import { distributionEvent, readDistributionEvent } from './distribution.ts';
import { hasSecretInUrl, isAuthorized } from './proofs.ts';
import { ignored, moment, readAs, text, together } from './readings.ts';

/** Azure documentation, "Azure Event Grid event schema". */
const gridEvents = z
  .array(z.object({ id: text, eventType: text, eventTime: moment, data: z.unknown() }))
  .min(1)
  .max(100);
const validation = z.object({ validationCode: z.string().min(1).max(200) });
/** The registry's own webhooks send one event of distribution, or one that only says "ping". */
const ping = z.object({ action: z.literal('ping') });

function readData(type: string, data: unknown): Reading {
  switch (type) {
    case 'Microsoft.ContainerRegistry.ImagePushed':
    case 'Microsoft.ContainerRegistry.ImageDeleted':
      return readAs(distributionEvent, data, readDistributionEvent);
    case 'Microsoft.ContainerRegistry.ChartPushed':
    case 'Microsoft.ContainerRegistry.ChartDeleted':
      return ignored('not-an-image');
    default:
      return ignored('event-not-followed');
  }
}

/** The answer that Event Grid waits for. The `validationUrl` beside the code, which is another way, is never called. */
function answerValidation(data: unknown): Reading {
  return readAs(validation, data, ({ validationCode }) => ({
    kind: 'handshake',
    answer: {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ validationResponse: validationCode }),
    },
  }));
}

const isValidation = (event: { readonly eventType: string }): boolean =>
  event.eventType === 'Microsoft.EventGrid.SubscriptionValidationEvent';

const has = (body: unknown, key: string): boolean => body !== null && typeof body === 'object' && key in body;

/**
 * Azure Container Registry: through Event Grid in its own schema or as CloudEvents, each with its handshake, or by the
 * registry's own webhooks. Event Grid signs nothing: the secret is a parameter of the URL, which the handshakes carry
 * too, or the value of `Authorization` among the delivery properties.
 */
export const acr: WebhookSender = {
  name: 'acr',
  asksFirst: true,
  authenticate: (request, { secrets }) => {
    const inUrl = hasSecretInUrl(request, secrets);
    return isAuthorized(request, secrets) || inUrl;
  },
  read: (body) => {
    if (has(body, 'specversion') || (Array.isArray(body) && has(body[0], 'specversion'))) {
      return readAs(cloudEvents, body, (all) => together(all.map((event) => readData(event.type, event.data))));
    }
    if (Array.isArray(body)) {
      return readAs(gridEvents, body, (all) => {
        const asked = all.find(isValidation);
        if (asked !== undefined) return answerValidation(asked.data);
        return together(all.map((event) => readData(event.eventType, event.data)));
      });
    }
    if (ping.safeParse(body).success) return ignored('connection-test');
    return readAs(distributionEvent, body, readDistributionEvent);
  },
};
