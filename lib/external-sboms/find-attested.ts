import type { ImageLocation } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { parseDsseEnvelope } from '../formats/dsse/index.ts';
import { IN_TOTO_PAYLOAD_TYPE, isAbout, parseStatement, type Statement } from '../formats/intoto/index.ts';
import { MAX_BUNDLE_BYTES, parseSigstoreBundle } from '../formats/sigstore-bundle/index.ts';
import { type FetchedArtifact, fetchMaterial, type TrustMaterial, verify } from '../signing/index.ts';
import type { FoundSbom, Standing } from './model.ts';
import type { BesideReader } from './ports.ts';
import { sbomOfStatement } from './read-statement-sbom.ts';

/**
 * Finds the SBOMs in signed statements about an image: Sigstore bundles among its referrers, envelopes under cosign's
 * older tag. One whose signature is not a trusted one is found, too, and never passes for verified.
 */
export async function findAttestedSboms(
  registry: BesideReader,
  image: ImageLocation,
  trust: TrustMaterial,
  now: Date,
): Promise<readonly FoundSbom[]> {
  const material = await fetchMaterial(registry, image, ['cosign-bundle', 'cosign-tag']);
  if (!material) return [];
  const attestations = material.artifacts.filter(({ purpose }) => purpose !== 'signature');
  return attestations.flatMap((artifact): FoundSbom[] => {
    // One at a time, so that it is known which artifact a proof is of.
    const { proofs, rejections } = verify({ ...material, artifacts: [artifact], unreadable: [] }, trust, [], now);
    const proof = proofs.find(({ statement }) => statement !== undefined);
    const statement = proof?.statement ?? statementOf(artifact);
    const content = statement && sbomOfStatement(statement);
    if (!content || !isAbout(statement, image.digest)) return [];
    const standing: Standing = proof
      ? { kind: 'verified', by: proof.signer.name }
      : { kind: 'not-verified', reason: rejections[0]?.reason ?? 'signature-invalid' };
    return [{ image: image.digest, content, origin: 'attestation', manifest: artifact.manifest, standing }];
  });
}

/** What a statement says although nobody trusted stands by it. */
function statementOf({ format, content }: FetchedArtifact): Statement | undefined {
  try {
    const envelope =
      format === 'cosign-bundle'
        ? envelopeOf(content)
        : parseDsseEnvelope(parseJsonStrict(content, { maxBytes: MAX_BUNDLE_BYTES, what: 'the envelope' }));
    if (envelope?.payloadType !== IN_TOTO_PAYLOAD_TYPE) return undefined;
    return parseStatement(envelope.payload, MAX_BUNDLE_BYTES);
  } catch {
    // Not verified, and not readable either: it is nothing.
    return undefined;
  }
}

function envelopeOf(content: Uint8Array) {
  const bundle = parseSigstoreBundle(content);
  return bundle.content.kind === 'dsse' ? bundle.content.envelope : undefined;
}
