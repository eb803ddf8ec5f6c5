import { z } from 'zod';
import { digestOf } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { canonicalJson, type Json } from '../core/json.ts';
import { type DocumentStore, saveJson } from '../documents/index.ts';
import { type EventBridgeEvent, metadataSchema, subjectSchema } from '../events/index.ts';
import { type AuditEntry, type AuditEvent, SEGMENT_SIZE } from './model.ts';
import type { AuditLog } from './ports.ts';
import { recordCheckpoint, sealSegments } from './seal-segments.ts';

/** Larger details go to the evidence store, and the entry names them. Bytes of canonical JSON. */
const MAX_INLINE_BYTES = 16 * 1024;
const DETAILS = 'audit/details';

export interface RecordEventsPorts {
  readonly log: AuditLog;
  /** Holds `audit/…`: large details, sealed segments, checkpoints. */
  readonly evidence: DocumentStore;
}

/**
 * Appends events to the trail, each once. Where a thousand entries are full it seals them; where the day of the newest
 * entry before differs from today's it records that one as a checkpoint.
 *
 * @returns what was new
 */
export async function recordEvents(
  { log, evidence }: RecordEventsPorts,
  envelopes: readonly EventBridgeEvent[],
): Promise<readonly AuditEntry[]> {
  const events = await Promise.all(envelopes.map((envelope) => toAuditEvent(evidence, envelope)));
  const { appended, before, head } = await log.append(events);
  const [first] = appended;
  if (first === undefined) return appended;
  if (before.recordedAt !== undefined && dayOf(before.recordedAt) !== dayOf(first.recordedAt)) {
    await recordCheckpoint(evidence, before);
  }
  if (Math.floor(head.seq / SEGMENT_SIZE) > Math.floor(before.seq / SEGMENT_SIZE))
    await sealSegments(log, evidence, head);
  return appended;
}

const dayOf = (time: string): string => time.slice(0, 10);

/** Only what the trail is searched by; the detail is kept as it came, whatever it holds. */
const detailSchema = z.object({
  metadata: metadataSchema.pick({ id: true, occurredAt: true }),
  data: z.object({ subject: subjectSchema.pick({ registry: true, repository: true, digest: true }).optional() }),
});

async function toAuditEvent(evidence: DocumentStore, envelope: EventBridgeEvent): Promise<AuditEvent> {
  const known = detailSchema.safeParse(envelope.detail);
  const subject = known.data?.data.subject;
  return {
    // An event that is not in our form is recorded too, under the id that EventBridge gave it.
    eventId: known.data?.metadata.id ?? envelope.id,
    time: known.data?.metadata.occurredAt ?? envelope.time,
    source: envelope.source,
    detailType: envelope['detail-type'],
    ...(subject === undefined ? {} : { subject: locationKey(subject) }),
    detail: await inlineOrDocument(evidence, (envelope.detail ?? null) as Json),
  };
}

async function inlineOrDocument(evidence: DocumentStore, detail: Json): Promise<Json> {
  const text = canonicalJson(detail);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_INLINE_BYTES) return detail;
  // Written before the entry that names it, and under its own digest: a retry writes nothing new.
  const { key } = await saveJson(evidence, DETAILS, detail);
  return { document: { key, digest: digestOf(text), bytes } };
}
