import { createHash } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type SignedEntity, toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { parseJsonStrict } from '../../core/json.ts';
import { MAX_BUNDLE_BYTES, parseSigstoreBundle } from '../../formats/sigstore-bundle/index.ts';
import { parseCertificate } from '../../formats/x509/index.ts';
import { algorithmsOf } from '../algorithms.ts';
import { signingError } from '../errors.ts';
import type { KeylessVerdict, KeylessVerifier, RejectionReason } from '../verify/model.ts';

const REASONS: ReadonlyMap<string, RejectionReason> = new Map<string, RejectionReason>([
  ['CERTIFICATE_ERROR', 'chain-untrusted'],
  ['SIGNATURE_ERROR', 'signature-invalid'],
  ['TIMESTAMP_ERROR', 'timestamp-invalid'],
  ['TLOG_ERROR', 'log-invalid'],
  ['TLOG_BODY_ERROR', 'log-invalid'],
  ['TLOG_INCLUSION_PROOF_ERROR', 'log-invalid'],
  ['TLOG_INCLUSION_PROMISE_ERROR', 'log-invalid'],
  ['TLOG_MISSING_INCLUSION_ERROR', 'log-invalid'],
]);

/**
 * Checks bundles with short-lived certificates by a trusted root, with the library of the Sigstore project: chain,
 * certificate log, transparency log, timestamps and signature (Sigstore client specification, "Verification").
 *
 * @param trustedRoot JSON of `TrustedRoot` (sigstore_trustroot.proto)
 * @throws LadingError `trust-invalid`
 */
export function sigstoreVerifier(trustedRoot: unknown): KeylessVerifier {
  const verifier = openVerifier(trustedRoot);
  return {
    check(bytes): KeylessVerdict {
      const invalid = (reason: RejectionReason, detail: string): KeylessVerdict => ({
        kind: 'invalid',
        reason,
        detail,
      });
      let entity: SignedEntity;
      try {
        entity = toSignedEntity(bundleFromJSON(parseJsonStrict(bytes, { maxBytes: MAX_BUNDLE_BYTES })));
      } catch (error) {
        return invalid('malformed', messageOf(error));
      }
      try {
        const { identity } = verifier.verify(entity);
        const san = identity?.subjectAlternativeName;
        const issuer = identity?.extensions?.issuer;
        const { material } = parseSigstoreBundle(bytes);
        const [leaf] = material.kind === 'certificate' ? material.certificates : [];
        if (san === undefined || issuer === undefined || leaf === undefined) {
          return invalid('identity-differs', 'the certificate names nobody');
        }
        const { publicKey } = parseCertificate(leaf);
        const spki = publicKey.export({ type: 'spki', format: 'der' });
        return {
          kind: 'valid',
          identity: san,
          issuer,
          algorithm: algorithmsOf(publicKey)[0],
          keyId: createHash('sha256').update(spki).digest('base64'),
          signedAt: earliest(entity.timestamps),
        };
      } catch (error) {
        const code = error !== null && typeof error === 'object' && 'code' in error ? String(error.code) : '';
        return invalid(REASONS.get(code) ?? 'malformed', messageOf(error));
      }
    },
  };
}

function openVerifier(trustedRoot: unknown): Verifier {
  try {
    const root = TrustedRoot.fromJSON(trustedRoot);
    // What is missing is read as empty; with nobody to trust every signature would be refused, for no clear reason.
    if (root.certificateAuthorities.length === 0) throw new Error('it names no certificate authority');
    return new Verifier(toTrustMaterial(root));
  } catch (cause) {
    throw signingError('trust-invalid', `the trusted root cannot be used: ${messageOf(cause)}`, { cause });
  }
}

/** All of them were verified; a log of the newer kind tells no time. */
function earliest(timestamps: SignedEntity['timestamps']): Date {
  const times = timestamps.flatMap((one) => {
    if (one.$case === 'timestamp-authority') return [one.timestamp.signingTime.getTime()];
    const seconds = Number(one.tlogEntry.integratedTime);
    return seconds > 0 ? [seconds * 1000] : [];
  });
  return new Date(Math.min(...times));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
