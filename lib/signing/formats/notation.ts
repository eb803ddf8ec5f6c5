import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { createArtifactManifest, type Descriptor } from '../../formats/oci/index.ts';
import { signingError } from '../errors.ts';
import type { PublicKey, RecordedSignature, SignatureAlgorithm, SignatureFormat } from '../model.ts';
import { descriptorOf, rfc3339, toRecord, wholeSeconds } from './place.ts';

/** Notary Project, specs/signature-specification.md. */
export const NOTATION_ARTIFACT = 'application/vnd.cncf.notary.signature';
export const NOTATION_PAYLOAD = 'application/vnd.cncf.notary.payload.v1+json';
const THUMBPRINTS = 'io.cncf.notary.x509chain.thumbprint#S256';
export const NOTATION_MEDIA_TYPES = {
  'notation-jws': 'application/jose+json',
  'notation-cose': 'application/cose',
} as const;
export type NotationFormat = keyof typeof NOTATION_MEDIA_TYPES;

/** Names of signed and unsigned attributes (specs/signature-envelope-jws.md, signature-envelope-cose.md). */
export const ATTRIBUTE = {
  scheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  timestamp: 'io.cncf.notary.timestampSignature',
  agent: 'io.cncf.notary.signingAgent',
  plugin: 'io.cncf.notary.verificationPlugin',
  pluginMinVersion: 'io.cncf.notary.verificationPluginMinVersion',
} as const;

export const SIGNING_AGENT = 'lading/0.1.0';

export type SigningScheme = 'notary.x509' | 'notary.x509.signingAuthority';

/** A Notary Project signature, whichever envelope it came in. Nothing of it is verified yet. */
export interface NotationEnvelope {
  readonly contentType: string;
  readonly payload: Uint8Array;
  readonly toBeSigned: Uint8Array;
  /** ECDSA: both numbers side by side. */
  readonly signature: Uint8Array;
  /** As its header says; it must be the one that goes with the certificate's key. */
  readonly algorithm: SignatureAlgorithm;
  readonly scheme: SigningScheme;
  /** The signer's own word, but under the scheme of signing authorities, who are trusted for it. */
  readonly signingTime?: Date;
  readonly expiry?: Date;
  /** DER, the signing certificate first, a root last. */
  readonly chain: readonly Uint8Array[];
  /** RFC 3161, over `signature`. */
  readonly timestampToken?: Uint8Array;
  /** The program that must take part in verifying it (specs/signature-specification.md, "Extended Attributes"). */
  readonly plugin?: { readonly name: string; readonly minVersion?: string };
  /** Attributes that the signer wants understood, beyond those above, by their names. */
  readonly extended: ReadonlyMap<string, unknown>;
}

/** What is signed under Notary Project's formats. */
export const encodeNotationPayload = ({ mediaType, digest, size }: Descriptor): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ targetArtifact: { mediaType, digest, size } }));

const payloadSchema = z.object({
  targetArtifact: z.object({
    mediaType: z.string(),
    digest: z.custom<Digest>(isDigest, 'not a digest'),
    size: z.int().min(0),
  }),
});

/** @throws LadingError `payload-invalid`, `json-invalid` */
export function parseNotationPayload(bytes: Uint8Array): z.infer<typeof payloadSchema>['targetArtifact'] {
  const parsed = payloadSchema.safeParse(parseJsonStrict(bytes, { maxBytes: 1 << 20, what: 'the signed payload' }));
  if (parsed.success) return parsed.data.targetArtifact;
  throw new LadingError('payload-invalid', `not a payload of Notary Project's: ${z.prettifyError(parsed.error)}`);
}

/** Server, client, e-mail, timestamps, OCSP: what a certificate for signing code may not be for as well. */
export const FORBIDDEN_PURPOSES = [1, 2, 4, 8, 9].map((n) => `1.3.6.1.5.5.7.3.${n}`);

/** Octets of each number of an ECDSA signature. */
export const ECDSA_WIDTHS: ReadonlyMap<SignatureAlgorithm, number> = new Map<SignatureAlgorithm, number>([
  ['ecdsa-p256-sha256', 32],
  ['ecdsa-p384-sha384', 48],
  ['ecdsa-p521-sha512', 66],
]);

const RSA_ALGORITHMS: ReadonlyMap<number, SignatureAlgorithm> = new Map<number, SignatureAlgorithm>([
  [2048, 'rsa-pss-sha256'],
  [3072, 'rsa-pss-sha384'],
  [4096, 'rsa-pss-sha512'],
]);
const CURVE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['prime256v1', 'ecdsa-p256-sha256'],
  ['secp384r1', 'ecdsa-p384-sha384'],
  ['secp521r1', 'ecdsa-p521-sha512'],
]);

/**
 * The one algorithm that goes with a key (specs/signature-specification.md, "Algorithm Selection"). `undefined` for
 * keys that Notary Project does not sign with.
 */
export function notationAlgorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return RSA_ALGORITHMS.get(modulusLength);
  return key.asymmetricKeyType === 'ec' ? CURVE_ALGORITHMS.get(namedCurve) : undefined;
}

/**
 * The signer's key must be the one that the certificate is of, and sign as Notary Project wants it.
 *
 * @throws LadingError `key-unusable`
 */
export function checkNotationKey(
  key: PublicKey,
  leaf: Uint8Array | undefined,
  spkiOfLeaf: Uint8Array | undefined,
): void {
  if (leaf === undefined || spkiOfLeaf === undefined) {
    throw signingError('key-unusable', 'a Notary Project signature needs the chain of the key’s certificate', {
      hint: 'give the certificate chain, the signing certificate first and the root last',
    });
  }
  if (Buffer.compare(key.spki, spkiOfLeaf) !== 0) {
    throw signingError('key-unusable', 'the first certificate of the chain is that of another key');
  }
  const wanted = notationAlgorithmOf(createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' }));
  if (key.algorithm !== wanted) {
    const why = wanted === undefined ? 'has no keys of this kind' : `signs with ${wanted} by this key`;
    throw signingError('key-unusable', `Notary Project ${why}, not ${key.algorithm}`);
  }
}

/** The envelope in a manifest whose `subject` is the image (specs/signature-specification.md, "OCI Signatures"). */
export function packNotation(input: {
  readonly subject: ImageLocation;
  readonly image: Descriptor;
  readonly format: NotationFormat & SignatureFormat;
  readonly key: PublicKey;
  readonly now: Date;
  readonly envelope: Uint8Array;
  readonly chain: readonly Uint8Array[];
}): RecordedSignature {
  const { subject, image, format, key, envelope, chain } = input;
  const created = wholeSeconds(input.now);
  const thumbprints = chain.map((der) => createHash('sha256').update(der).digest('hex'));
  const manifest = createArtifactManifest({
    artifactType: NOTATION_ARTIFACT,
    config: { mediaType: NOTATION_ARTIFACT, digest: EMPTY_CONFIG.digest, size: EMPTY_CONFIG.size },
    layers: [descriptorOf(NOTATION_MEDIA_TYPES[format], envelope)],
    subject: image,
    annotations: {
      [THUMBPRINTS]: JSON.stringify(thumbprints),
      'org.opencontainers.image.created': rfc3339(created),
    },
  });
  return toRecord({ subject, format, key, created, bundle: envelope, manifest });
}

const EMPTY_CONFIG = descriptorOf(NOTATION_ARTIFACT, new TextEncoder().encode('{}'));
