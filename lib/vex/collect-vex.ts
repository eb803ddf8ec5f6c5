import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { describeError, isLadingError } from '../core/errors.ts';
import { parseManifest } from '../formats/oci/index.ts';
import { MAX_BUNDLE_BYTES, SIGSTORE_BUNDLE_V03 } from '../formats/sigstore-bundle/index.ts';
import { readVexValue } from '../formats/vex/index.ts';
import { type BlobReader, collectContent, type ManifestReader } from '../registry/index.ts';
import { type VerificationKey, verifyBundle } from '../signing/index.ts';
import { type AddedVex, addVexDocument } from './add-document.ts';
import type { VexStore } from './ports.ts';

/** Predicate types of VEX, as cosign (`attest --type openvex`), vexctl and CycloneDX name them. */
const predicateTypes = [
  'https://openvex.dev/ns',
  'https://openvex.dev/ns/v0.2.0',
  'https://cyclonedx.org/vex',
] as const;

export interface CollectPorts {
  readonly registry: ManifestReader & BlobReader;
  readonly vex: VexStore;
  readonly clock: Clock;
}

export interface TrustedIssuer {
  readonly name: string;
  readonly key: VerificationKey;
}

export type Collected =
  | ({ readonly kind: 'added' } & AddedVex)
  /** It is no VEX, or nobody who is trusted vouches for it: it is as if it were not there. */
  | { readonly kind: 'left'; readonly why: string };

/**
 * Reads a VEX attestation that hangs on an image, if one of the issuers signed it for this very image. What anyone can
 * push beside an image silences nothing.
 *
 * @throws LadingError of the registry, where it cannot be asked; `vex-too-large`
 */
export async function collectVex(
  { registry, vex, clock }: CollectPorts,
  at: { readonly registry: string; readonly repository: string; readonly referrer: Digest; readonly image: Digest },
  issuers: readonly TrustedIssuer[],
): Promise<Collected> {
  if (issuers.length === 0) return left('no issuer of VEX is trusted for the repository');
  const bundle = await fetchBundle(registry, at);
  if ('kind' in bundle) return bundle;
  const keys = issuers.map(({ key }) => key);
  let why = '';
  for (const type of predicateTypes) {
    const verdict = verifyBundle(bundle.bytes, keys, at.image, type);
    if (verdict.kind === 'invalid') {
      why = `${verdict.fault}: ${verdict.detail}`;
      if (verdict.fault !== 'predicate-differs') return left(why);
      continue;
    }
    const issuer = issuers.find(({ key }) => key.keyId === verdict.keyId)?.name ?? verdict.keyId;
    try {
      const document = readVexValue(verdict.statement.predicate, 'the predicate of the attestation');
      const how = { via: 'attestation', trustedBy: issuer, image: at.image } as const;
      return { kind: 'added', ...(await addVexDocument({ vex, clock }, at, document, how)) };
    } catch (error) {
      if (isLadingError(error, 'vex-invalid')) return left(error.message);
      throw error;
    }
  }
  return left(why);
}

const left = (why: string): Collected => ({ kind: 'left', why });

async function fetchBundle(
  registry: CollectPorts['registry'],
  { repository, referrer, image }: { readonly repository: string; readonly referrer: Digest; readonly image: Digest },
): Promise<{ readonly bytes: Uint8Array } | Collected> {
  const fetched = await registry.getManifest({ repository, reference: referrer });
  if (fetched === undefined) return left('the attestation is gone');
  try {
    const manifest = parseManifest(fetched.bytes, fetched.mediaType, { digest: referrer });
    if (manifest.subject?.digest !== image) return left('its manifest names another subject');
    const [layer, ...more] = manifest.kind === 'index' ? [] : manifest.layers;
    if (layer === undefined || more.length > 0 || layer.mediaType !== SIGSTORE_BUNDLE_V03)
      return left('it is no bundle');
    if (layer.size > MAX_BUNDLE_BYTES) return left(`the bundle has ${layer.size} bytes`);
    const { digest, size } = layer;
    return { bytes: await collectContent(registry.openBlob({ repository, digest, size }), MAX_BUNDLE_BYTES) };
  } catch (error) {
    if (isLadingError(error) && CONTENT_FAULTS.has(error.code)) return left(describeError(error));
    throw error;
  }
}

const CONTENT_FAULTS: ReadonlySet<string> = new Set([
  ...['manifest-invalid', 'manifest-schema1', 'manifest-unknown', 'blob-unknown', 'digest-mismatch', 'size-mismatch'],
  ...['limit-exceeded', 'registry-protocol'],
]);
