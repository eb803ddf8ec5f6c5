import type { Clock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, gateInputsChanged, type ImageSubject } from '../events/index.ts';
import { type ScannerReport, type Vote, voterOf } from './model.ts';
import type { VoteStore } from './ports.ts';

export interface AddReportPorts {
  readonly votes: VoteStore;
  readonly clock: Clock;
}

export interface AddedReport {
  readonly vote: Vote;
  readonly outcome: 'stored' | 'unchanged' | 'superseded';
  /** For the gate, where the report says something new. */
  readonly drafts: readonly EventDraft[];
}

/**
 * Takes in what another scanner says of an image. A report that names another digest is refused: it would speak for
 * bytes that it never saw.
 *
 * @throws LadingError `report-mismatch`, `report-too-large`
 */
export async function addReport(
  { votes, clock }: AddReportPorts,
  subject: ImageSubject,
  report: ScannerReport,
  via: Vote['via'],
): Promise<AddedReport> {
  const named = report.image.digest;
  if (named !== undefined && named !== subject.digest) {
    throw new LadingError('report-mismatch', `the report is about ${named}, not about ${subject.digest}`, {
      hint: 'a report on one platform of an index is about that image, by its own digest',
    });
  }
  const vote: Vote = { voter: voterOf(report), report, via, receivedAt: clock.now().toISOString() };
  const outcome = await votes.put(locationKey(subject), vote);
  return { vote, outcome, drafts: outcome === 'stored' ? [voteNews(subject, vote)] : [] };
}

/** That the gate has a vote to look at. */
export function voteNews(subject: ImageSubject, { voter, report }: Vote): EventDraft {
  const detail = `${voter} reported ${report.findings.length} findings`;
  return draftEvent(gateInputsChanged, { subject, cause: 'vote', detail });
}
