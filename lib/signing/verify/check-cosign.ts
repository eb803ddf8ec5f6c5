import { isLadingError } from '../../core/errors.ts';
import { matchesGlob } from '../../core/glob.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { decodeBase64 } from '../../formats/base64.ts';
import { type DsseEnvelope, parseDsseEnvelope, preAuthEncoding } from '../../formats/dsse/index.ts';
import { IN_TOTO_PAYLOAD_TYPE, isAbout, parseStatement, type Statement } from '../../formats/intoto/index.ts';
import { checkTimestamp } from '../../formats/rfc3161/index.ts';
import { MAX_BUNDLE_BYTES, parseSigstoreBundle, type SigstoreBundle } from '../../formats/sigstore-bundle/index.ts';
import { parseSimpleSigning, SIGNATURE_ANNOTATION } from '../formats/cosign-tag.ts';
import { COSIGN_SIGN_PREDICATE } from '../model.ts';
import type {
  ArtifactVerdict,
  FetchedArtifact,
  FetchedImage,
  RejectionReason,
  TrustedKey,
  TrustMaterial,
  UnplacedProof,
} from './model.ts';

interface Fault {
  readonly reason: RejectionReason;
  readonly detail: string;
}

const fault = (reason: RejectionReason, detail: string): Fault => ({ reason, detail });
const reject = ({ reason, detail }: Fault): ArtifactVerdict => ({ kind: 'rejected', reason, detail });
const isFault = (value: object): value is Fault => 'reason' in value;

/** A Sigstore bundle: signature or attestation, by a key or a short-lived certificate. */
export function checkCosignBundle(
  artifact: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
  now: Date,
): ArtifactVerdict {
  const bundle = attempt('malformed', () => parseSigstoreBundle(artifact.content));
  if (isFault(bundle)) return reject(bundle);
  const { material, content } = bundle;
  if (content.kind !== 'dsse') return reject(fault('payload-type-differs', 'the bundle is not over a statement'));
  const { payloadType, payload } = content.envelope;
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    return reject(fault('payload-type-differs', `the payload is ${payloadType.slice(0, 200)}`));
  }
  const signer =
    material.kind === 'public-key'
      ? keySigner(bundle, content.envelope, trust, now)
      : keylessSigner(artifact.content, trust);
  if (isFault(signer)) return reject(signer);
  const statement = readStatement(payload, image);
  if (isFault(statement)) return reject(statement);
  return { kind: 'proven', proofs: [toProof(signer, statement)] };
}

/** An entry under the tag `.sig` or `.att`. */
export function checkCosignTag(
  artifact: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
  now: Date,
): ArtifactVerdict {
  return artifact.purpose === 'attestation'
    ? checkTagAttestation(artifact, image, trust, now)
    : checkTagSignature(artifact, image, trust, now);
}

function checkTagSignature(
  { content, annotations }: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
  now: Date,
): ArtifactVerdict {
  const signature = decodeBase64(annotations.get(SIGNATURE_ANNOTATION) ?? '');
  if (signature === undefined || signature.length === 0) {
    return reject(fault('malformed', 'the signature is missing or not base64'));
  }
  const signer = trustedSigner(content, signature, trust.keys, now);
  if (isFault(signer)) return reject(signer);
  const digest = attempt('statement-unreadable', () => ({ of: parseSimpleSigning(content) }));
  if (isFault(digest)) return reject(digest);
  if (digest.of !== image.digest) return reject(fault('subject-differs', `the signature is about ${digest.of}`));
  return { kind: 'proven', proofs: [{ ...signer, kind: 'signature' }] };
}

/** Such an envelope may have several signatures; each one that is good counts. */
function checkTagAttestation(
  { content }: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
  now: Date,
): ArtifactVerdict {
  const envelope = attempt('malformed', () =>
    parseDsseEnvelope(parseJsonStrict(content, { maxBytes: MAX_BUNDLE_BYTES, what: 'the envelope' })),
  );
  if (isFault(envelope)) return reject(envelope);
  const { payloadType, payload, signatures } = envelope;
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    return reject(fault('payload-type-differs', `the payload is ${payloadType.slice(0, 200)}`));
  }
  const message = preAuthEncoding(payloadType, payload);
  const results = signatures.map(({ sig }) => trustedSigner(message, sig, trust.keys, now));
  const signers = results.filter((one): one is Signed => !isFault(one));
  if (signers.length === 0) return reject(results.find(isFault) ?? fault('malformed', 'it has no signature'));
  const statement = readStatement(payload, image);
  if (isFault(statement)) return reject(statement);
  return { kind: 'proven', proofs: signers.map((signer) => toProof(signer, statement)) };
}

type Signed = Pick<UnplacedProof, 'signer' | 'algorithm' | 'signedAt' | 'warnings'>;

function toProof(signed: Signed, statement: Statement): UnplacedProof {
  if (statement.predicateType === COSIGN_SIGN_PREDICATE) return { ...signed, kind: 'signature' };
  return { ...signed, kind: 'attestation', statement };
}

function keySigner(bundle: SigstoreBundle, envelope: DsseEnvelope, trust: TrustMaterial, now: Date): Signed | Fault {
  const { payloadType, payload, signatures } = envelope;
  const [signature] = signatures;
  if (signature === undefined) return fault('malformed', 'it has no signature');
  const { timestampAuthorities = [] } = trust;
  const times = bundle.timestamps
    .map((answer) => checkTimestamp(answer, signature.sig, timestampAuthorities))
    .filter((verdict) => verdict.kind === 'valid');
  const signedAt = times[0]?.time;
  return trustedSigner(preAuthEncoding(payloadType, payload), signature.sig, trust.keys, now, signedAt);
}

/** Which trusted key made the signature, and whether it counts. The hint of a bundle is its own word: it decides nothing. */
function trustedSigner(
  message: Uint8Array,
  signature: Uint8Array,
  keys: readonly TrustedKey[],
  now: Date,
  signedAt?: Date,
): Signed | Fault {
  let refused: Fault | undefined;
  for (const trusted of keys) {
    const algorithm = trusted.key.algorithmOf(message, signature);
    if (algorithm === undefined) continue;
    const { name, key, algorithms } = trusted;
    const allowed = algorithms === undefined || algorithms.includes(algorithm);
    const why = allowed ? keyFault(trusted, signedAt ?? now) : fault('algorithm-not-allowed', `${name}: ${algorithm}`);
    if (why === undefined) {
      const at = signedAt === undefined ? {} : { signedAt: signedAt.toISOString() };
      return { signer: { kind: 'key', name, keyId: key.keyId }, algorithm, ...at, warnings: [] };
    }
    // A key may stand in the list twice, once for each of its lives.
    refused ??= why;
  }
  return refused ?? fault('signature-invalid', `none of the ${keys.length} keys made the signature`);
}

function keyFault({ name, notBefore, notAfter, revoked }: TrustedKey, at: Date): Fault | undefined {
  if (revoked !== undefined) return fault('key-revoked', `${name}: ${revoked.reason}`);
  if (notBefore !== undefined && at < notBefore) {
    return fault('key-not-yet-valid', `${name} is trusted from ${notBefore.toISOString()} on`);
  }
  if (notAfter !== undefined && at > notAfter) {
    return fault('key-expired', `${name} was trusted until ${notAfter.toISOString()}`);
  }
  return undefined;
}

function keylessSigner(bundle: Uint8Array, { keyless }: TrustMaterial): Signed | Fault {
  if (keyless === undefined) return fault('no-trust-root', 'it is signed with a certificate, and no root was given');
  const verdict = keyless.verifier.check(bundle);
  if (verdict.kind === 'invalid') return fault(verdict.reason, verdict.detail);
  const { identity, issuer, algorithm, keyId, signedAt } = verdict;
  const known = keyless.identities.find((one) => one.issuer === issuer && matchesGlob(one.identity, identity));
  if (known === undefined) {
    return fault('identity-differs', `"${identity.slice(0, 200)}" of ${issuer.slice(0, 200)} is not trusted`);
  }
  const signer = { kind: 'certificate', name: known.name, keyId, subject: identity, issuer } as const;
  return { signer, algorithm, signedAt: signedAt.toISOString(), warnings: [] };
}

function readStatement(payload: Uint8Array, image: FetchedImage): Statement | Fault {
  const statement = attempt('statement-unreadable', () => parseStatement(payload, MAX_BUNDLE_BYTES));
  if (isFault(statement)) return statement;
  return isAbout(statement, image.digest)
    ? statement
    : fault('subject-differs', `the statement is not about ${image.digest}`);
}

function attempt<T extends object>(reason: RejectionReason, read: () => T): T | Fault {
  try {
    return read();
  } catch (error) {
    if (isLadingError(error)) return fault(reason, error.message);
    throw error;
  }
}
