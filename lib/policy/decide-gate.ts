import type { Clock } from '../core/clock.ts';
import { digestOf } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import { type DocumentRef, type DocumentStore, loadJson, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, gateDecided, type ImageSubject } from '../events/index.ts';
import { type ScanDocument, scanDocumentSchema } from '../vulnerabilities/index.ts';
import type { PolicyConfig, PolicyException } from './config.ts';
import { covers, evaluateGate } from './evaluate-gate.ts';
import { type GateDecision, type RecordedInputs, recordedInputsSchema, type Verdict } from './model.ts';
import type { VerdictStore } from './ports.ts';

export interface GatePorts {
  readonly verdicts: VerdictStore;
  readonly documents: DocumentStore;
  readonly clock: Clock;
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
  const relevant = policy.exceptions.filter((exception) => scan.findings.some((finding) => covers(exception, finding)));
  const [inForce, ended] = partition(relevant, ({ until }) => new Date(until) > now);
  const recorded: RecordedInputs = {
    schemaVersion: 1,
    policy,
    inForce: [...inForce],
    scan: { key: image.scan.key, digest: image.scan.digest },
  };
  const inputs = await saveJson(ports.documents, 'verdicts/inputs', recorded);
  const { decision, reasons, warnings } = evaluateGate({ policy, inForce, scan });
  const verdict = await ports.verdicts.record({
    subject: image.subject,
    decision,
    reasons: [...reasons],
    warnings: [...warnings, ...ended.map(({ id, until }) => `the exception for ${id} ended on ${until}`)],
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
  return { ...evaluateGate({ policy: recorded.policy, inForce: recorded.inForce, scan }), inputs: recorded };
}

async function loadScan(documents: DocumentStore, ref: DocumentRef): Promise<ScanDocument> {
  const scan = await loadJson(documents, ref.key, scanDocumentSchema);
  if (scan) return scan;
  throw new LadingError('scan-missing', `the scan document ${ref.key} is gone`);
}

function partition(
  exceptions: readonly PolicyException[],
  test: (exception: PolicyException) => boolean,
): [PolicyException[], PolicyException[]] {
  return [exceptions.filter(test), exceptions.filter((exception) => !test(exception))];
}
