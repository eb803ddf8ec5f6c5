export { type AddedReport, type AddReportPorts, addReport } from './add-report.ts';
export { type Agreement, type Ballot, compareVotes } from './compare-votes.ts';
export { scannedImage } from './ecr-scan-event.ts';
export {
  type ScannerReport,
  type Vote,
  type VotedFinding,
  voterOf,
  voteSchema,
} from './model.ts';
export type { VoteStore } from './ports.ts';
export { readReport, readReportValue } from './read-report.ts';
