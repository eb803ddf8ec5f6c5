import type { Clock } from '../core/clock.ts';
import { locationKey } from '../core/image-reference.ts';
import type { DocumentStore } from '../documents/index.ts';
import { loadJson } from '../documents/index.ts';
import type { EventPublisher } from '../events/index.ts';
import type { LeaseStore } from '../lifecycle/index.ts';
import type { ImageOverview } from '../overview/index.ts';
import type { WaiverStore } from '../policy/index.ts';
import {
  type Agreement,
  type Ballot,
  compareVotes,
  type RunStore,
  type ScannerConfig,
  type ScannerRun,
  type Vote,
  type VoteStore,
} from '../scanners/index.ts';
import type { VexStore } from '../vex/index.ts';
import { type ScanStore, scanDocumentSchema } from '../vulnerabilities/index.ts';

/** What people say of findings, and where they say it: the only part of the API that writes. */
export interface SecurityDesk {
  readonly waivers: WaiverStore;
  readonly vex: VexStore;
  readonly votes: VoteStore;
  /** Other scanners that are set to work here, and their runs. */
  readonly scanners: {
    readonly configured: readonly ScannerConfig[];
    readonly runs: Pick<RunStore, 'of' | 'open' | 'ended'>;
  };
  readonly scans: Pick<ScanStore, 'all' | 'find'>;
  readonly leases: Pick<LeaseStore, 'leases'>;
  readonly documents: DocumentStore;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}

export interface Consensus {
  readonly votes: readonly Vote[];
  readonly agreements: readonly Agreement[];
  /** Of all scanners that were set to work on it; what failed has no vote. */
  readonly runs: readonly ScannerRun[];
}

/** Lading's own findings and those of every scanner that reported, side by side. */
export async function consensusOf(desk: SecurityDesk, { entry, scan }: ImageOverview): Promise<Consensus> {
  const [votes, runs, document] = await Promise.all([
    desk.votes.of(locationKey(entry)),
    desk.scanners.runs.of(locationKey(entry)),
    scan ? loadJson(desk.documents, scan.key, scanDocumentSchema) : undefined,
  ]);
  const ballots: Ballot[] = [
    ...(document ? [{ voter: 'lading', covers: 'all' as const, findings: document.findings }] : []),
    ...votes.map(({ voter, report }) => ({ voter, covers: report.covers, findings: report.findings })),
  ];
  return { votes, agreements: compareVotes(ballots), runs };
}
