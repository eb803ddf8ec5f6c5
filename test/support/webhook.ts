import { createHmac } from 'node:crypto';

/** Sends a notification as a registry would, signed with the secret; an empty one leaves the signature out. */
export function sendWebhook(
  api: string,
  request: { readonly source: string; readonly secret: string; readonly body: string; readonly delivery?: string },
): Promise<Response> {
  const { source, secret, body, delivery } = request;
  const signature = secret && createHmac('sha256', secret).update(body).digest('hex');
  const headers = {
    ...(signature ? { 'x-lading-signature': `sha256=${signature}` } : {}),
    ...(delivery === undefined ? {} : { 'x-lading-delivery': delivery }),
  };
  return fetch(`${api}/webhooks/${source}`, { method: 'POST', body, headers });
}
