import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { parseCertificate } from '../../formats/x509/index.ts';
import {
  COSIGN_SIGN_PREDICATE,
  createAttestation,
  createEnvelopeSignature,
  createKeylessAttestation,
  createSignature,
  type FetchedMaterial,
  type Proof,
  type PublicKey,
  parseNotationPolicy,
  parseVerificationKey,
  type RecordedSignature,
  type SigningOptions,
  type TrustMaterial,
  verify,
} from '../../signing/index.ts';
import { readText } from '../read-file.ts';
import { openSigner, type SigningInput, signingOptions } from './open-signer.ts';
import type { SigningTarget } from './open-target.ts';

export interface MakerOptions extends SigningInput {
  readonly identityToken?: string | undefined;
  readonly fulcio?: string | undefined;
  readonly rekor?: string | undefined;
}

interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** Makes signatures, with a key or with a certificate that is good for minutes. */
export interface Maker {
  /** What it has said of the image already. */
  own(material: FetchedMaterial | undefined): readonly Proof[];
  sign(target: SigningTarget, now: Date): Promise<RecordedSignature>;
  attest(target: SigningTarget, statement: Statement, now: Date): Promise<RecordedSignature>;
}

/** @throws LadingError `options-conflict`, and those of keys */
export function openMaker(options: MakerOptions): Promise<Maker> {
  const { identityToken, key } = options;
  if (identityToken !== undefined) return keylessMaker(options, identityToken);
  return key !== undefined && /^arn:aws[a-z-]*:signer:/.test(key) ? profileMaker(options, key) : keyMaker(options);
}

/** AWS Signer makes whole envelopes, of one format, and nothing but signatures of images. */
async function profileMaker({ format }: MakerOptions, profile: string): Promise<Maker> {
  if (format !== 'notation-jws') {
    throw new LadingError('options-conflict', 'AWS Signer signs in the format notation-jws', {
      hint: 'add --format notation-jws',
    });
  }
  const { awsSigner } = await import('../../signing/adapters/aws-signer.ts');
  const signer = awsSigner(profile);
  return {
    own: () => [],
    sign: ({ image, descriptor }, now) => createEnvelopeSignature(signer, image, descriptor, now),
    attest: async () => {
      throw new LadingError('options-conflict', 'AWS Signer signs images, and no statements about them');
    },
  };
}

async function keyMaker(options: SigningInput): Promise<Maker> {
  const [signer, more] = await Promise.all([openSigner(options), signingOptions(options)]);
  const key = await signer.publicKey();
  return {
    own: (material) => findOwn(material, key, more),
    sign: ({ image, descriptor }, now) => createSignature(signer, image, descriptor, now, more),
    attest: ({ image, descriptor }, statement, now) =>
      createAttestation(signer, image, descriptor, statement, now, more),
  };
}

async function keylessMaker(options: MakerOptions, tokenFile: string): Promise<Maker> {
  const { fulcio: authorityUrl, rekor: logUrl, key, format } = options;
  if (authorityUrl === undefined || logUrl === undefined || key !== undefined || format !== 'cosign-bundle') {
    throw new LadingError(
      'options-conflict',
      'signing by identity takes --fulcio and --rekor, and no key or other format',
      {
        hint: 'what is signed is told to these services, so they must be named',
      },
    );
  }
  const [token, { timestamper }, { fulcio, rekor }] = await Promise.all([
    readText(tokenFile),
    signingOptions(options),
    import('../../signing/adapters/sigstore-services.ts'),
  ]);
  const ports = { authority: fulcio(authorityUrl, token.trim()), log: rekor(logUrl), timestamper };
  const attest: Maker['attest'] = ({ image, descriptor }, statement, now) =>
    createKeylessAttestation(ports, image, descriptor, statement, now);
  return {
    // Each has a key of its own, so there is none that has signed before.
    own: () => [],
    sign: (target, now) => attest(target, { predicateType: COSIGN_SIGN_PREDICATE, predicate: {} }, now),
    attest,
  };
}

/** What this very key has said of the image already, in this format. */
function findOwn(
  material: FetchedMaterial | undefined,
  key: PublicKey,
  { certificates = [] }: SigningOptions,
): readonly Proof[] {
  if (material === undefined || material.artifacts.length === 0) return [];
  const trust: TrustMaterial = {
    keys: [{ name: 'own', key: parseVerificationKey(key.spki) }],
    notation: { policy: OWN_POLICY, stores: new Map([['ca:own', certificates.slice(-1).map(parseCertificate)]]) },
  };
  return verify(material, trust, [], systemClock.now()).proofs.filter(({ signer }) => signer.keyId === key.hint);
}

const OWN_POLICY = parseNotationPolicy({
  version: '1.0',
  trustPolicies: [
    {
      name: 'own',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:own'],
      trustedIdentities: ['*'],
    },
  ],
});
