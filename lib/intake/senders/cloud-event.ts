import { z } from 'zod';
import type { HttpAnswer } from '../model.ts';
import { text } from './readings.ts';

/** CloudEvents 1.0.2, "Context Attributes", in the JSON format. Extensions are ignored. */
export const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: text.min(1),
  source: text.min(1),
  type: text.min(1),
  time: text.optional(),
  data: z.unknown(),
});
export type CloudEvent = z.infer<typeof cloudEvent>;

/** Structured mode has one, batched mode a list (HTTP protocol binding 1.0.2, sections 3.2 and 3.3). */
export const cloudEvents = z.union([z.array(cloudEvent).min(1).max(100), cloudEvent.transform((event) => [event])]);

const ORIGIN = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/;

/**
 * Allows a sender that asks by OPTIONS to send (HTTP webhooks 1.0.2, section 4.2). The callback that it may offer is
 * never called. `undefined` where it names no host.
 */
export function allowOrigin(headers: ReadonlyMap<string, string>): HttpAnswer | undefined {
  const origin = headers.get('webhook-request-origin');
  if (origin === undefined || !ORIGIN.test(origin)) return undefined;
  return {
    status: 200,
    headers: { allow: 'POST, OPTIONS', 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '120' },
    body: '',
  };
}
