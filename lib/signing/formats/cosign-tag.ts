import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { encodeBase64 } from '../../formats/base64.ts';
import { type DsseEnvelope, encodeDsseEnvelope } from '../../formats/dsse/index.ts';
import { type Descriptor, type EncodedManifest, encodeManifest, OCI_IMAGE_CONFIG } from '../../formats/oci/index.ts';
import type { PublicKey, RecordedSignature } from '../model.ts';
import { descriptorOf, toRecord, wholeSeconds } from './place.ts';

export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const DSSE_LAYER = 'application/vnd.dsse.envelope.v1+json';
export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';
const PREDICATE_ANNOTATION = 'predicateType';
const SIMPLE_SIGNING_TYPE = 'cosign container image signature';

/** What cosign signs of an image (cosign, specs/SIGNATURE_SPEC.md, "Payloads"; Red Hat's "simple signing"). */
export const encodeSimpleSigning = ({ registry, repository, digest }: ImageLocation): Uint8Array =>
  new TextEncoder().encode(
    canonicalJson({
      critical: {
        identity: { 'docker-reference': `${registry}/${repository}` },
        image: { 'docker-manifest-digest': digest },
        type: SIMPLE_SIGNING_TYPE,
      },
      optional: null,
    }),
  );

const payloadSchema = z.object({
  critical: z.object({
    image: z.object({ 'docker-manifest-digest': z.custom<Digest>(isDigest, 'not a digest') }),
    type: z.literal(SIMPLE_SIGNING_TYPE),
  }),
});

/** The digest that the payload says was signed. @throws LadingError `payload-invalid` */
export function parseSimpleSigning(bytes: Uint8Array): Digest {
  const parsed = payloadSchema.safeParse(parseJsonStrict(bytes, { maxBytes: 1 << 20, what: 'the signed payload' }));
  if (parsed.success) return parsed.data.critical.image['docker-manifest-digest'];
  throw new LadingError('payload-invalid', `not a payload of cosign's: ${z.prettifyError(parsed.error)}`);
}

interface TagInput {
  readonly subject: ImageLocation;
  readonly key: PublicKey;
  readonly now: Date;
}

export function packTagSignature(
  input: TagInput & { readonly payload: Uint8Array; readonly signature: Uint8Array },
): RecordedSignature {
  const { payload, signature } = input;
  const annotations = { [SIGNATURE_ANNOTATION]: encodeBase64(signature) };
  return pack(input, payload, { ...descriptorOf(SIMPLE_SIGNING, payload), annotations });
}

export function packTagAttestation(
  input: TagInput & { readonly envelope: DsseEnvelope; readonly predicateType: string },
): RecordedSignature {
  const { content, layer } = encodeTagEntry(input.envelope, input.predicateType);
  return pack(input, content, layer);
}

/** An envelope as one entry under the tag `.att`. */
export function encodeTagEntry(
  envelope: DsseEnvelope,
  predicateType: string,
): { readonly content: Uint8Array; readonly layer: Descriptor } {
  const content = new TextEncoder().encode(canonicalJson(encodeDsseEnvelope(envelope)));
  const annotations = { [SIGNATURE_ANNOTATION]: '', [PREDICATE_ANNOTATION]: predicateType };
  return { content, layer: { ...descriptorOf(DSSE_LAYER, content), annotations } };
}

function pack(input: TagInput, bundle: Uint8Array, layer: Descriptor): RecordedSignature {
  const { subject, key, now } = input;
  const { manifest } = encodeTagManifest([layer]);
  return toRecord({ subject, format: 'cosign-tag', key, created: wholeSeconds(now), bundle, manifest });
}

/**
 * The manifest of a tag with signatures or attestations, one per layer. Its configuration is that of an image, because
 * registries of the time took nothing else.
 */
export function encodeTagManifest(layers: readonly Descriptor[]): {
  readonly manifest: EncodedManifest;
  readonly config: Uint8Array;
} {
  const config = new TextEncoder().encode(
    canonicalJson({
      architecture: '',
      config: {},
      created: '0001-01-01T00:00:00Z',
      history: layers.map(() => ({ created: '0001-01-01T00:00:00Z' })),
      os: '',
      rootfs: { diff_ids: layers.map(({ digest }) => digest), type: 'layers' },
    }),
  );
  return { manifest: encodeManifest({ config: descriptorOf(OCI_IMAGE_CONFIG, config), layers }), config };
}
