import { z } from 'zod';
import type { WebhookSender } from '../model.ts';
import { cloudEvents } from './cloud-event.ts';
import { genericBody, genericNotice } from './generic.ts';
import { isAuthorized, isSecret, isSignature } from './proofs.ts';
import { events, readAs, together } from './readings.ts';

const data = z.union([genericBody, genericNotice.transform((one) => ({ events: [one] }))]);

/**
 * CloudEvents of any type whose data is a notice of the generic form. The proof is the generic signature, or what HTTP
 * webhooks 1.0.2 name in section 3: a bearer token, or the parameter `access_token`.
 *
 * Structured and batched mode only: in binary mode id and time are in headers, which no signature covers.
 */
export const cloudevents: WebhookSender = {
  name: 'cloudevents',
  asksFirst: true,
  authenticate: (request, { secrets }) => {
    const signature = request.headers.get('x-lading-signature');
    const signed = isSignature(signature, request, secrets, { algorithm: 'sha256', prefix: 'sha256=' });
    const authorized = isAuthorized(request, secrets);
    return isSecret(request.query.get('access_token'), secrets) || authorized || signed;
  },
  read: (body) =>
    readAs(cloudEvents, body, (all) =>
      together(
        all.map((event) =>
          readAs(data, event.data, (value) =>
            events(...value.events.map((one) => ({ ...one, occurredAt: one.occurredAt ?? event.time }))),
          ),
        ),
      ),
    ),
};
