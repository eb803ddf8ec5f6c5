import { z } from 'zod';
import { type Digest, digestOf, isDigest } from '../core/digest.ts';
import { canonicalJson, type Json } from '../core/json.ts';
import type { AuditEntry, AuditEvent, Checkpoint } from './model.ts';

const digest = z.custom<Digest>(isDigest, 'not a digest');

export const auditEntrySchema = z.object({
  seq: z.int().positive(),
  eventId: z.string(),
  time: z.string(),
  recordedAt: z.string(),
  source: z.string(),
  detailType: z.string(),
  subject: z.string().exactOptional(),
  detail: z.custom<Json>((value) => value !== undefined, 'missing'),
  prevHash: digest,
  hash: digest,
});

/** Places events after the head, in their order. */
export function extendChain(head: Checkpoint, events: readonly AuditEvent[], recordedAt: Date): readonly AuditEntry[] {
  let { seq, hash: prevHash } = head;
  return events.map((event) => {
    seq++;
    const { eventId, time, source, detailType, subject, detail } = event;
    const placed = {
      ...{ seq, eventId, time, recordedAt: recordedAt.toISOString(), source, detailType },
      ...(subject === undefined ? {} : { subject }),
      ...{ detail, prevHash },
    };
    const hash = digestOf(canonicalJson(placed));
    prevHash = hash;
    return { ...placed, hash };
  });
}

/** The hash that the entry should have by its content. */
export function hashOfEntry(entry: AuditEntry): Digest {
  const { hash: _own, ...rest } = entry;
  return digestOf(canonicalJson(rest));
}

export const checkpointOf = ({ seq, hash }: AuditEntry): Checkpoint => ({ seq, hash });
