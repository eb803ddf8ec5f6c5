import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, gateDecided, verdictLapsed, verdictRenewed } from '../events/index.ts';
import { decideGate, type GatePorts, type PolicyConfig, type VerdictStore } from '../policy/index.ts';
import { type AdvisoryStore, type RematchPorts, rematchImage, type ScanStore } from '../vulnerabilities/index.ts';
import { type AttestPorts, attestImage } from './attest-image.ts';
import type { TrustConfig } from './config.ts';
import type { StandingVerdict } from './model.ts';
import type { VerdictBoard } from './ports.ts';

export interface RenewPorts {
  readonly attest: AttestPorts;
  readonly gate: GatePorts & { readonly verdicts: Pick<VerdictStore, 'standing'> };
  readonly rematch: RematchPorts & {
    readonly advisories: Pick<AdvisoryStore, 'currentSnapshot'>;
    readonly scans: Pick<ScanStore, 'find'>;
  };
}

/**
 * Renews a verdict that is about to end, on the advisories and the policy of today: matched and decided anew, then said
 * anew. Where the gate says no now, the verdict lapses: the summary that says no takes the place of the one that said
 * yes. `undefined`: the image is gone, or a later verdict stands, and there is nothing to tell.
 *
 * @throws LadingError `scan-missing` where the image has no scan to start from, and those of registry, signer, store
 */
export async function renewVerdict(
  ports: RenewPorts,
  ending: StandingVerdict,
  settings: { readonly policy: PolicyConfig; readonly trust: TrustConfig },
): Promise<readonly EventDraft[] | undefined> {
  const { subject } = ending;
  const image = locationKey(subject);
  const { rematch, gate, attest } = ports;
  const current = await rematch.advisories.currentSnapshot();
  const news = current === undefined ? [] : await rematchImage(rematch, image, current);
  const record = await rematch.scans.find(image);
  if (record === undefined) throw new LadingError('scan-missing', `${image} has no scan to renew its verdict from`);
  const asOf = gate.clock.now().toISOString();
  const decided = await decideGate(gate, { subject, scan: record.scan, asOf }, settings.policy);
  const verdict = await gate.verdicts.standing(image);
  if (verdict === undefined)
    throw new LadingError('verdict-missing', `the verdict of ${image} is gone`, { retryable: true });
  const request = { subject, verdict, version: `renewal of ${ending.digest} ${verdict.inputs.digest}` };
  const outcome = await attestImage(attest, request, settings.trust);
  if (outcome.kind !== 'attested') return undefined;
  const { digest, validUntil } = outcome.verdict;
  if (verdict.decision === 'allow') {
    const reason =
      current === undefined ? 'there are no advisories yet' : `advisories of ${current.snapshot.createdAt}`;
    return [...news, outcome.event, draftEvent(verdictRenewed, { subject, verdict: digest, reason, validUntil })];
  }
  // The gate's own word goes with it, for those who act on refusals.
  const refusals = decided.filter(({ detailType }) => detailType === gateDecided.detailType);
  const reason = verdict.reasons[0] ?? `the gate decided "${verdict.decision}"`;
  return [...news, ...refusals, outcome.event, draftEvent(verdictLapsed, { subject, verdict: ending.digest, reason })];
}

/** Lets a verdict lapse whose time is over: whatever kept it from being renewed, it holds no longer. */
export async function lapseVerdict(
  board: Pick<VerdictBoard, 'lapse'>,
  ended: StandingVerdict,
  reason: string,
): Promise<readonly EventDraft[]> {
  if (!(await board.lapse(ended))) return [];
  return [draftEvent(verdictLapsed, { subject: ended.subject, verdict: ended.digest, reason })];
}
