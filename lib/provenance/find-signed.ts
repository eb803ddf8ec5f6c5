import type { Digest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { parseDsseEnvelope } from '../formats/dsse/index.ts';
import { IN_TOTO_PAYLOAD_TYPE, isAbout, parseStatement, type Statement } from '../formats/intoto/index.ts';
import { MAX_BUNDLE_BYTES, parseSigstoreBundle } from '../formats/sigstore-bundle/index.ts';
import {
  type FetchedArtifact,
  fetchMaterial,
  parseVerificationKey,
  type SignatureReader,
  type VerificationKey,
  verify,
} from '../signing/index.ts';
import type { ProvenanceConfig, ProvenanceSigner } from './config.ts';
import type { FoundProvenance } from './find-buildkit.ts';
import { readPredicate } from './model.ts';

/** Whose signatures count, and which are our own. */
export interface ProvenanceTrust {
  readonly signers: ReadonlyMap<string, ProvenanceSigner>;
  readonly keys: readonly { readonly name: string; readonly key: VerificationKey }[];
}

/**
 * @param own our keys, the revoked ones too: what they signed says again what came to us in another way
 * @throws LadingError `key-unusable`
 */
export function provenanceTrust(
  { trustedSigners }: Pick<ProvenanceConfig, 'trustedSigners'>,
  own: readonly VerificationKey[],
): ProvenanceTrust {
  return {
    signers: new Map(trustedSigners.map((one) => [`signer ${one.name}`, one])),
    // Ours come first: one that is configured as a stranger's is still ours.
    keys: [
      ...own.map((key) => ({ name: 'own', key })),
      ...trustedSigners.map(({ name, pem }) => ({ name: `signer ${name}`, key: parseVerificationKey(pem) })),
    ],
  };
}

/**
 * The provenance of an image that others signed: Sigstore bundles among its referrers, envelopes under cosign's older
 * tag. What no trusted signer stands by is found, too, as `untrusted`; what is about another image, our own or not
 * readable is left out.
 *
 * @param manifest the one that holds it, where only that one is asked for
 * @returns `complete` false where there is more beside the image than is examined
 * @throws LadingError of the registry, where it cannot be asked: no answer is not "there is none"
 */
export async function findSignedProvenance(
  registry: SignatureReader,
  image: ImageLocation,
  trust: ProvenanceTrust,
  { now, manifest }: { readonly now: Date; readonly manifest?: Digest },
): Promise<{ readonly found: readonly FoundProvenance[]; readonly complete: boolean }> {
  const material = await fetchMaterial(registry, image, ['cosign-bundle', 'cosign-tag']);
  if (material === undefined) return { found: [], complete: true };
  const artifacts = material.artifacts
    .filter(({ purpose }) => purpose !== 'signature')
    .filter((one) => manifest === undefined || one.manifest === manifest);
  const found = artifacts.flatMap((artifact): FoundProvenance[] => {
    // One at a time, so that it is known which artifact a proof is of.
    const one = { ...material, artifacts: [artifact], unreadable: [] };
    const { proofs, rejections } = verify(one, { keys: trust.keys }, [], now);
    if (proofs.some(({ signer }) => signer.name === 'own')) return [];
    const statement = proofs.find((proof) => proof.statement !== undefined)?.statement ?? claimed(artifact);
    if (statement === undefined || !isAbout(statement, image.digest)) return [];
    const read = readPredicate(statement.predicateType, statement.predicate);
    if (read === undefined) return [];
    const signers = proofs.flatMap(({ signer }) => trust.signers.get(signer.name) ?? []);
    const known = { ...read, predicate: statement.predicate };
    const signer = signers.find(({ builders }) => compileGlobs(builders)(read.builder));
    if (signer !== undefined) {
      const { name, hosted } = signer;
      const standing = { authenticity: 'signed', signer: name, hosted, source: `signed by ${name}` } as const;
      return [{ image, provenance: { ...known, ...standing } }];
    }
    const other = signers[0] && `the key of ${signers[0].name} may not speak for this builder`;
    const distrust = other ?? rejections[0]?.reason ?? 'signature-invalid';
    const standing = { authenticity: 'untrusted', distrust, hosted: false, source: 'signed by a stranger' } as const;
    return [{ image, provenance: { ...known, ...standing } }];
  });
  return { found, complete: material.complete };
}

/** What a statement says although nobody trusted stands by it. */
function claimed({ format, content }: FetchedArtifact): Statement | undefined {
  try {
    const bundle = format === 'cosign-bundle' ? parseSigstoreBundle(content).content : undefined;
    if (bundle !== undefined && bundle.kind !== 'dsse') return undefined;
    const limits = { maxBytes: MAX_BUNDLE_BYTES, what: 'the envelope' };
    const { payloadType, payload } = bundle?.envelope ?? parseDsseEnvelope(parseJsonStrict(content, limits));
    return payloadType === IN_TOTO_PAYLOAD_TYPE ? parseStatement(payload, MAX_BUNDLE_BYTES) : undefined;
  } catch {
    // Neither verified nor readable: it is nothing.
    return undefined;
  }
}
