import type { Clock } from '../core/clock.ts';
import { digestOf } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import { type DocumentRef, type DocumentStore, loadJson, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, gateDecided, type ImageSubject } from '../events/index.ts';
import { relevantStatements } from '../vex/index.ts';
import { type Finding, type ScanDocument, scanDocumentSchema } from '../vulnerabilities/index.ts';
import type { PolicyConfig } from './config.ts';
import { countVotes } from './count-votes.ts';
import { covers, evaluateGate } from './evaluate-gate.ts';
import {
  type GateDecision,
  type GateInputs,
  type RecordedInputs,
  recordedInputsSchema,
  type Verdict,
} from './model.ts';
import type { Testimony, TestimonyReader, VerdictStore } from './ports.ts';
import { concernsRepository, coversFinding, isInForce } from './waiver.ts';

export interface GatePorts {
  readonly verdicts: VerdictStore;
  readonly documents: DocumentStore;
  readonly clock: Clock;
  /** Without it, a decision is made by policy and scan alone. */
  readonly testimony?: TestimonyReader;
}

export interface ImageToDecide {
  readonly subject: ImageSubject;
  readonly scan: DocumentRef;
  /** When the scan was told of (the event's `occurredAt`). */
  readonly asOf: string;
}

/**
 * Decides on an image by its scan, keeps the inputs and the verdict, and says so. Inputs are stored before the verdict
 * that names them; a retry finds the verdict and tells it again.
 *
 * @throws LadingError `scan-missing` when the scan document is gone
 */
export async function decideGate(
  ports: GatePorts,
  image: ImageToDecide,
  policy: PolicyConfig,
): Promise<readonly EventDraft[]> {
  const scan = await loadScan(ports.documents, image.scan);
  const now = ports.clock.now();
  const given = await gather(ports, image.subject, scan, policy);
  const relevant = policy.exceptions.filter((exception) =>
    given.findings.some((finding) => covers(exception, finding)),
  );
  const [inForce, ended] = partition(relevant, ({ until }) => new Date(until) > now);
  const [waivers, lapsed] = partition(given.waivers, (waiver) => isInForce(waiver, now));
  const { registry, repository, digest } = image.subject;
  const over = [
    ...ended.map(({ id, until }) => `the exception for ${id} ended on ${until}`),
    ...lapsed
      .filter(({ removed }) => removed === undefined)
      .map(({ id, vulnerability, until }) => `the waiver ${id} for ${vulnerability} ended on ${until}`),
  ];
  const recorded: RecordedInputs = {
    schemaVersion: 1,
    policy,
    inForce: [...inForce],
    scan: { key: image.scan.key, digest: image.scan.digest },
    image: { registry, repository, digest },
    waivers: [...waivers],
    statements: [...given.statements] as RecordedInputs['statements'],
    votes: [...given.votes],
    over,
  };
  const inputs = await saveJson(ports.documents, 'verdicts/inputs', recorded);
  const { decision, reasons, warnings } = evaluateGate(toInputs(recorded, scan));
  const verdict = await ports.verdicts.record({
    subject: image.subject,
    decision,
    reasons: [...reasons],
    warnings: [...warnings],
    policy: { name: policy.name, digest: policyDigest(policy) },
    inputs,
    scan: image.scan.digest,
    ...(scan.snapshot ? { snapshot: scan.snapshot } : {}),
    asOf: image.asOf,
    decidedAt: now.toISOString(),
  });
  return [toGateDecided(image.subject, verdict)];
}

export const policyDigest = (policy: PolicyConfig) => digestOf(canonicalJson(policy));

function toGateDecided(subject: ImageSubject, verdict: Verdict): EventDraft {
  return draftEvent(gateDecided, {
    subject,
    decision: verdict.decision,
    reasons: verdict.reasons,
    warnings: verdict.warnings,
    policy: verdict.policy,
    inputs: verdict.inputs.digest,
    scan: verdict.scan,
    snapshot: verdict.snapshot,
  });
}

/**
 * Makes a recorded decision again from its kept inputs: what an auditor asks for.
 *
 * @throws LadingError `inputs-missing` or `scan-missing`
 */
export async function replayVerdict(
  documents: DocumentStore,
  inputs: DocumentRef,
): Promise<GateDecision & { readonly inputs: RecordedInputs }> {
  const recorded = await loadJson(documents, inputs.key, recordedInputsSchema);
  if (!recorded) throw new LadingError('inputs-missing', `the inputs ${inputs.key} are gone`);
  const scan = await loadScan(documents, recorded.scan);
  return { ...evaluateGate(toInputs(recorded, scan)), inputs: recorded };
}

async function loadScan(documents: DocumentStore, ref: DocumentRef): Promise<ScanDocument> {
  const scan = await loadJson(documents, ref.key, scanDocumentSchema);
  if (scan) return scan;
  throw new LadingError('scan-missing', `the scan document ${ref.key} is gone`);
}

const toInputs = (recorded: RecordedInputs, scan: ScanDocument): GateInputs => ({
  policy: recorded.policy,
  inForce: recorded.inForce,
  scan,
  image: recorded.image,
  waivers: recorded.waivers,
  statements: recorded.statements,
  votes: recorded.votes,
  over: recorded.over,
});

/** What people and other scanners said of the image, as far as the decision can depend on it. */
async function gather(
  { testimony }: GatePorts,
  subject: ImageSubject,
  scan: ScanDocument,
  policy: PolicyConfig,
): Promise<Testimony & { readonly findings: readonly Finding[] }> {
  if (testimony === undefined) return { waivers: [], statements: [], votes: [], findings: scan.findings };
  const said = await testimony.testimonyOn(subject);
  const votes = said.votes.filter(({ voter }) => policy.votes.count.includes(voter));
  const { findings } = countVotes(scan.findings, votes, policy);
  const waivers = said.waivers.filter(
    (waiver) => concernsRepository(waiver, subject) && findings.some((finding) => coversFinding(waiver, finding)),
  );
  const statements = relevantStatements(findings, said.statements, subject, { carryOver: policy.carryOver });
  return { waivers, statements, votes, findings };
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}
