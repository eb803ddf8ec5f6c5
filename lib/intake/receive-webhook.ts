import { createHash } from 'node:crypto';
import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { publishable } from '../events/index.ts';
import type { HttpAnswer, IgnoredReason, WebhookRequest, WebhookSender } from './model.ts';
import type { WebhookPorts } from './ports.ts';
import { allowOrigin } from './senders/cloud-event.ts';
import { senders } from './senders/index.ts';
import { type Rejection, toDrafts } from './to-drafts.ts';

/** Larger bodies are refused before anything is computed over them. */
export const MAX_WEBHOOK_BYTES = 256 * 1024;
const MAX_EVENTS = 100;

export type WebhookAnswer =
  | {
      readonly kind: 'accepted';
      readonly events: number;
      /** Why parts of the delivery, or all of it, led to no event. */
      readonly ignored: readonly (IgnoredReason | 'registry-not-configured')[];
    }
  | { readonly kind: 'repeated' }
  /** What the sender wants to hear before it sends events. */
  | { readonly kind: 'handshake'; readonly answer: HttpAnswer }
  /** One answer for a missing, wrong or malformed proof and for an unknown source: it teaches nothing. */
  | { readonly kind: 'refused' }
  /** Told only to a sender whose proof is right. */
  | { readonly kind: 'invalid'; readonly problem: string };

const REPLAY_WINDOW_SECONDS = 7 * 24 * 3600;

/** Takes in one request of a sender. It rejects only where a port does: a registry or a table that does not answer. */
export async function receiveWebhook(ports: WebhookPorts, request: WebhookRequest): Promise<WebhookAnswer> {
  if (request.body.length > MAX_WEBHOOK_BYTES) return { kind: 'refused' };
  const source = ports.sourceOf(request.source);
  const sender = senders[source?.kind ?? 'generic'];
  const secrets = await ports.secretsOf(request.source);
  const proof = { secrets, source, signingKeys: ports.signingKeys, now: ports.clock.now() };
  if (!(await sender.authenticate(request, proof))) return { kind: 'refused' };
  if (request.method === 'OPTIONS') return answerOptions(sender, request);
  const body = parseBody(request.body);
  if (body.kind === 'invalid') return body;
  const reading = sender.read(body.value, request.headers, source);
  if (reading.kind !== 'events') return reading;
  if (reading.notices.length > MAX_EVENTS) {
    return { kind: 'invalid', problem: `more than ${MAX_EVENTS} events in one delivery` };
  }
  const { drafts, digests, ignored } = await toDrafts(ports, source, reading.notices);
  const problem = problemToTell(sender, ignored);
  if (problem !== undefined) return { kind: 'invalid', problem };
  const reasons = [...reading.ignored, ...ignored.map(({ reason }) => reason)];
  if (drafts.length === 0) return { kind: 'accepted', events: 0, ignored: reasons };
  // By the body, since an id in a header is covered by no signature; and by what its tags turned out to name.
  const delivery = createHash('sha256')
    .update(request.body)
    .update(`\n${digests.join('\n')}`)
    .digest('hex');
  if (await ports.deliveries.seen(request.source, delivery)) return { kind: 'repeated' };
  const cause = { root: `webhook:${request.source}:${delivery}${period(sender, ports)}` };
  await ports.publisher.publish(drafts.map((draft) => publishable(draft, cause, ports.clock.now())));
  // Recorded after publishing: a crash in between leads to equal events again, never to none.
  const window = sender.repeatsWithinSeconds ?? REPLAY_WINDOW_SECONDS;
  await ports.deliveries.record(request.source, delivery, window);
  return { kind: 'accepted', events: drafts.length, ignored: reasons };
}

function answerOptions(sender: WebhookSender, request: WebhookRequest): WebhookAnswer {
  const answer = sender.asksFirst ? allowOrigin(request.headers) : undefined;
  return answer ? { kind: 'handshake', answer } : { kind: 'refused' };
}

/** Who speaks our own form wrote it themselves and can mend it; a registry would only send the same again. */
const problemToTell = (sender: WebhookSender, rejections: readonly Rejection[]): string | undefined =>
  sender.name === 'generic' || sender.name === 'cloudevents' ? rejections[0]?.problem : undefined;

/** Where an equal delivery can be news, its events are new ones after a while. */
const period = (sender: WebhookSender, { clock }: WebhookPorts): string =>
  sender.repeatsWithinSeconds === undefined
    ? ''
    : `:${Math.floor(clock.now().getTime() / 1000 / sender.repeatsWithinSeconds)}`;

type Body = { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'invalid'; readonly problem: string };

function parseBody(body: Uint8Array): Body {
  try {
    return { kind: 'json', value: parseJsonStrict(body, { maxBytes: MAX_WEBHOOK_BYTES, what: 'the body' }) };
  } catch (error) {
    if (error instanceof LadingError) return { kind: 'invalid', problem: error.message };
    throw error;
  }
}
