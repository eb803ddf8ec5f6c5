import { checkArtifact } from './check-artifact.ts';
import { meetRequirement } from './meet-requirement.ts';
import type {
  FetchedMaterial,
  Proof,
  Rejection,
  Requirement,
  RequirementResult,
  TrustMaterial,
  VerificationResult,
} from './model.ts';
import { actionsOf, statementFor } from './notation-policy.ts';

/**
 * Whether an image is to be trusted. Pure: what was fetched, whom to trust, what is asked and the time go in; every
 * proof, every refusal with its reason, and the answer come out. What proves nothing neither helps nor harms, so nobody
 * who can push beside an image can keep a good signature from being seen; unless there is more than was examined, which
 * is a refusal of its own.
 */
export function verify(
  material: FetchedMaterial,
  trust: TrustMaterial,
  requirements: readonly Requirement[],
  now: Date,
): VerificationResult {
  const { image, complete } = material;
  const proofs: Proof[] = [];
  const rejections: Rejection[] = [...material.unreadable];
  for (const artifact of material.artifacts) {
    const { manifest, format } = artifact;
    const verdict = checkArtifact(artifact, image, trust, now);
    if (verdict.kind === 'proven') proofs.push(...verdict.proofs.map((proof) => ({ manifest, format, ...proof })));
    else rejections.push({ manifest, format, reason: verdict.reason, detail: verdict.detail });
  }
  const results = requirements.map(
    (requirement) =>
      skippedByPolicy(requirement, material, trust) ?? meetRequirement(requirement, proofs, now, complete),
  );
  return {
    trusted: results.length > 0 && results.every(({ met }) => met),
    requirements: results,
    proofs,
    rejections,
  };
}

/** A trust policy of Notary Project may say that some repositories need no signature of its kind. */
function skippedByPolicy(
  { name, kind, formats, threshold }: Requirement,
  { image }: FetchedMaterial,
  { notation }: TrustMaterial,
): RequirementResult | undefined {
  const onlyNotation = formats?.every((format) => format.startsWith('notation-')) ?? false;
  if (notation === undefined || kind !== 'signature' || !onlyNotation) return undefined;
  const statement = statementFor(notation.policy, `${image.registry}/${image.repository}`);
  if (statement === undefined || actionsOf(statement) !== undefined) return undefined;
  return { name, met: true, signers: [], needed: threshold, skippedBy: statement.name };
}
