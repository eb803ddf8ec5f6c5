import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';

export const digestSchema = z.custom<Digest>(isDigest, { error: 'expected a sha256 or sha512 digest' });

/** What an event is about: one exact image. The digest is what is acted on; a tag is never resolved twice. */
export const subjectSchema = z.object({
  registry: z.string().min(1),
  repository: z.string().min(1),
  digest: digestSchema,
  mediaType: z.string().min(1),
  /** `os/architecture[/variant]`, where the manifest is for one platform. */
  platform: z.string().optional(),
  /** Tags that named the digest when the event was made. */
  tags: z.array(z.string()),
});
export type ImageSubject = z.infer<typeof subjectSchema>;

export const metadataSchema = z.object({
  /** Derived from the cause and the content (see `eventId`), so a retry publishes the same id. */
  id: z.string().min(1),
  schemaVersion: z.number().int().positive(),
  /** The push (or schedule) that began it all. */
  correlationId: z.string().min(1),
  /** The event that led to this one. */
  causationId: z.string().min(1),
  occurredAt: z.iso.datetime(),
  /**
   * Set when a sweep repairs lost events. A stage that is already complete then publishes its recorded outcome again
   * instead of dropping the event as a duplicate, so the repair reaches the first stage that is missing.
   */
  sweep: z.boolean().optional(),
});
export type EventMetadata = z.infer<typeof metadataSchema>;

/** A kind of event: its names, its version, and the schema of its data. */
export interface EventDefinition<Data extends z.ZodType = z.ZodType> {
  readonly source: `lading.${string}`;
  readonly detailType: string;
  readonly schemaVersion: number;
  readonly data: Data;
  /** Distinguishes several events of one type that have the same cause (default: the subject's location). */
  discriminator(data: z.infer<Data>): string;
}

export interface LadingEvent<Data = unknown> {
  readonly source: string;
  readonly detailType: string;
  readonly detail: { readonly metadata: EventMetadata; readonly data: Data };
}

/** An event before it has a cause: what a stage returns, and what the work ledger keeps. */
export interface EventDraft<Data = unknown> {
  readonly source: string;
  readonly detailType: string;
  readonly schemaVersion: number;
  readonly discriminator: string;
  readonly data: Data;
}

/** What a new event descends from: another event, or an outside cause (a registry's delivery, a schedule's tick). */
export type EventCause =
  | Pick<EventMetadata, 'id' | 'correlationId' | 'sweep'>
  | { readonly root: string; readonly sweep?: boolean };

/** @throws LadingError `event-invalid` when the data do not fit the definition: our own bug, found before it travels. */
export function draftEvent<Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  data: z.input<Data>,
): EventDraft<z.infer<Data>> {
  const parsed = definition.data.safeParse(data);
  if (!parsed.success) {
    throw new LadingError('event-invalid', `data of "${definition.detailType}": ${z.prettifyError(parsed.error)}`);
  }
  const { source, detailType, schemaVersion } = definition;
  return { source, detailType, schemaVersion, discriminator: definition.discriminator(parsed.data), data: parsed.data };
}

export function publishable<Data>(draft: EventDraft<Data>, cause: EventCause, now: Date): LadingEvent<Data> {
  const causationId = 'root' in cause ? cause.root : cause.id;
  const metadata: EventMetadata = {
    id: eventId(draft.detailType, causationId, draft.discriminator),
    schemaVersion: draft.schemaVersion,
    correlationId: 'root' in cause ? cause.root : cause.correlationId,
    causationId,
    occurredAt: now.toISOString(),
    ...(cause.sweep ? { sweep: true } : {}),
  };
  return { source: draft.source, detailType: draft.detailType, detail: { metadata, data: draft.data } };
}

/**
 * The id of an event follows from what caused it and what it says, so that a retry after a crash publishes the same
 * event again and consumers can tell. Laid out as a UUID of version 8 (RFC 9562, section 5.8).
 */
export function eventId(detailType: string, causationId: string, discriminator: string): string {
  const hex = createHash('sha256').update(`${detailType}\n${causationId}\n${discriminator}`).digest('hex');
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** EventBridge's own envelope, as targets receive it. */
export const eventBridgeSchema = z.object({
  version: z.string().optional(),
  id: z.string(),
  'detail-type': z.string(),
  source: z.string(),
  account: z.string(),
  time: z.string(),
  region: z.string(),
  resources: z.array(z.string()).default([]),
  detail: z.unknown(),
});
export type EventBridgeEvent = z.infer<typeof eventBridgeSchema>;

/** Sends events to the bus. Either all are accepted or it rejects; then the caller's retry sends the same ids again. */
export interface EventPublisher {
  publish(events: readonly LadingEvent[]): Promise<void>;
}
