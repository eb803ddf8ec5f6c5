import fc from 'fast-check';
import { extendChain } from '../../../lib/audit/chain.ts';
import { type AuditEntry, type AuditEvent, GENESIS } from '../../../lib/audit/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import type { EventBridgeEvent } from '../../../lib/events/index.ts';

export const event = (id: number | string): AuditEvent => ({
  eventId: `event-${id}`,
  time: '2026-03-03T12:00:00.000Z',
  source: 'lading.test',
  detailType: 'Image Pushed',
  subject: `r.example/app@sha256:${'a'.repeat(64)}`,
  detail: { data: { n: id } },
});

export const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
export const eventsOf = (from: number, to: number): readonly AuditEvent[] => range(from, to).map(event);

export const chainOf = (length: number): readonly AuditEntry[] =>
  extendChain(GENESIS, eventsOf(1, length), manualClock().now());

const detailOf = (id: number | string) => ({
  metadata: {
    id: `event-${id}`,
    schemaVersion: 1,
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-03-03T11:59:59.000Z',
  },
  data: { subject: { registry: 'r.example', repository: 'app', digest: `sha256:${'a'.repeat(64)}`, tags: [] } },
});

export const envelope = (id: number | string, detail: unknown = detailOf(id)): EventBridgeEvent => ({
  id: `delivery-${id}`,
  'detail-type': 'Image Pushed',
  source: 'lading.intake',
  account: '123456789012',
  time: '2026-03-03T12:00:00Z',
  region: 'eu-central-1',
  resources: [],
  detail,
});

export const lengths = fc.integer({ min: 1, max: 40 });
