import { checkCondition, describeCondition } from './check-condition.ts';
import type { Proof, Requirement, RequirementResult, UnmetReason } from './model.ts';

/**
 * Counts the different signers whose proofs do. One who signs twice, or with one key under two names, counts once.
 *
 * @param complete false where there is more beside the image than was examined
 */
export function meetRequirement(
  requirement: Requirement,
  proofs: readonly Proof[],
  now: Date,
  complete: boolean,
): RequirementResult {
  const { name, kind, predicateType, by, formats, algorithms, conditions = [], threshold: needed } = requirement;
  const unmet = (reason: UnmetReason, detail: string, signers: readonly string[] = []): RequirementResult => ({
    name,
    met: false,
    signers,
    needed,
    // What was not examined might have done; it is a refusal all the same, and another one.
    unmet: complete
      ? { reason, detail }
      : { reason: 'limit-exceeded', detail: `not everything was examined; ${detail}` },
  });
  const ofKind = proofs.filter(
    (proof) =>
      proof.kind === kind &&
      (formats === undefined || formats.includes(proof.format)) &&
      (by === undefined || by.includes(proof.signer.name)) &&
      (predicateType === undefined || proof.statement?.predicateType === predicateType),
  );
  const what = predicateType === undefined ? kind : `attestation of ${predicateType}`;
  if (ofKind.length === 0) return unmet('no-proof', `no ${what} by a trusted signer`);
  const strong = ofKind.filter(({ algorithm }) => algorithms === undefined || algorithms.includes(algorithm));
  if (strong.length === 0) {
    const used = [...new Set(ofKind.map(({ algorithm }) => algorithm))].join(', ');
    return unmet('algorithm-not-allowed', `signed with ${used} only`);
  }
  const failing = strong.map((proof) =>
    conditions.find((condition) => !checkCondition(condition, proof.statement?.predicate, now)),
  );
  const good = strong.filter((_, i) => failing[i] === undefined);
  const [failed] = failing;
  if (good.length === 0 && failed !== undefined) {
    return unmet('condition-not-met', `it does not hold that ${describeCondition(failed)}`);
  }
  const signers = differentSigners(good);
  if (signers.length >= needed) return { name, met: true, signers, needed };
  return unmet('threshold-not-met', `${signers.length} of ${needed} signers`, signers);
}

/** Names of signers, one for each who is somebody else: another key, and another name in the certificate. */
function differentSigners(proofs: readonly Proof[]): readonly string[] {
  const groups: { readonly name: string; readonly marks: Set<string> }[] = [];
  for (const { signer } of proofs) {
    const marks = marksOf(signer);
    const same = groups.filter((group) => marks.some((mark) => group.marks.has(mark)));
    const merged = new Set([...marks, ...same.flatMap((group) => [...group.marks])]);
    for (const group of same) groups.splice(groups.indexOf(group), 1);
    groups.push({ name: same[0]?.name ?? signer.name, marks: merged });
  }
  return groups.map(({ name }) => name);
}

/** A profile of AWS Signer is told by its ARN only: key and subject of its certificates are those of the service. */
function marksOf(signer: Proof['signer']): readonly string[] {
  if (signer.kind === 'key') return [`key ${signer.keyId}`];
  if (signer.profile !== undefined) return [`profile ${signer.profile}`];
  return [`key ${signer.keyId}`, `subject ${signer.issuer}\n${signer.subject}`];
}
