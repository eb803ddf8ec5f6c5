import { createHmac } from 'node:crypto';
import { manualClock } from '../../../lib/core/clock.ts';
import { memoryDeliveries } from '../../../lib/intake/adapters/memory-deliveries.ts';
import {
  type IntakeSource,
  intakeConfigSchema,
  receiveWebhook,
  type SigningKeys,
  type WebhookAnswer,
  type WebhookRequest,
} from '../../../lib/intake/index.ts';
import { memoryPublisher } from '../../support/memory-publisher.ts';

export const SECRET = 'a secret of the test';
export const HOST = 'registry.example';
export const DIGEST = `sha256:${'3c94'.repeat(16)}` as const;
/** What the registry of the test says of every tag but `absent`. */
export const RESOLVED = `sha256:${'5d1e'.repeat(16)}` as const;
export const NOW = '2026-05-08T15:13:09.000Z';

/** A source as the configuration gives it, defaults filled in. */
export function sourceOf(kind: string, more: object = {}): IntakeSource {
  const google = kind === 'google' ? { audience: 'lading', serviceAccount: 'push@project.example' } : {};
  const { sources } = intakeConfigSchema.parse({ sources: [{ name: 'it', kind, registry: HOST, ...google, ...more }] });
  return sources[0] as IntakeSource;
}

export const noKeys: SigningKeys = { find: async () => undefined };

/** Ports of one configured source `it`, and of `unconfigured`, whose secret is known and whose kind is not. */
export function ports(source: IntakeSource | undefined, signingKeys: SigningKeys = noKeys) {
  const clock = manualClock(NOW);
  const publisher = memoryPublisher();
  const asked: string[] = [];
  return {
    ...{ clock, publisher, asked, signingKeys, deliveries: memoryDeliveries(clock) },
    sourceOf: (name: string) => (name === 'it' ? source : undefined),
    secretsOf: async (name: string) => (['it', 'unconfigured'].includes(name) ? [SECRET, 'the one before'] : []),
    isConfigured: (registry: string) => registry === HOST,
    resolveTag: async ({ registry, repository, tag }: { registry: string; repository: string; tag: string }) => {
      asked.push(`${registry}/${repository}:${tag}`);
      return tag === 'absent' ? undefined : RESOLVED;
    },
  };
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: 'POST' | 'OPTIONS';
  readonly source?: string;
}

export function request(payload: unknown, sent: Sent = {}): WebhookRequest {
  return {
    source: sent.source ?? 'it',
    method: sent.method ?? 'POST',
    headers: new Map(Object.entries(sent.headers ?? {})),
    query: new Map(Object.entries(sent.query ?? {})),
    body: bytesOf(payload),
  };
}

export const bytesOf = (payload: unknown): Buffer =>
  payload instanceof Uint8Array
    ? Buffer.from(payload)
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));

export const hmac = (payload: unknown, algorithm = 'sha256', key = SECRET): string =>
  createHmac(algorithm, key).update(bytesOf(payload)).digest('hex');

/** What a delivery led to: the answer, what was published in short, and the tags that were asked for. */
export async function deliver(
  given: ReturnType<typeof ports>,
  payload: unknown,
  sent: Sent = {},
): Promise<{ readonly answer: WebhookAnswer; readonly published: readonly object[] }> {
  const before = given.publisher.events.length;
  const answer = await receiveWebhook(given, request(payload, sent));
  const published = given.publisher.events.slice(before).map(({ detailType, detail }) => {
    const { subject, origin: _origin, ...rest } = detail.data as { subject: object; origin: string };
    return { event: detailType, ...subject, ...rest };
  });
  return { answer, published };
}
