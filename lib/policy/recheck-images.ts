import type { z } from 'zod';
import { locationKey } from '../core/image-reference.ts';
import { type DocumentStore, loadJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, gateInputsChanged, type waiverChanged } from '../events/index.ts';
import type { VoteStore } from '../scanners/index.ts';
import { type ScanRecord, type ScanStore, scanDocumentSchema } from '../vulnerabilities/index.ts';
import { concernsRepository, coversFinding } from './waiver.ts';

type Change = z.infer<typeof waiverChanged.data>;

export interface RecheckPorts {
  readonly scans: Pick<ScanStore, 'all'>;
  readonly documents: DocumentStore;
  readonly votes: Pick<VoteStore, 'of'>;
}

/** The images that a waiver is about, each as news for the gate: those that it names and that have the vulnerability. */
export async function* recheckImages(ports: RecheckPorts, { waiver, change }: Change): AsyncGenerator<EventDraft> {
  for await (const record of ports.scans.all()) {
    if (!concernsRepository({ image: waiver.image }, record.subject)) continue;
    if (!(await isAffected(ports, record, waiver))) continue;
    const { subject } = record;
    const detail = `waiver ${waiver.id} for ${waiver.vulnerability} ${change}`;
    yield draftEvent(gateInputsChanged, { subject, cause: 'waiver', detail });
  }
}

async function isAffected(
  ports: RecheckPorts,
  { scan, subject }: ScanRecord,
  waiver: Change['waiver'],
): Promise<boolean> {
  const document = await loadJson(ports.documents, scan.key, scanDocumentSchema);
  if (document?.findings.some((finding) => coversFinding(waiver, finding))) return true;
  const votes = await ports.votes.of(locationKey(subject));
  return votes.some(({ report }) => report.findings.some((finding) => coversFinding(waiver, finding)));
}
