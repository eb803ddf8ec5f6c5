import type { VexDocument } from '../formats/vex/index.ts';
import type { SourcedStatement, VexOrigin } from './model.ts';

/** The statements of a document, each with where it comes from. */
export function sourceStatements(
  document: VexDocument,
  how: Pick<VexOrigin, 'via' | 'trustedBy' | 'image'>,
): readonly SourcedStatement[] {
  const origin: VexOrigin = { document: document.id, author: document.author, format: document.format, ...how };
  return document.statements.map((statement) => ({ statement, origin }));
}
