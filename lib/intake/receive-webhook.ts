import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import { isRegistryHost, isRepositoryName, isTag } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import {
  digestSchema,
  draftEvent,
  type EventDraft,
  type EventPublisher,
  imageDeleted,
  imagePushed,
  publishable,
} from '../events/index.ts';

/** Larger bodies are refused before anything is computed over them. */
export const MAX_WEBHOOK_BYTES = 256 * 1024;
const MAX_EVENTS = 100;

const notice = z.object({
  action: z.enum(['push', 'delete']),
  registry: z.string().refine(isRegistryHost),
  repository: z.string().refine(isRepositoryName),
  digest: digestSchema.optional(),
  tag: z.string().refine(isTag).optional(),
  mediaType: z.string().optional(),
  occurredAt: z.iso.datetime().optional(),
});

/** Lading's generic notification: what a registry, or a script beside it, sends when an image came or went. */
export const webhookBody = z.object({ events: z.array(notice).min(1).max(MAX_EVENTS) });
type Notice = z.infer<typeof notice>;

export interface WebhookRequest {
  /** The last part of the URL: which configured source sends this. */
  readonly source: string;
  /** Exactly the bytes that came: the signature is over them. */
  readonly body: Uint8Array;
  /** `x-lading-signature: sha256=<hex>`: HMAC-SHA256 of the body with the source's secret. */
  readonly signature: string | undefined;
  /** `x-lading-delivery`: the sender's id of this delivery; absent, the body's hash stands for it. */
  readonly delivery: string | undefined;
}

export interface WebhookPorts {
  /** The secrets that are valid for a source; two while one is being rotated. */
  readonly secretsOf: (source: string) => Promise<readonly string[]>;
  /** Whether the configuration has the registry: no other is ever spoken to, so news of it is refused here. */
  readonly isConfigured: (registry: string) => boolean;
  /** Digest that a tag names now, asked once; `undefined` where there is none. */
  readonly resolveTag: (at: { registry: string; repository: string; tag: string }) => Promise<string | undefined>;
  readonly deliveries: DeliveryLog;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}

/** Which deliveries were taken in already. */
export interface DeliveryLog {
  seen(source: string, delivery: string): Promise<boolean>;
  /** Kept for `ttlSeconds`. */
  record(source: string, delivery: string, ttlSeconds: number): Promise<void>;
}

export type WebhookAnswer =
  | { readonly kind: 'accepted'; readonly events: number }
  | { readonly kind: 'repeated' }
  /** One answer for a missing, wrong or malformed signature and for an unknown source: it teaches nothing. */
  | { readonly kind: 'refused' }
  /** Told only to a sender whose signature is right. */
  | { readonly kind: 'invalid'; readonly problem: string };

const REPLAY_WINDOW_SECONDS = 7 * 24 * 3600;

export async function receiveWebhook(ports: WebhookPorts, request: WebhookRequest): Promise<WebhookAnswer> {
  if (request.body.length > MAX_WEBHOOK_BYTES) return { kind: 'refused' };
  if (!isSigned(request, await ports.secretsOf(request.source))) return { kind: 'refused' };
  // A replay with another delivery id would have the same body, so the id alone is never believed.
  const delivery = createHash('sha256')
    .update(request.delivery ?? '')
    .update('\n')
    .update(request.body)
    .digest('hex');
  if (await ports.deliveries.seen(request.source, delivery)) return { kind: 'repeated' };
  const parsed = readBody(request.body);
  if (typeof parsed === 'string') return { kind: 'invalid', problem: parsed };
  const drafts: EventDraft[] = [];
  for (const event of parsed) {
    const draft = await toDraft(ports, event);
    if (typeof draft === 'string') return { kind: 'invalid', problem: draft };
    drafts.push(draft);
  }
  const cause = { root: `webhook:${request.source}:${delivery}` };
  await ports.publisher.publish(drafts.map((draft) => publishable(draft, cause, ports.clock.now())));
  // Recorded after publishing: a crash in between leads to equal events again, never to none.
  await ports.deliveries.record(request.source, delivery, REPLAY_WINDOW_SECONDS);
  return { kind: 'accepted', events: drafts.length };
}

function isSigned(request: WebhookRequest, secrets: readonly string[]): boolean {
  const given = Buffer.alloc(32);
  const text = request.signature ?? '';
  const wellFormed = /^sha256=[0-9a-f]{64}$/.test(text);
  if (wellFormed) given.write(text.slice(7), 'hex');
  let valid = false;
  // An unknown source is checked against a secret that nobody has, so that it takes as long to refuse.
  for (const secret of secrets.length > 0 ? secrets : [createHash('sha256').update(request.body).digest('hex')]) {
    const expected = createHmac('sha256', secret).update(request.body).digest();
    if (timingSafeEqual(expected, given) && secrets.length > 0) valid = true;
  }
  return valid && wellFormed;
}

function readBody(body: Uint8Array): readonly Notice[] | string {
  try {
    const parsed = webhookBody.safeParse(parseJsonStrict(body, { maxBytes: MAX_WEBHOOK_BYTES, what: 'the body' }));
    return parsed.success ? parsed.data.events : z.prettifyError(parsed.error);
  } catch (error) {
    if (error instanceof LadingError) return error.message;
    throw error;
  }
}

async function toDraft(ports: WebhookPorts, event: Notice): Promise<EventDraft | string> {
  const { registry, repository, tag, mediaType } = event;
  if (!ports.isConfigured(registry)) return `the registry "${registry}" is not configured`;
  const time = event.occurredAt ?? ports.clock.now().toISOString();
  const digest = event.digest ?? (tag ? await ports.resolveTag({ registry, repository, tag }) : undefined);
  const checked = digestSchema.safeParse(digest);
  if (!checked.success) {
    return `${registry}/${repository}${tag ? `:${tag}` : ''}: the event names no digest, and the registry has none for the tag`;
  }
  const subject = {
    registry,
    repository,
    digest: checked.data,
    tags: tag ? [tag] : [],
    ...(mediaType ? { mediaType } : {}),
  };
  return event.action === 'push'
    ? draftEvent(imagePushed, { subject, origin: 'webhook', pushedAt: time })
    : draftEvent(imageDeleted, { subject, origin: 'webhook', deletedAt: time });
}
