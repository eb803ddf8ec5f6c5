import { createHash } from 'node:crypto';
import { isLadingError } from '../../core/errors.ts';
import { ecdsaToDer } from '../../formats/der/ecdsa-signature.ts';
import { checkTimestamp } from '../../formats/rfc3161/index.ts';
import {
  type Certificate,
  checkChain,
  formatName,
  isSubsetOf,
  parseCertificate,
  parseName,
} from '../../formats/x509/index.ts';
import { verifyWith } from '../algorithms.ts';
import {
  ECDSA_WIDTHS,
  FORBIDDEN_PURPOSES,
  NOTATION_PAYLOAD,
  type NotationEnvelope,
  notationAlgorithmOf,
  parseNotationPayload,
} from '../formats/notation.ts';
import { parseNotationCose } from '../formats/notation-cose.ts';
import { parseNotationJws } from '../formats/notation-jws.ts';
import { keyIdOf } from '../keys.ts';
import type {
  ArtifactVerdict,
  FetchedArtifact,
  FetchedImage,
  RejectionReason,
  RevocationQuestion,
  TrustMaterial,
} from './model.ts';
import {
  actionsOf,
  type NotationAction,
  type NotationCheck,
  type NotationStatement,
  statementFor,
} from './notation-policy.ts';
import {
  isTrustedProfile,
  questionKey,
  readSigningProfile,
  revocationFaultOf,
  revocationQuestion,
  type SigningProfile,
} from './signing-profile.ts';

interface Fault {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** An envelope whose signature holds and is about the image; what else the trust policy wants is not checked yet. */
interface Intact {
  readonly envelope: NotationEnvelope;
  readonly chain: Chain;
  readonly statement: NotationStatement;
  readonly actions: Readonly<Record<NotationCheck, NotationAction>>;
  /** Of signatures by AWS Signer. */
  readonly profile?: SigningProfile;
}

/**
 * Verifies a Notary Project signature by a trust policy (specs/trust-store-trust-policy.md, "Signature Verification").
 */
export function checkNotation(
  artifact: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
  now: Date,
): ArtifactVerdict {
  const reject = ({ reason, detail }: Fault): ArtifactVerdict => ({ kind: 'rejected', reason, detail });
  const stores = trust.notation?.stores ?? new Map();
  const intact = checkIntegrity(artifact, image, trust);
  if ('reason' in intact) return reject(intact);
  const { envelope, chain, statement, actions, profile } = intact;
  const warnings: string[] = [];
  const refused = (fault: Fault | undefined, action: NotationAction): boolean => {
    if (fault === undefined || action === 'skip') return false;
    if (action === 'log') warnings.push(`${fault.reason}: ${fault.detail}`);
    return action === 'enforce';
  };
  const authentic = authenticity(intact, stores);
  if (refused(authentic.fault, actions.authenticity)) return reject(authentic.fault as Fault);
  const expired = expiryFault(envelope, now);
  if (refused(expired, actions.expiry)) return reject(expired as Fault);
  const time = signingTime(envelope, chain, statement, stores, now);
  if (refused(time.fault, actions.authenticTimestamp)) return reject(time.fault as Fault);
  const revoked = revocationFault(intact, trust);
  if (refused(revoked, actions.revocation)) return reject(revoked as Fault);
  const [leaf] = chain;
  return {
    kind: 'proven',
    proofs: [
      {
        kind: 'signature',
        algorithm: envelope.algorithm,
        signer: {
          kind: 'certificate',
          name: authentic.store ?? statement.name,
          keyId: keyIdOf(leaf.publicKey.export({ type: 'spki', format: 'der' })),
          subject: formatName(leaf.subject),
          issuer: formatName(leaf.issuer),
          ...(profile === undefined ? {} : { profile: profile.profile }),
        },
        ...(time.at === undefined ? {} : { signedAt: time.at.toISOString() }),
        warnings,
      },
    ],
  };
}

/**
 * What has to be asked of AWS Signer about an artifact. `undefined` where nothing has: the trust policy skips the check,
 * or it is not by a profile that it trusts. Nobody is asked on a stranger's word.
 */
export function openQuestion(
  artifact: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
): RevocationQuestion | undefined {
  if (artifact.format !== 'notation-jws' && artifact.format !== 'notation-cose') return undefined;
  const intact = checkIntegrity(artifact, image, trust);
  if ('reason' in intact || intact.profile === undefined || intact.actions.revocation === 'skip') return undefined;
  if (authenticity(intact, trust.notation?.stores ?? new Map()).fault !== undefined) return undefined;
  return questionOf(intact, intact.profile);
}

const questionOf = ({ envelope, chain }: Intact, profile: SigningProfile): RevocationQuestion =>
  revocationQuestion(profile, chain, envelope.signingTime ?? new Date(0));

function checkIntegrity(artifact: FetchedArtifact, image: FetchedImage, { notation }: TrustMaterial): Intact | Fault {
  if (notation === undefined) return { reason: 'no-trust-policy', detail: 'no trust policy was given' };
  const repository = `${image.registry}/${image.repository}`;
  const statement = statementFor(notation.policy, repository);
  if (statement === undefined) {
    return { reason: 'no-trust-policy', detail: `the trust policy says nothing of ${repository}` };
  }
  const actions = actionsOf(statement);
  if (actions === undefined) {
    return { reason: 'no-trust-policy', detail: `the trust policy "${statement.name}" skips ${repository}` };
  }
  const read = readEnvelope(artifact);
  if ('reason' in read) return read;
  const { envelope, chain } = read;
  const broken = integrityFault(envelope, chain);
  if (broken !== undefined) return broken;
  const profile = readSigningProfile(envelope, statement.trustedIdentities);
  if (profile !== undefined && 'reason' in profile) return profile;
  const target = targetFault(envelope, image);
  if (target !== undefined) return target;
  return { envelope, chain, statement, actions, ...(profile === undefined ? {} : { profile }) };
}

type Chain = readonly [Certificate, ...Certificate[]];

function readEnvelope(
  artifact: FetchedArtifact,
): { readonly envelope: NotationEnvelope; readonly chain: Chain } | Fault {
  try {
    const envelope =
      artifact.format === 'notation-jws' ? parseNotationJws(artifact.content) : parseNotationCose(artifact.content);
    const [leaf, ...above] = envelope.chain.map(parseCertificate);
    if (leaf === undefined) return { reason: 'malformed', detail: 'it has no certificate' };
    return { envelope, chain: [leaf, ...above] };
  } catch (error) {
    if (isLadingError(error)) return { reason: 'malformed', detail: error.message };
    throw error;
  }
}

/** Never a matter of policy: what was signed, by the certificate's key, with its algorithm. */
function integrityFault(envelope: NotationEnvelope, [leaf]: Chain): Fault | undefined {
  if (envelope.contentType !== NOTATION_PAYLOAD) {
    return { reason: 'payload-type-differs', detail: `the payload is ${envelope.contentType.slice(0, 200)}` };
  }
  const expected = notationAlgorithmOf(leaf.publicKey);
  if (expected === undefined || expected !== envelope.algorithm) {
    const detail = `the envelope says ${envelope.algorithm}, and the key is for ${expected ?? 'no algorithm'}`;
    return { reason: 'algorithm-not-allowed', detail };
  }
  const width = ECDSA_WIDTHS.get(expected);
  const signature = width === undefined ? envelope.signature : ecdsaToDer(envelope.signature, width);
  if (signature === undefined || !verifyWith(leaf.publicKey, expected, envelope.toBeSigned, signature)) {
    return { reason: 'signature-invalid', detail: 'its own certificate did not make the signature' };
  }
  return undefined;
}

/** The image that the signature is about must be this one. */
function targetFault(envelope: NotationEnvelope, image: FetchedImage): Fault | undefined {
  try {
    const target = parseNotationPayload(envelope.payload);
    if (target.digest !== image.digest) {
      return { reason: 'subject-differs', detail: `the signature is about ${target.digest}` };
    }
    if (target.size !== image.size || target.mediaType !== image.mediaType) {
      return { reason: 'subject-differs', detail: 'the signature is about a manifest of another type or size' };
    }
    return undefined;
  } catch (error) {
    if (isLadingError(error)) return { reason: 'statement-unreadable', detail: error.message };
    throw error;
  }
}

function authenticity(
  { envelope, chain, statement, profile }: Intact,
  stores: ReadonlyMap<string, readonly Certificate[]>,
): { readonly store?: string; readonly fault?: Fault } {
  const broken = checkChain(chain, { purposes: { forbidden: FORBIDDEN_PURPOSES } });
  if (broken !== undefined) {
    const reason = broken.kind === 'usage' ? 'chain-usage' : 'chain-untrusted';
    return { fault: { reason, detail: broken.detail } };
  }
  const type = envelope.scheme === 'notary.x509' ? 'ca:' : 'signingAuthority:';
  const store = statement.trustStores
    .filter((name) => name.startsWith(type))
    .find((name) => (stores.get(name) ?? []).some(({ der }) => chain.some((one) => isSame(one.der, der))));
  if (store === undefined) {
    return { fault: { reason: 'chain-untrusted', detail: 'no certificate of the chain is in the trust stores' } };
  }
  if (profile !== undefined) {
    if (isTrustedProfile(profile, statement.trustedIdentities)) return { store };
    const detail = `the signing profile ${profile.profileVersion} is none of the trusted identities`;
    return { store, fault: { reason: 'identity-differs', detail } };
  }
  const [leaf] = chain;
  const trusted = statement.trustedIdentities.some((identity) => {
    if (identity === '*') return true;
    const prefix = 'x509.subject:';
    return identity.startsWith(prefix) && isSubsetOf(parseName(identity.slice(prefix.length)), leaf.subject);
  });
  if (trusted) return { store };
  const detail = `"${formatName(leaf.subject).slice(0, 200)}" is none of the trusted identities`;
  return { store, fault: { reason: 'identity-differs', detail } };
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function expiryFault({ expiry }: NotationEnvelope, now: Date): Fault | undefined {
  if (expiry === undefined || now < expiry) return undefined;
  return { reason: 'signature-expired', detail: `the signature expired at ${expiry.toISOString()}` };
}

/** When it was signed, as far as someone else than the signer says; and whether the certificates were valid then. */
function signingTime(
  envelope: NotationEnvelope,
  chain: Chain,
  statement: NotationStatement,
  stores: ReadonlyMap<string, readonly Certificate[]>,
  now: Date,
): { readonly at?: Date; readonly fault?: Fault } {
  if (envelope.scheme === 'notary.x509.signingAuthority') {
    const at = envelope.signingTime ?? now;
    return { at, ...within(chain, at, at) };
  }
  const authorities = statement.trustStores.filter((name) => name.startsWith('tsa:'));
  const isExpired = chain.some(({ notAfter }) => now > notAfter);
  const when = statement.signatureVerification.verifyTimestamp ?? 'always';
  if (authorities.length === 0 || (when === 'afterCertExpiry' && !isExpired)) return within(chain, now, now);
  const invalid = (detail: string): { readonly fault: Fault } => ({ fault: { reason: 'timestamp-invalid', detail } });
  if (envelope.timestampToken === undefined) return invalid('there is no timestamp');
  const anchors = authorities.flatMap((name) => stores.get(name) ?? []);
  const verdict = checkTimestamp(envelope.timestampToken, envelope.signature, anchors);
  if (verdict.kind === 'invalid') return invalid(verdict.detail);
  const [from, to] = [-verdict.accuracyMs, verdict.accuracyMs].map((ms) => new Date(verdict.time.getTime() + ms));
  return { at: verdict.time, ...within(chain, from as Date, to as Date) };
}

function within(chain: Chain, from: Date, to: Date): { readonly fault?: Fault } {
  const early = chain.find(({ notBefore }) => from < notBefore);
  const late = chain.find(({ notAfter }) => to > notAfter);
  const bad = early ?? late;
  if (bad === undefined) return {};
  const limit = early === undefined ? `expired at ${bad.notAfter.toISOString()}` : 'was not valid yet';
  const detail = `the certificate of "${formatName(bad.subject).slice(0, 200)}" ${limit}`;
  return { fault: { reason: 'certificate-expired', detail } };
}

/** A list that is given, and for signatures by AWS Signer what the service says. */
function revocationFault(intact: Intact, { revokedCertificates, revocations }: TrustMaterial): Fault | undefined {
  const { chain, profile } = intact;
  const bad = chain.find(({ der }) => revokedCertificates?.has(createHash('sha256').update(der).digest('hex')));
  if (bad !== undefined) {
    return { reason: 'certificate-revoked', detail: `the certificate of "${formatName(bad.subject).slice(0, 200)}"` };
  }
  if (profile === undefined) return undefined;
  return revocationFaultOf(revocations?.get(questionKey(questionOf(intact, profile))));
}
