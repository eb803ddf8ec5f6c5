import type { Clock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import type { VexDocument } from '../formats/vex/index.ts';
import type { VexOrigin, VexRecord } from './model.ts';
import type { VexStore } from './ports.ts';

export interface AddedVex {
  readonly record: VexRecord;
  readonly outcome: 'stored' | 'unchanged';
}

/**
 * Takes in a VEX document for the images of a repository. Who may do so is the caller's to check: whatever is stored is
 * gone by.
 *
 * @throws LadingError `vex-invalid` where it says nothing that can be read, `vex-too-large`
 */
export async function addVexDocument(
  { vex, clock }: { readonly vex: VexStore; readonly clock: Clock },
  at: { readonly registry: string; readonly repository: string },
  document: VexDocument,
  how: Pick<VexOrigin, 'via' | 'trustedBy' | 'image'>,
): Promise<AddedVex> {
  if (document.statements.length === 0) {
    throw new LadingError('vex-invalid', 'the document holds no statement that can be read');
  }
  const record: VexRecord = {
    schemaVersion: 1,
    registry: at.registry,
    repository: at.repository,
    origin: { document: document.id, author: document.author, format: document.format, ...how },
    statements: structuredClone(document.statements) as VexRecord['statements'],
    skipped: document.skipped,
    addedAt: clock.now().toISOString(),
  };
  return { record, outcome: await vex.put(record) };
}
