import type { Clock } from '../core/clock.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, imageAttested } from '../events/index.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import type { Verdict } from '../policy/index.ts';
import type { BlobWriter, ManifestReader, ManifestRemover, ManifestWriter, SubjectLocks } from '../registry/index.ts';
import { COSIGN_SIGN_PREDICATE, type SignatureStore, type Signer, tagStatements } from '../signing/index.ts';
import { algorithmUseAt, familiesOf, familyOf } from './algorithm-use.ts';
import { type AttachOutcome, attachStatement } from './attach-statement.ts';
import type { TrustConfig } from './config.ts';
import { predicateTypes, type SignedStatement, type StandingVerdict, type StatementDraft } from './model.ts';
import type { CryptoInventory, StatementStore, VerdictBoard } from './ports.ts';
import { readSummary, statementOf } from './read-summary.ts';
import { collectStatements, type SourcePorts } from './statement-sources.ts';
import { takeLeave } from './take-leave.ts';
import { type SummaryInput, verdictPredicate } from './verdict-predicate.ts';

export interface AttestPorts {
  /** Every key there is; the rule on algorithms says which are used. */
  readonly signers: readonly Signer[];
  readonly statements: StatementStore;
  readonly signatures: Pick<SignatureStore, 'get'>;
  readonly board: VerdictBoard;
  readonly crypto: Pick<CryptoInventory, 'note'>;
  readonly sources: SourcePorts;
  /** SLSA levels that the image's provenance reaches, and whether who built it pushed it. */
  builtHow(subject: ImageSubject): Promise<Pick<SummaryInput, 'levels' | 'pushedByBuilder'>>;
  /** The registry of the image. */
  readonly registry: ManifestReader & BlobWriter & ManifestWriter & Pick<ManifestRemover, 'deleteManifest'>;
  /** One writer at a time for the tag of an image's statements. */
  readonly locks: SubjectLocks;
  readonly clock: Clock;
}

export interface AttestRequest {
  readonly subject: ImageSubject;
  readonly verdict: Verdict;
  /** Tells one saying of the same verdict from another: a renewal is said anew. */
  readonly version: string;
}

export type AttestOutcome =
  | { readonly kind: 'image-gone' }
  /** A verdict on a later scan stands: nothing of this one was left standing. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'attested'; readonly event: EventDraft; readonly verdict: StandingVerdict };

/**
 * Says what is known of an image, under every key that the rule on algorithms asks for: for an image that the gate
 * allowed its signatures and statements, and always the verdict. What the last verdict said takes its leave once the
 * new one is there, so that the referrers of an image stay few however long it lives.
 *
 * @throws LadingError of signers and registry; then nothing stands yet, and a retry pushes the very same bytes
 */
export async function attestImage(
  ports: AttestPorts,
  request: AttestRequest,
  trust: TrustConfig,
): Promise<AttestOutcome> {
  const { subject, verdict } = request;
  const before = await ports.board.find(subject);
  if (before !== undefined && Date.parse(before.asOf) > Date.parse(verdict.asOf)) return { kind: 'superseded' };
  const found = await ports.registry.getManifest({ repository: subject.repository, reference: subject.digest });
  if (found === undefined) return { kind: 'image-gone' };
  const image = { mediaType: found.mediaType, digest: subject.digest, size: found.bytes.length };
  const now = ports.clock.now();
  const signers = await signersFor(ports.signers, trust, now);
  const say = sayer(ports, { subject, image, signers, now });
  if (verdict.decision === 'allow') {
    await say.sign();
    for (const draft of await collectStatements(ports.sources, verdict, trust.attest)) await say.attach(draft);
  }
  const standing = await sayVerdict(ports, say, request, trust, now);
  if (standing === undefined) return { kind: 'superseded' };
  const superseded = await takeLeave(ports.registry, before, standing);
  if ((await ports.board.stand(standing)) === 'superseded') return { kind: 'superseded' };
  if (trust.attestations.includes('cosign-tag')) await tagWhatStands(ports, standing, say.said);
  const event = draftEvent(imageAttested, {
    subject,
    verdict: standing.digest,
    decision: verdict.decision,
    validUntil: standing.validUntil,
    attestations: say.said.map(({ predicateType, manifestDigest, keyId, algorithm }) => ({
      predicateType,
      digest: manifestDigest,
      keyId,
      algorithm,
    })),
    superseded: [...superseded],
    tooLarge: say.tooLarge,
  });
  return { kind: 'attested', event, verdict: standing };
}

/** So long a writer writes; others wait for twice as long (`dynamoSubjectLocks`) before they take its place. Milliseconds. */
const TAG_TIME_MS = 25_000;

/**
 * Says what stands under cosign's older tag, too. Of several at once, each under its own verdict, only the one whose
 * verdict stands writes. Post-quantum statements stay bundles: no verifier of that format knows their algorithm.
 */
async function tagWhatStands(
  { registry, board, locks }: AttestPorts,
  standing: StandingVerdict,
  said: readonly SignedStatement[],
): Promise<void> {
  const { subject, digest } = standing;
  const statements = said.filter(
    ({ predicateType, algorithm }) => predicateType !== COSIGN_SIGN_PREDICATE && familyOf(algorithm) === 'classic',
  );
  await locks.hold(`${locationKey(subject)} att`, async () => {
    if ((await board.find(subject))?.digest !== digest) return;
    await tagStatements(registry, subject, statements, { signal: AbortSignal.timeout(TAG_TIME_MS) });
  });
}

/** One signer of each family that the rule asks for. A family that has no key is told by the inventory, not here. */
export async function signersFor(all: readonly Signer[], trust: TrustConfig, now: Date): Promise<readonly Signer[]> {
  const chosen: Signer[] = [];
  for (const family of familiesOf(algorithmUseAt(trust, now))) {
    for (const signer of all) {
      if (familyOf((await signer.publicKey()).algorithm) !== family) continue;
      chosen.push(signer);
      break;
    }
  }
  // A rule without its key must not leave images without a verdict.
  return chosen.length > 0 ? chosen : all.slice(0, 1);
}

interface Saying {
  readonly subject: ImageSubject;
  readonly image: Descriptor;
  readonly signers: readonly Signer[];
  readonly now: Date;
}

/** Attaches one thing after the other, since registries without a list of referrers take no two at a time. */
function sayer(ports: AttestPorts, { subject, image, signers, now }: Saying) {
  const said: SignedStatement[] = [];
  const tooLarge: string[] = [];
  const attach = async (
    draft: StatementDraft,
    by: readonly Signer[] = signers,
  ): Promise<readonly SignedStatement[]> => {
    const made: SignedStatement[] = [];
    for (const signer of by) {
      const outcome: AttachOutcome = await attachStatement(ports, signer, { subject, image }, draft, now);
      if (outcome.kind === 'too-large') tooLarge.push(outcome.predicateType);
      else made.push(outcome.statement);
    }
    said.push(...made);
    return made;
  };
  const note = (keyId: string, algorithm: string, signature: Digest): Promise<void> =>
    ports.crypto.note({ subject, keyId, algorithm, signature, notedAt: now.toISOString() });
  return {
    said,
    tooLarge,
    attach,
    /** The signature by each key: that of the fast path is there already, the others are over the same payload. */
    async sign(): Promise<void> {
      for (const signer of signers) {
        const { hint } = await signer.publicKey();
        const made = await ports.signatures.get(subject, hint);
        if (made !== undefined) {
          await note(hint, made.algorithm, made.manifestDigest);
          continue;
        }
        const draft = { predicateType: COSIGN_SIGN_PREDICATE, version: '1', predicate: {} };
        for (const one of await attach(draft, [signer])) await note(hint, one.algorithm, one.manifestDigest);
      }
    },
  };
}

async function sayVerdict(
  ports: AttestPorts,
  say: ReturnType<typeof sayer>,
  { subject, verdict, version }: AttestRequest,
  trust: TrustConfig,
  now: Date,
): Promise<StandingVerdict | undefined> {
  const validUntil = new Date(now.getTime() + trust.verdict.validForHours * 3_600_000);
  const inputs = say.said.filter(({ predicateType }) => predicateType !== COSIGN_SIGN_PREDICATE);
  const predicate = verdictPredicate({
    subject,
    verdict,
    verifier: trust.verdict.verifier,
    verifiedAt: now,
    validUntil,
    ...(await ports.builtHow(subject)),
    attestations: inputs.map(({ predicateType, bundle }) => ({ uri: predicateType, digest: digestOf(bundle) })),
  });
  const statements = await say.attach({ predicateType: predicateTypes.verdict, version, predicate });
  const [first] = statements;
  if (first === undefined) return undefined;
  // What is recorded was perhaps said by an earlier attempt: its times are the ones that were signed.
  const times = signedTimes(first, { verifiedAt: now, validUntil });
  return {
    subject,
    state: 'standing',
    decision: verdict.decision,
    policy: verdict.policy,
    inputs: verdict.inputs.digest,
    scan: verdict.scan,
    ...(verdict.snapshot === undefined ? {} : { snapshot: verdict.snapshot }),
    digest: first.manifestDigest,
    asOf: verdict.asOf,
    ...times,
    attached: say.said.map(({ predicateType, manifestDigest }) => ({ predicateType, digest: manifestDigest })),
    statements: statements.map(({ manifestDigest, keyId, algorithm, bundle }) => ({
      digest: manifestDigest,
      keyId,
      algorithm,
      bundle: new Uint8Array(bundle),
    })),
  };
}

function signedTimes(
  statement: SignedStatement,
  fresh: { readonly verifiedAt: Date; readonly validUntil: Date },
): { readonly verifiedAt: string; readonly validUntil: string } {
  const summary = readSummary(statementOf(statement.bundle).predicate);
  return {
    verifiedAt: summary?.verifiedAt ?? fresh.verifiedAt.toISOString(),
    validUntil: summary?.validUntil ?? fresh.validUntil.toISOString(),
  };
}
