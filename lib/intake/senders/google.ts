import { z } from 'zod';
import { isLadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { Reading, WebhookSender } from '../model.ts';
import { verifyIdToken } from '../verify-id-token.ts';
import { events, ignored, moment, readAs, referenceIn, text } from './readings.ts';

/** Artifact Registry documentation, "Configure Pub/Sub notifications". */
const change = z.object({ action: text, digest: text.optional(), tag: text.optional() });
/** Pub/Sub documentation, "Push subscriptions"; with payload unwrapping the body is the change itself. */
const wrapped = z.object({ message: z.object({ data: z.base64().max(64 * 1024), publishTime: moment }) });

function readChange(value: z.infer<typeof change>, occurredAt: string | number | undefined): Reading {
  if (value.action !== 'INSERT' && value.action !== 'DELETE') return ignored('event-not-followed');
  const byDigest = referenceIn(value.digest);
  const byTag = referenceIn(value.tag);
  const at = byDigest ?? byTag;
  if (at === undefined) return ignored('name-not-valid');
  return events({
    action: value.action === 'INSERT' ? 'push' : 'delete',
    registry: at.registry,
    repository: at.repository,
    digest: byDigest?.digest,
    tag: byTag?.tag,
    occurredAt,
  });
}

function decode(data: string): unknown {
  try {
    return parseJsonStrict(Buffer.from(data, 'base64'));
  } catch (error) {
    if (isLadingError(error)) return undefined;
    throw error;
  }
}

/** Google's OpenID Connect guide, "Validating an ID token": the `jwks_uri` of its discovery document. */
export const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';

/** Google's tokens are issued under either name (OpenID Connect guide, "Validating an ID token"). */
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];

/**
 * Artifact Registry and Container Registry, through a push subscription to the topic `gcr`. The proof is the identity
 * token of the subscription's service account: issuer, audience, account and time are checked, and Google's signature.
 */
export const google: WebhookSender = {
  name: 'google',
  authenticate: async (request, { source, signingKeys, now }) => {
    if (source?.kind !== 'google') return false;
    const given = request.headers.get('authorization');
    if (!given?.startsWith('Bearer ')) return false;
    const { audience, serviceAccount: email } = source;
    return verifyIdToken(given.slice(7), { issuers: ISSUERS, audience, email }, signingKeys, now);
  },
  read: (body) => {
    const isWrapped = body !== null && typeof body === 'object' && 'message' in body;
    if (!isWrapped) return readAs(change, body, (value) => readChange(value, undefined));
    return readAs(wrapped, body, ({ message }) =>
      readAs(change, decode(message.data), (value) => readChange(value, message.publishTime)),
    );
  },
};
