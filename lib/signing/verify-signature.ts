import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { preAuthEncoding } from '../formats/dsse/index.ts';
import { IN_TOTO_PAYLOAD_TYPE, isAbout, parseStatement, type Statement } from '../formats/intoto/index.ts';
import { MAX_BUNDLE_BYTES, parseSigstoreBundle, type SigstoreBundle } from '../formats/sigstore-bundle/index.ts';
import type { VerificationKey } from './keys.ts';
import { COSIGN_SIGN_PREDICATE } from './model.ts';

/** Why a bundle proves nothing. */
export type SignatureFault =
  /** Over 4 MiB; it was not looked at. */
  | 'too-large'
  /** Not a Sigstore bundle, or one that contradicts itself. */
  | 'bundle-unreadable'
  /** Signed with a certificate, or over the artifact itself: another kind of proof than these keys can give. */
  | 'not-key-signed'
  /** The envelope holds something else than an in-toto statement. */
  | 'not-a-statement'
  /** None of the keys made it. */
  | 'signature-invalid'
  /** Signed, but unreadable: parse failure is failure. */
  | 'statement-unreadable'
  /** A true statement of another kind: an attestation is no signature. */
  | 'predicate-differs'
  /** A true signature of another image: someone moved it here. */
  | 'subject-differs';

export type BundleVerdict =
  | { readonly kind: 'valid'; readonly keyId: string; readonly statement: Statement }
  | { readonly kind: 'invalid'; readonly fault: SignatureFault; readonly detail: string };

const invalid = (fault: SignatureFault, detail: string): BundleVerdict => ({ kind: 'invalid', fault, detail });

/**
 * Whether the bundle is a signature of the image by one of the keys. Pure: everything it needs is passed in.
 *
 * @param expected the digest of the manifest bytes that were fetched, not one that a tag, event or manifest claims
 * @param predicateType what the statement must be; cosign's signature when absent
 */
export function verifyBundle(
  bytes: Uint8Array,
  keys: readonly VerificationKey[],
  expected: Digest,
  predicateType = COSIGN_SIGN_PREDICATE,
): BundleVerdict {
  if (bytes.length > MAX_BUNDLE_BYTES) return invalid('too-large', `the bundle is over ${MAX_BUNDLE_BYTES} bytes`);
  const bundle = readBundle(bytes);
  if ('kind' in bundle) return bundle;
  const { material, content } = bundle;
  if (material.kind !== 'public-key' || content.kind !== 'dsse') {
    return invalid('not-key-signed', 'the bundle was not made with a key, or not over a statement');
  }
  const { payloadType, payload, signatures } = content.envelope;
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) return invalid('not-a-statement', `the payload is ${payloadType}`);
  // The hint is the bundle's own word: it orders the attempts and decides nothing.
  const message = preAuthEncoding(payloadType, payload);
  const [signature] = signatures;
  const likelyFirst = [...keys].sort((a, b) => Number(b.keyId === material.hint) - Number(a.keyId === material.hint));
  const key = likelyFirst.find((one) => signature !== undefined && one.verifies(message, signature.sig));
  if (key === undefined) return invalid('signature-invalid', `none of the ${keys.length} keys made the signature`);
  const statement = readStatement(payload);
  if ('kind' in statement) return statement;
  if (statement.predicateType !== predicateType) {
    return invalid('predicate-differs', `the statement is a ${statement.predicateType.slice(0, 200)}`);
  }
  if (!isAbout(statement, expected)) return invalid('subject-differs', `the statement is not about ${expected}`);
  return { kind: 'valid', keyId: key.keyId, statement };
}

function readBundle(bytes: Uint8Array): SigstoreBundle | BundleVerdict {
  try {
    return parseSigstoreBundle(bytes);
  } catch (error) {
    if (isLadingError(error)) return invalid('bundle-unreadable', error.message);
    throw error;
  }
}

function readStatement(payload: Uint8Array): Statement | BundleVerdict {
  try {
    return parseStatement(payload, MAX_BUNDLE_BYTES);
  } catch (error) {
    if (isLadingError(error)) return invalid('statement-unreadable', error.message);
    throw error;
  }
}
