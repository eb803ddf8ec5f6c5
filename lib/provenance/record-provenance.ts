import type { MaterialStore } from '../attestation/index.ts';
import type { Clock } from '../core/clock.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { type DocumentStore, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, provenanceRecorded } from '../events/index.ts';
import type { ProvenanceConfig } from './config.ts';
import { deriveLevel } from './derive-level.ts';
import type { Provenance, PusherCheck } from './model.ts';
import type { Lineage } from './ports.ts';

export interface RecordPorts {
  readonly documents: DocumentStore;
  readonly materials: Pick<MaterialStore, 'add'>;
  readonly lineage: Pick<Lineage, 'note'>;
  readonly clock: Clock;
}

/** A document names so many; the event and the lineage name the first. */
const MOST_MATERIALS = 100;

/**
 * Keeps how an image was built: the predicate as a document, what it was built from in the lineage, and its level. It
 * becomes a statement under our own key, which says that it was received and checked so; what nobody vouches for is
 * kept and told of, and not signed, and what its signer vouches for needs no second signature. What a stranger signed
 * leads to no image. Idempotent.
 */
export async function recordProvenance(
  { documents, materials, lineage, clock }: RecordPorts,
  image: ImageLocation & { readonly tags?: readonly string[] },
  provenance: Provenance,
  settings: { readonly config: ProvenanceConfig; readonly pusher?: PusherCheck },
): Promise<EventDraft> {
  const { registry, repository, digest } = image;
  const subject = { registry, repository, digest };
  const { level, reasons } = deriveLevel(provenance, settings.config.isolatedBuilders, settings.pusher);
  const pushedByBuilder = settings.pusher?.answer ?? 'unknown';
  const document = await saveJson(documents, 'attestations/given', provenance.predicate);
  const { authenticity, signer } = provenance;
  if (authenticity === 'platform' || authenticity === 'token') {
    const receivedAt = clock.now().toISOString();
    await materials.add({ subject, kind: 'provenance', document, source: provenance.source, receivedAt });
  }
  const named = provenance.materials.slice(0, MOST_MATERIALS);
  if (authenticity !== 'untrusted') {
    await lineage.note(subject, {
      level,
      pushedByBuilder,
      source: `${provenance.source} ${provenance.builder}`,
      materials: named.flatMap(({ digest: of }) => (of === undefined ? [] : [of])),
    });
  }
  return draftEvent(provenanceRecorded, {
    subject: { ...subject, tags: [...(image.tags ?? [])] },
    provenance: document,
    builder: provenance.builder,
    level,
    reasons: [...reasons],
    materials: named.map((one) => ({ ...one })),
    pushedByBuilder,
    authenticity,
    ...(signer === undefined ? {} : { signer }),
  });
}
